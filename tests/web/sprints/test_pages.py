"""Sprint pages: a series, an import, the sprint with its stories, the retrospective."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.discussions.services import link
from apps.sprints import rules, services
from apps.sprints.models import Sprint, SprintStory
from apps.stories.models import TokenStory
from apps.stories.services.discussion import subject_of
from tests.factories.stories import make_prices, make_submitted
from tests.factories.usage import spend

NOW = datetime(2027, 2, 8, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    for role in (Role.TOKENOPS_LEAD, Role.UNIT_LEAD, Role.VIEWER):
        world.a.person(role)
    with time_machine.travel(NOW, tick=False):
        yield world.a


@pytest.fixture
def sprint(side):
    with side.scope():
        lead = side.actor(Role.TOKENOPS_LEAD)
        with time_machine.travel(datetime(2026, 11, 10, 9, tzinfo=UTC), tick=False):
            make_prices()
            story = make_submitted(lead, side.units["core"].id)
        spend(date(2027, 2, 3), 900 * 10**9, tokens=500_000_000, story=story.ref)
        return services.add_sprints(
            actor=lead,
            unit_id=side.units["platform"].id,
            wanted=rules.series(date(2027, 2, 1), 1, 2, "Sprint", 4),
        )[0]


def html(side, role, name, query="", **kwargs):
    response = side.client(role).get(side.url(f"sprints:{name}", **kwargs) + query)
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def post(side, role, name, data, status=302, **kwargs):
    response = side.client(role).post(side.url(f"sprints:{name}", **kwargs), data)
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


def rows(side, role, name, query="", **kwargs):
    response = side.client(role).get(side.url(f"sprints:{name}", **kwargs) + f"?format=csv{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_an_empty_calendar_teaches(side):
    assert "two-week sprints" in html(side, Role.UNIT_LEAD, "list")
    page = html(side, Role.VIEWER, "list")
    assert "Add sprints" not in page
    assert "lead adds them" in page


def test_a_series_and_an_import(side):
    unit = str(side.units["platform"].id)
    data = {"unit": unit, "called": "Sprint", "number": 4, "weeks": 2, "count": 3}
    post(side, Role.UNIT_LEAD, "new", data | {"starts_on": "2027-02-01"})
    form = html(side, Role.UNIT_LEAD, "new", f"?unit={unit}")
    assert 'value="2027-03-15"' in form
    found = post(side, Role.UNIT_LEAD, "new", data | {"starts_on": "2027-02-08"}, 422)
    assert "overlaps Sprint 4" in found
    table = "name,start,end\nPI 9,2027-04-05,2027-04-18\nPI 10,2027-04-19,2027-05-02"
    post(side, Role.UNIT_LEAD, "import", {"unit": unit, "table": table})
    page = post(side, Role.UNIT_LEAD, "import", {"unit": unit, "table": table}, 422)
    assert "Line 2: PI 9 overlaps PI 9" in page
    assert "Choose a file" in post(side, Role.UNIT_LEAD, "import", {"unit": unit}, 422)
    got = rows(side, Role.UNIT_LEAD, "list", "&sort=starts_on")
    assert [(r["Sprint"], r["To"], r["State"]) for r in got][:2] == [
        ("Sprint 4", "2027-02-14", "Running"),
        ("Sprint 5", "2027-02-28", "To come"),
    ]
    assert len(got) == 5


def test_the_sprint_says_what_was_used_against_its_forecast(side, sprint):
    at = {"sprint_id": sprint.id}
    with side.scope():
        link(
            actor=side.actor(Role.TOKENOPS_LEAD),
            subject=subject_of(TokenStory.objects.get()),
            url="https://tracker.example/browse/CLM-7",
            label="Claims *intake*",
        )
    page = html(side, Role.VIEWER, "detail", **at)
    assert "+128% against its forecast" in page
    assert "1–14 Feb" in page
    assert "https://tracker.example/browse/CLM-7" in page
    assert "Put in or take out" not in page
    one = rows(side, Role.VIEWER, "detail", **at)[0]
    assert (one["Used (tokens)"], one["Cost (USD)"]) == ("500000000", "900.000000000")
    assert one["Cost difference (USD)"] == "265.456440000"
    assert rows(side, Role.VIEWER, "detail", "&show=under", **at) == []
    assert len(rows(side, Role.VIEWER, "detail", "&show=over&sort=-used", **at)) == 1
    listed = rows(side, Role.VIEWER, "list", "&state=running&q=sprint")[0]
    assert (listed["Stories"], listed["Used (tokens)"]) == ("1", "500000000")
    assert rows(side, Role.VIEWER, "list", "&state=over") == []
    retro = side.client(Role.VIEWER).get(side.url("sprints:retro", **at))
    assert retro["Content-Type"].startswith("text/markdown")
    text = retro.content.decode()
    assert "Complete days only, through 7 February 2027." in text
    assert "Claims \\*intake\\* <https://tracker.example/browse/CLM-7>" in text


def test_changes_by_hand(side, sprint):
    at = {"sprint_id": sprint.id}
    with side.scope():
        story = str(TokenStory.objects.get().id)
    post(side, Role.UNIT_LEAD, "story", {"story": story, "what": "out"}, **at)
    assert "Taken out by hand" in html(side, Role.VIEWER, "detail", **at)
    data = {"version": 2, "name": "Four", "starts_on": "2027-02-01", "ends_on": "2027-02-12"}
    post(side, Role.UNIT_LEAD, "change", data, **at)
    post(side, Role.UNIT_LEAD, "change", data, 409, **at)
    assert "usage stay" in html(side, Role.UNIT_LEAD, "remove", **at)
    post(side, Role.UNIT_LEAD, "remove", {"version": 3}, **at)
    with side.scope():
        assert not Sprint.objects.exists()
        assert not SprintStory.objects.exists()


@pytest.mark.parametrize("name", ["change", "remove", "story"])
def test_who_reads_gets_no_form(side, sprint, name):
    post(side, Role.VIEWER, name, {"version": 1}, 403, sprint_id=sprint.id)
    with side.scope():
        assert Sprint.objects.get().version == 1
