"""Thresholds on pages and over the API: set, told, listed, refused."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets.models import BudgetThreshold, ThresholdDefault
from apps.budgets.services import watch
from tests.factories.budgets import make_budget
from tests.factories.usage import spend

NOW = datetime(2026, 11, 6, 9, tzinfo=UTC)
UNIT = 10**9


@pytest.fixture
def side(world):
    a = world.a
    a.units  # noqa: B018 -- made before time stands still
    for role in (Role.CFO, Role.VIEWER):
        a.person(role)
    assert a.key_headers
    with time_machine.travel(NOW, tick=False):
        with a.scope():
            a.budget = make_budget("AI spend", amount_nanos=1_000 * UNIT)
            spend(date(2026, 11, 3), 1_040 * UNIT)
            watch()
        yield a


def text(client, url, **query):
    response = client.get(url, query)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def test_what_was_told_stands_on_the_page_and_in_the_list(side, world):
    viewer = side.client(Role.VIEWER)
    page = text(viewer, side.url("budgets:detail", budget_id=side.budget.id))
    for said in (
        "What it told in this period",
        "100% of the limit, measured",
        "$1,040 of $1,000 then, on about 3 Nov",
        "as every budget without its own",
    ):
        assert said in page, said
    other = text(viewer, side.url("budgets:detail", budget_id=side.budget.id), period="2026-12-01")
    assert "What it told in this period" not in other
    listed = text(viewer, side.url("budgets:crossings"))
    assert "Budgets were used up 1 time" in listed
    assert listed.count("AI spend</a>") == 5
    assert "Change the thresholds" not in listed
    assert text(viewer, side.url("budgets:crossings"), over="yes").count("AI spend</a>") == 1
    exported = b"".join(
        viewer.get(side.url("budgets:crossings"), {"format": "csv"}).streaming_content
    ).decode()
    assert exported.count("1040000000000") == 5
    empty = text(world.b.client(Role.CFO), world.b.url("budgets:crossings"))
    assert "No budget has reached a threshold" in empty


def test_the_organization_sets_thresholds_and_a_budget_its_own(side):
    cfo, viewer = side.client(Role.CFO), side.client(Role.VIEWER)
    url = side.url("budgets:thresholds")
    assert 'value="50, 80, 90, 100, 120"' in text(cfo, url)
    form = {"actual": "60, 95 %", "forecast": "", "version": 0}
    assert viewer.get(url).status_code == 403
    assert viewer.post(url, form).status_code == 403
    assert cfo.post(url, form | {"actual": "60, many"}).status_code == 422
    with side.scope():
        assert ThresholdDefault.objects.count() == 0
    assert cfo.post(url, form).status_code == 302
    assert cfo.post(url, form).status_code == 409
    assert 'value="60, 95"' in text(cfo, url)
    edit = side.url("budgets:edit", budget_id=side.budget.id)
    assert 'value="60, 95"' in text(cfo, edit)
    own = {"version": 1, "name": "AI spend", "owner": "", "own": "on", "actual": "30"}
    assert cfo.post(edit, own).status_code == 302
    with side.scope():
        assert [t.percent for t in BudgetThreshold.objects.all()] == [30]
    del own["own"]
    assert cfo.post(edit, own | {"version": 2}).status_code == 302
    with side.scope():
        assert BudgetThreshold.objects.count() == 0


def test_thresholds_over_the_api(side, client):
    headers, url = side.key_headers, "/api/v1/budgets/crossings/"
    rows = client.get(url, {"percent": 100, "basis": "actual"}, headers=headers).json()["results"]
    assert [(r["budget"], r["used"], r["limit"], r["crossed_on"]) for r in rows] == [
        ("AI spend", 1_040 * UNIT, 1_000 * UNIT, "2026-11-03")
    ]
    url = "/api/v1/budgets/thresholds/"
    assert client.get(url, headers=headers).json() == {
        "actual": [50, 80, 90, 100, 120],
        "forecast": [100],
        "version": 0,
    }

    def put(body):
        return client.put(url, body, content_type="application/json", headers=headers)

    assert put({"actual": [0], "forecast": [], "version": 0}).status_code == 422
    done = put({"actual": [75], "forecast": [], "version": 0})
    assert done.json() == {"actual": [75], "forecast": [], "version": 1}
    assert put({"actual": [75], "forecast": [], "version": 0}).status_code == 409
    one = f"/api/v1/budgets/{side.budget.id}/"
    body = {"version": 1, "name": "AI spend", "owner_membership_id": None, "thresholds": None}
    kept = client.patch(one, body, content_type="application/json", headers=headers).json()
    assert (kept["own_thresholds"], kept["version"]) == (False, 2)
    body |= {"version": 2, "thresholds": [{"basis": "forecast", "percent": 90}]}
    own = client.patch(one, body, content_type="application/json", headers=headers).json()
    assert own["own_thresholds"] is True
