"""Trends: growth, swings, price against volume, what more in every run costs, filled budgets."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.ids import uuid7
from apps.ledger.services import mark_coverage
from tests.factories.ledger import price, take
from tests.factories.portfolio import make_capability
from tests.factories.runs import call

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
CALLS = {8: 1, 9: 2, 10: 4, 11: 4}
"""Calls a day by month: growing to October, then level."""


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def side(world):
    world.a.person(Role.CFO)
    with world.a.scope():
        source = uuid7()
        price("m1")
        price("m2", input_per_mtok="0.5", output_per_mtok="2")
        make_capability("Claims", slug="claims", unit_id=world.a.units["core"].id)
        batch, day = [], date(2026, 8, 1)
        while day < TODAY.date():
            at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            # The cheaper model takes over in October: the price falls, the bill rises.
            model = "m2" if day.month >= 10 else "m1"
            batch += [
                call(f"{day}-{n}", start=at, capability="claims", model=model)
                for n in range(CALLS[day.month] * (3 if day.month >= 10 else 1))
            ]
            day += timedelta(days=1)
        assert take(batch, source).errors == []
        mark_coverage(source_id=source, name="Gateway", complete_through=TODAY)
    return world.a


@pytest.fixture
def get(side):
    def send(query="", role=Role.CFO, **headers):
        url = side.url("portal:trends") + (f"?{query}" if query else "")
        return side.client(role).get(url, headers=headers)

    return send


def text(response):
    assert response.status_code == 200, response.content[:800]
    return " ".join(response.content.decode().split())


def rows(response):
    assert response.status_code == 200, response.content[:800]
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_growth_is_of_whole_periods_and_says_when_it_doubles(get):
    html = text(get("measure=requests"))
    # August 1, September 2, October 12 calls a day.
    assert "Requests grew to 6× in October 2026, and doubles in 0.6 months" in html
    (found,) = rows(get("measure=requests&format=csv&table=growth"))
    assert found["Capability"] == "Claims"
    assert [found[f"{m} 2026: Requests"] for m in ("August", "September", "October")] == [
        "31",
        "60",
        "372",
    ]
    assert found["May 2026: Requests"] == ""
    assert found["Growth of the average day"] == "5.000000"
    assert found["Compound growth per month"] == "2.4641"
    assert found["Doubling time (months)"] == "0.56"


def test_days_are_compared_from_the_first_use_on(get):
    (found,) = rows(get("measure=requests&format=csv&table=variability"))
    # 1 August to 11 November, the last complete day.
    assert found["Days"] == "103"
    assert (found["Median day: Requests"], found["95th percentile day: Requests"]) == ("2", "12")
    assert found["95th percentile by median"] == "6.000000"


def test_a_price_that_falls_while_the_bill_rises_is_said(get):
    html = text(get())
    assert "Tokens cost" in html
    assert "less, and the bill rose" in html
    assert "Elasticity −" in html
    found = rows(get("format=csv&table=prices"))
    used = [row for row in found if row["Price index"]]
    assert [row["Month from"] for row in used] == ["2026-08-01", "2026-09-01", "2026-10-01"]
    assert used[0]["Price index"] == used[1]["Price index"] == "100.0000"
    assert float(used[2]["Price index"]) < 100 < float(used[2]["Bill index"])


def test_parts_of_each_period_sum_to_its_change(get):
    found = rows(get("format=csv&table=variance"))
    # The running month's eleven days, then October and September against the month before.
    assert [row["From"] for row in found] == ["2026-11-01", "2026-10-01", "2026-09-01"]
    assert (found[0]["Against from"], found[0]["Against until (day after)"]) == (
        "2026-10-01",
        "2026-10-12",
    )
    parts = ("Volume", "Tokens per request", "Model mix", "Caching", "Price per token")
    for row in found:
        total = sum(Decimal(row[f"{part} (USD)"]) for part in parts)
        assert total == Decimal(row["Change (USD)"])
    assert Decimal(found[0]["Change (USD)"]) == 0
    assert "1–11 Nov, so far" in text(get())


def test_more_tokens_in_every_run_cost_what_the_pace_says(get):
    (found,) = rows(get("format=csv&table=sensitivity&extra=100"))
    (more,) = rows(get("format=csv&table=sensitivity&extra=1000"))
    # 12 runs a day.
    assert (found["Counted"], found["Runs a year"]) == ("runs", "4380.00")
    assert found["Extra tokens per run"] == "100"
    once, ten = (Decimal(row["Cost a year (USD)"]) for row in (found, more))
    assert once > 0
    assert abs(ten - 10 * once) < Decimal("0.00000001")
    # A model has runs of many: requests stand for them.
    (stood,) = rows(get("format=csv&table=sensitivity&model=m2"))
    assert stood["Counted"] == "requests"


def test_filters_narrow_and_nothing_is_said_kindly(get):
    assert "No use to see trends in" in text(get("days_from=2026-01-01&days_to=2026-02-01"))
    assert "No use to see trends in" in text(get("model=other"))
    region = get("measure=tokens", **{"HX-Request": "true", "HX-Target": "trends"})
    assert text(region).startswith('<div id="trends"')
    assert "HX-Target" in region["Vary"]
