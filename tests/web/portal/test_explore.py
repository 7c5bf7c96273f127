"""Explore: every choice is in the address, and nothing is shown that was not asked or is not so."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from apps.access.roles import Role
from apps.common.ids import uuid7
from apps.ledger.query import TooSlow, time_limit
from apps.portal.selectors import explore as reads
from apps.pricing.fx.services import choose_reporting_currency, import_rates
from apps.savedviews.models import SavedView
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability
from tests.factories.runs import call

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
NOVEMBER = "days_from=2026-11-01&days_to=2026-11-10"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def side(world):
    world.a.person(Role.CFO)
    with world.a.scope():
        price("m1")
        price("m2", input_per_mtok="0.5", output_per_mtok="2")
        make_capability("Claims", slug="claims", unit_id=world.a.units["core"].id)
        batch = []
        for day in range(1, 11):
            for year, month, count in ((2025, 11, 1), (2026, 10, 2), (2026, 11, 3)):
                at = datetime(year, month, day, 9, tzinfo=UTC)
                model = "m2" if month == 11 and day > 5 else "m1"
                batch += [
                    call(f"{at:%Y%m%d}-{n}", start=at, capability="claims", model=model)
                    for n in range(count)
                ]
        batch.append(usage(occurred_at=TODAY - timedelta(hours=3), user="ada"))
        assert take(batch, uuid7()).errors == []
    return world.a


@pytest.fixture
def get(side):
    def send(query="", role=Role.CFO, **headers):
        url = side.url("portal:explore") + (f"?{query}" if query else "")
        return side.client(role).get(url, headers=headers)

    return send


def text(response):
    assert response.status_code == 200, response.content[:800]
    return response.content.decode()


def test_the_days_before_a_year_before_and_any_days(get):
    before = text(get(f"{NOVEMBER}&measure=requests&compare=before"))
    # 22 to 31 October hold nothing: October's use was on the 1st to 10th.
    assert "Requests: 30, after 0 in 22–31 Oct" in before
    year = text(get(f"{NOVEMBER}&measure=requests&compare=year"))
    assert "Requests: 30, 200.0% above 1–10 Nov 2025" in year
    other = text(
        get(f"{NOVEMBER}&measure=requests&compare=custom&vs_from=2026-10-01&vs_to=2026-10-10")
    )
    assert "Requests: 30, 50.0% above 1–10 Oct" in other
    assert 'value="2026-10-01"' in other


def test_the_parts_of_the_change_stand_under_the_chart(get):
    page = text(get(f"{NOVEMBER}&compare=custom&vs_from=2026-10-01&vs_to=2026-10-10"))
    # 20 x 2,800,000 in October; 15 x 2,800,000 + 15 x 700,000 in November
    assert "Why cost fell $0.0035" in page
    for part in ("More requests", "Mix of models", "New: m2"):
        assert part in page
    assert "The parts add up to the change exactly" in page
    assert "Why cost" not in text(get(NOVEMBER))


def test_runs_are_told_where_a_run_has_one_place(get):
    page = text(get(f"{NOVEMBER}&measure=runs&group=capability"))
    assert "Runs: 30" in page
    page = text(get(f"{NOVEMBER}&measure=run_cost&group=unit"))
    # 15 runs of 2,800,000 nanos and 15 of 700,000; the call of ada belongs to no run.
    assert "Cost per run: $0.0018" in page
    page = text(get(f"{NOVEMBER}&measure=runs&group=model"))
    assert "cannot be told by model" in page
    page = text(get(f"{NOVEMBER}&measure=runs&group=unit&user=ada"))
    assert "cannot be told by user" in page
    rows = list(
        csv.DictReader(
            io.StringIO(
                b"".join(
                    get(
                        f"{NOVEMBER}&measure=runs&group=capability&grain=month&format=csv"
                    ).streaming_content
                ).decode("utf-8-sig")
            )
        )
    )
    assert [(row["Capability"], row["Runs"]) for row in rows] == [("Claims", "30")]


def test_too_fine_a_grain_is_said_to_be_coarser(get):
    assert "are shown per week, not per day" in text(
        get("days_from=2025-11-01&days_to=2026-11-10&grain=day")
    )
    assert "At most 3,653 days" in text(get("days_from=2015-06-01&days_to=2026-11-10"))
    hours = text(get("days_from=2026-11-12&days_to=2026-11-12&grain=hour"))
    assert "per hour" in hours
    assert "not per" not in hours
    years = text(get("days_from=2025-11-01&days_to=2026-11-10&grain=year"))
    assert "per year" in years


def test_every_dimension_filters(get):
    page = text(get(f"group=user&user=ada&{NOVEMBER[:21]}&days_to=2026-11-12"))
    assert "100% of it ada" in page
    assert 'name="api_key"' in page or "API key" in page


def test_a_question_that_takes_too_long_is_cut(side):
    with side.scope():
        with pytest.raises(TooSlow) as cut, time_limit(0.05), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        assert cut.value.errors[0].field == "grain"
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            assert cursor.fetchone()[0] != "50ms"


def test_the_page_offers_what_reads_less(get, monkeypatch):
    def slow(*args, **kwargs):
        with time_limit(0.05), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")

    monkeypatch.setattr(reads, "explore", slow)
    page = text(get(f"{NOVEMBER}&grain=day&then=model"))
    assert "took more than 0.05 seconds" in page
    assert "Show it per week" in page
    assert "Without the second grouping" in page


def test_views_are_saved_shared_and_one_opens_first(side, get):
    client = side.client(Role.CFO)
    saved = {"page": "explore", "name": "By model", "query": f"group=model&{NOVEMBER}"}
    client.post(side.url("savedviews:save"), saved)
    with side.scope():
        view = SavedView.objects.get()
    assert "By model" in text(get(NOVEMBER))
    assert get().status_code == 200
    client.post(side.url("savedviews:default", view_id=view.id), {})
    opened = get()
    assert opened.status_code == 302
    assert opened["Location"].endswith(f"?{view.query}")
    assert text(get("group=unit"))
    assert get(role=Role.OWNER).status_code == 200
    denied = side.client(Role.OWNER).post(side.url("savedviews:default", view_id=view.id), {})
    assert denied.status_code == 404
    client.post(side.url("savedviews:default", view_id=view.id), {"off": "1"})
    assert get().status_code == 200
    client.post(side.url("savedviews:default", view_id=view.id), {})
    client.post(side.url("savedviews:delete", view_id=view.id), {})
    assert get().status_code == 200


def test_requests_that_nobody_counts_are_missing_and_never_zero(side, get):
    day = {"granularity": "day", "occurred_at": datetime(2026, 9, 3, tzinfo=UTC)}
    with side.scope():
        import_rates(actor=side.actor(Role.CFO), content=b"Date,USD\n2026-09-02,1.25\n")
        choose_reporting_currency(actor=side.actor(Role.CFO), currency="EUR")
        take([usage(**day), usage(**day, model="m2", requests=7)], uuid7())
    september = "days_from=2026-09-01&days_to=2026-09-30"
    page = text(get(f"{september}&group=model"))
    assert "do not count requests" in page
    assert "do not count requests" not in text(get(f"{september}&group=source"))
    assert "Requests: –" in text(get(f"{september}&group=model&measure=requests&model=m1"))
    twice = f"{september}&measure=requests&model=m1&compare=custom"
    assert "not counted by the sources" in text(get(f"{twice}&vs_from=2026-09-01&vs_to=2026-09-20"))
    table = csv.DictReader(
        io.StringIO(
            b"".join(get(f"{september}&group=model&grain=month&format=csv")).decode("utf-8-sig")
        )
    )
    m1, m2 = sorted(table, key=lambda row: row["Requests"])
    assert (m1["Requests"], m2["Requests"]) == ("", "7")
    # 0.0028 USD at 1.25 USD a euro.
    assert (m1["Cost (USD)"], m1["Cost (EUR)"]) == ("0.002800000", "0.002240000")


def test_what_is_compared_says_its_days_and_the_table_that_it_holds_more(get):
    page = text(get("days_from=2026-11-01&days_to=2026-11-12&measure=requests&compare=before"))
    assert "Requests, 1–11 Nov: 30, " in page
    assert "All of 1–12 Nov, with the days that are not complete yet" in page
    closed = text(get(f"{NOVEMBER}&measure=requests&compare=before"))
    assert "days that are not complete yet" not in closed


def cost_per_request(page):
    return re.search(r"Cost per request: \$[\d.]+", page).group()


def test_requests_that_only_some_sources_count_are_a_lower_bound(side, get):
    alone = cost_per_request(text(get(f"{NOVEMBER}&group=capability&measure=request_cost")))
    with side.scope():
        take(
            [
                usage(
                    occurred_at=datetime(2026, 11, 3, tzinfo=UTC), granularity="day",
                    requests=None, capability="claims", input_uncached=90_000, output=0,
                )
            ],
            uuid7(),
        )  # fmt: skip
    page = text(get(f"{NOVEMBER}&group=capability&measure=requests"))
    assert "Requests: at least 30" in page
    assert "of tokens counted" in page
    assert "there were at least that many" in page
    # The 30 calls cost what they cost: the day that nobody counts is in no figure per request.
    each = text(get(f"{NOVEMBER}&group=capability&measure=request_cost"))
    assert cost_per_request(each) == alone
    sheet = b"".join(get(f"{NOVEMBER}&group=capability&grain=month&format=csv").streaming_content)
    (row,) = csv.DictReader(io.StringIO(sheet.decode("utf-8-sig")))
    assert row["Requests"] == "30"
    assert 0 < float(row["Requests counted (share of tokens)"]) < 1
    plain = text(get("days_from=2025-11-01&days_to=2025-11-10&measure=requests"))
    assert "at least" not in plain
