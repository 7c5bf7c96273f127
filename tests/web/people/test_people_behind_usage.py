"""Who people are is told to those who may see people: every place where usage names one."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client

from apps.access.roles import Role
from apps.common.errors import Forbidden
from apps.common.ids import uuid7
from apps.connectors.enums import SourceKind, SourceRole
from apps.connectors.models import ComparisonUsage, DirectoryEntry, UnitUsage
from apps.connectors.seats import services as seats
from apps.ledger.models import UsageRecord
from apps.ledger.query.persons import Sight
from apps.portal.reports import explore_report
from apps.savedviews import services as views
from tests.factories.budgets import make_budget
from tests.factories.connectors import make_source
from tests.factories.ledger import price, take, usage
from tests.factories.organizations import make_api_key
from tests.factories.portfolio import make_capability
from tests.factories.reports import make_schedule

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
AT = NOW - timedelta(days=1)
PEOPLE = [f"{name}@acme-people.example" for name in ("ada", "bob", "cyd", "dee", "eve", "fay")]
ADA = PEOPLE[0]
DAYS = "days_from=2026-11-01&days_to=2026-11-12"
QUERY = "start=2026-11-01&end=2026-11-13"


@pytest.fixture
def side(world):
    side = world.a
    with time_machine.travel(NOW, tick=False):
        with side.scope():
            price("m1")
            make_capability("Search", slug="search", unit_id=side.units["core"].id)
            batch = [
                usage(occurred_at=AT, user=person, project="web", capability="search",
                      tags={"requested_by": person, "env": "live"}, input_uncached=1_000 + n)
                for n, person in enumerate(PEOPLE)
            ]  # fmt: skip
            batch += [
                usage(occurred_at=AT, user=person, project="lost", input_uncached=2_000)
                for person in PEOPLE
            ]
            assert take(batch, uuid7()).errors == []
            source = make_source(
                SourceKind.OPENAI, name="Gateway", role=SourceRole.COMPARISON,
                history_from=AT.date(),
            )  # fmt: skip
            ComparisonUsage.objects.create(
                source=source,
                day=AT.date(),
                key=uuid7(),
                provider="acme",
                user=ADA,
                model="m1",
                output=7,
            )
            UnitUsage.objects.create(
                source=source,
                day=AT.date(),
                key=uuid7(),
                what="interactions",
                unit="events",
                quantity=3,
                detail=ADA,
            )
            for kind, owner in (("user", ADA), ("api_key", ADA)):
                DirectoryEntry.objects.create(
                    source=source, kind=kind, external_id=f"{kind}-1", name=kind, owner=owner
                )
            lead = side.person(Role.TOKENOPS_LEAD).actor
            seats.save_plan(actor=lead, name="Chat", price_nanos=10**10)
            seats.import_seats(actor=lead, text=f"person,plan\n{ADA},Chat\n")
            views.save_view(
                actor=lead, page="explore", name="One person", query=f"user={ADA}&group=model",
                shared=True,
            )  # fmt: skip
            side.budget = make_budget(amount_nanos=10**12)
            side.source = source
            side.record = UsageRecord.objects.filter(requests=1).first()
        yield side


def of_page(name, query="", **words):
    def url(side):
        return side.url(name, **{key: getattr(side, of) for key, of in words.items()}) + query

    return url


PAGES = {
    "explore axis": of_page("portal:explore", f"?{DAYS}&group=user"),
    "explore second axis": of_page("portal:explore", f"?{DAYS}&group=project&then=user"),
    "explore by hour": of_page("portal:explore", f"?{DAYS}&group=user&grain=hour"),
    "explore compared": of_page("portal:explore", f"?{DAYS}&group=user&compare=before"),
    "explore CSV": of_page("portal:explore", f"?{DAYS}&group=user&format=csv"),
    "explore filters and shared views": of_page("portal:explore"),
    "trends filters": of_page("portal:trends", f"?{DAYS}"),
    "records filters": of_page("ledger:records"),
    "unattributed": of_page("ledger:unattributed"),
    "unattributed CSV": of_page("ledger:unattributed", "?format=csv"),
    "tiers in force": of_page("entitlements:tiers"),
    "seats": of_page("seats:people"),
    "seats CSV": of_page("seats:people", "?format=csv"),
}
API = {
    "query": f"usage/query/?{QUERY}&group_by=user",
    "query by day": f"usage/query/?{QUERY}&group_by=project,user&grain=day",
    "records": f"records/?{QUERY}",
    "unattributed": "unattributed/",
    "saved views": "saved-views/",
}


def body(answer):
    assert answer.status_code == 200, answer.content[:500]
    if answer.streaming:
        return b"".join(answer.streaming_content).decode()
    return answer.content.decode()


def named(text):
    return [person for person in PEOPLE if person in unquote(text)]


def test_pages_name_people_to_those_who_may_see_them_only(side):
    lead, viewer = side.client(Role.TOKENOPS_LEAD), side.client(Role.VIEWER)
    urls = {place: url(side) for place, url in PAGES.items()}
    urls |= {
        "record": side.url("ledger:record", record=side.record.code),
        "burn": side.url("budgets:stop", budget_id=side.budget.id),
        "compared": side.url("connectors:compared", source_id=side.source.id),
        "compared CSV": side.url("connectors:compared", source_id=side.source.id) + "?format=csv",
        "other usage": side.url("connectors:units", source_id=side.source.id),
        "other usage CSV": side.url("connectors:units", source_id=side.source.id) + "?format=csv",
        "directory": side.url("connectors:directory", source_id=side.source.id),
        "directory CSV": side.url("connectors:directory", source_id=side.source.id) + "?format=csv",
        "keys": side.url("connectors:inventory"),
    }
    assert {place for place, url in urls.items() if named(body(lead.get(url)))} == set(urls)
    assert {place for place, url in urls.items() if named(body(viewer.get(url)))} == set()


def test_the_api_names_people_to_those_who_may_see_them_only(side):
    lead, viewer = side.client(Role.TOKENOPS_LEAD), side.client(Role.VIEWER)
    headers = {"X-TokenOps-Organization": side.slug}
    paths = API | {
        "record": f"records/{side.record.code}/",
        "compared": f"sources/{side.source.id}/comparison/",
        "other usage": f"sources/{side.source.id}/other-usage/",
        "keys": "key-inventory/",
        "seats": "seats/",
    }

    def telling(browser):
        answers = {
            place: body(browser.get(f"/api/v1/{path}", headers=headers))
            for place, path in paths.items()
        }
        return {place for place, text in answers.items() if named(text)}

    assert telling(lead) == set(paths)
    assert telling(viewer) == set()


def test_no_filter_tells_whether_a_person_is_there(side):
    headers, viewer = {"X-TokenOps-Organization": side.slug}, side.client(Role.VIEWER)
    for path in (
        f"usage/query/?{QUERY}&user=",
        f"usage/change/?{QUERY}&user=",
        f"trends/growth/?{QUERY}&user=",
        "seats/?person=",
    ):
        answers = [viewer.get(f"/api/v1/{path}{who}", headers=headers) for who in (ADA, "no@one")]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(403, "people_hidden")}
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
    nobody = viewer.get(f"/api/v1/usage/query/?{QUERY}&user=none", headers=headers)
    assert nobody.json()["total"]["tokens"]["total"] == 0


def test_pages_leave_the_filter_out_and_say_so(side):
    viewer = side.client(Role.VIEWER)
    for name in ("portal:explore", "portal:trends", "ledger:records"):
        texts = [body(viewer.get(f"{side.url(name)}?user={who}")) for who in (ADA, "no@one")]
        assert all('name="user"' not in text for text in texts)
        if name != "ledger:records":
            assert all("filter by user was left out" in text for text in texts)


def test_a_directory_is_not_searched_by_owner_without_the_right_to_see_people(side):
    url = side.url("connectors:directory", source_id=side.source.id)
    lead, viewer = side.client(Role.TOKENOPS_LEAD), side.client(Role.VIEWER)
    assert "api_key-1" in body(lead.get(f"{url}?q={ADA}"))
    assert "api_key-1" not in body(viewer.get(f"{url}?q={ADA}"))
    assert "api_key-1" in body(viewer.get(url))
    assert "user-1" not in body(viewer.get(url))


def test_few_people_are_one_group_and_the_sum_stays(side):
    headers = {"X-TokenOps-Organization": side.slug}
    viewer: Client = side.client(Role.VIEWER)
    found = viewer.get(f"/api/v1/usage/query/?{QUERY}&group_by=user", headers=headers).json()
    assert {row["labels"][0][:7] for row in found["rows"]} == {"Person "}
    assert len(found["rows"]) == len(PEOPLE)
    with side.scope():
        take([usage(occurred_at=AT, user=ADA, project="solo")], uuid7())
    asked = f"/api/v1/usage/query/?{QUERY}&group_by=project,user&project=solo"
    few = viewer.get(asked, headers=headers).json()
    assert [row["labels"] for row in few["rows"]] == [["solo", "Fewer than 5 people"]]
    assert few["rows"][0]["cost"] == few["total"]["cost"]


def test_a_lead_sees_the_people_of_the_unit_that_is_asked_for(side):
    headers = {"X-TokenOps-Organization": side.slug}
    lead = side.client(Role.UNIT_LEAD)
    found = lead.get(f"/api/v1/usage/query/?{QUERY}&group_by=user", headers=headers).json()
    assert {row["keys"][0] for row in found["rows"]} == set(PEOPLE)
    with side.scope():
        sight = Sight(side.person(Role.UNIT_LEAD).actor)
        assert sight.name(ADA, side.units["core"].id) == ADA
        for unit in (None, side.units["claims"].id):
            assert sight.name(ADA, unit).startswith("Person ")


def test_a_key_sees_people_where_it_was_given_that(side, client):
    with side.scope():
        _, secret = make_api_key(scopes=["usage.view"])
    found = client.get(
        f"/api/v1/usage/query/?{QUERY}&group_by=user",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert named(body(found)) == []


def test_a_report_names_nobody_to_its_other_recipients(side):
    lead, viewer = side.person(Role.TOKENOPS_LEAD), side.person(Role.VIEWER)
    days = (AT.date(), AT.date() + timedelta(days=1))
    with side.scope():
        made = make_schedule(
            lead.actor, lead, viewer, kind="explore", name="By person", query=f"user={ADA}"
        )
        wide = QueryDict("group=user")
        assert named(str(explore_report(lead.actor, wide, *days)))
        assert named(str(explore_report(viewer.actor, wide, *days))) == []
        with pytest.raises(Forbidden, match="You may not see the people"):
            explore_report(viewer.actor, QueryDict(f"user={ADA}"), *days)
    headers = {"X-TokenOps-Organization": side.slug}
    for browser, told in ((lead.client(), [ADA]), (viewer.client(), [])):
        page = body(browser.get(side.url("reports:detail", schedule_id=made.id)))
        assert named(page) == told
        answer = body(browser.get(f"/api/v1/report-schedules/{made.id}/", headers=headers))
        assert named(answer) == told
