"""Measured, billed and compared usage side by side: page, CSV and API."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
import time_machine

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.common import fmt
from apps.common.money import NANOS
from apps.connectors.enums import SourceKind
from apps.connectors.models import ComparisonUsage, ProviderCost, ReconciliationLimits
from apps.connectors.reconciliation.rules import Limits
from apps.connectors.reconciliation.web import ReconciliationPage
from apps.connectors.services.sources import intake_source
from apps.ledger.models import LedgerState
from apps.trail.models import TrailEvent
from tests.factories.connectors import make_source
from tests.factories.ledger import take, usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    with world.a.scope():
        source, gateway = make_source("openai"), make_source("litellm", credential="sk-test-key")
        paid = {"provider": "openai", "model": "gpt-5", "api_key_id": "key_1", "api_key": "Search"}
        take(
            [
                usage(occurred_at=datetime(2026, 11, day, 10, tzinfo=UTC), cost=cost, **paid)
                for day, cost in ((3, Decimal(10)), (4, Decimal(20)))
            ],
            source.id,
        )
        for day, amount, model in ((3, 10, "gpt-5"), (4, 26, "gpt-5"), (4, 4, "")):
            ProviderCost.objects.create(
                source=source,
                day=date(2026, 11, day),
                line_item=f"{model or 'Storage'} {day}",
                model=model,
                amount_nanos=amount * NANOS,
                first_nanos=amount * NANOS,
                currency="USD",
            )
        ComparisonUsage.objects.create(
            source=gateway,
            day=date(2026, 11, 4),
            key=uuid4(),
            provider="openai",
            model="gpt-5",
            api_key_id="key_1",
            input_uncached=600,
            cost_nanos=NANOS,
        )
    return world.a


def rows(side, query=""):
    answer = side.client(Role.CFO).get(
        side.url("connectors:reconciliation") + f"?format=csv&days_from=2026-11-01{query}"
    )
    assert answer.status_code == 200, answer.content[:900]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return {next(iter(row.values())): row for row in csv.DictReader(io.StringIO(text))}


def test_days_side_by_side_with_state_and_reason(side):
    found = rows(side)
    assert (found["2026-11-03"]["Result"], found["2026-11-04"]["Result"]) == ("agrees", "gap")
    row = found["2026-11-04"]
    assert row["Measured (USD)"] == "20.000000000"
    assert row["Billed (USD)"] == "30.000000000"
    assert row["Billed − measured (USD)"] == "10.000000000"
    assert (row["Measured (tokens)"], row["Compared (tokens)"]) == ("1100", "600")
    assert "bills more" in row["What explains it"]
    assert list(rows(side, "&state=gap")) == ["2026-11-04"]


def test_by_model_and_by_key(side):
    models = rows(side, "&by=model")
    assert models["gpt-5"]["Billed (USD)"] == "36.000000000"
    assert models["Other line items"]["Measured (USD)"] == ""
    assert "no source of record" in models["Other line items"]["What explains it"]
    (key,) = rows(side, "&by=api_key").values()
    assert (key["Measured (USD)"], key["Billed (USD)"]) == ("30.000000000", "")
    assert (key["Name"], key["Compared (tokens)"]) == ("Search", "600")
    assert (key["Not compared (tokens)"], key["Compared cost (USD)"]) == ("1600", "1.000000000")
    assert rows(side, "&by=provider")["openai"]["Billed (USD)"] == "40.000000000"


def test_the_page_says_what_it_found_and_who_may_see_it(side):
    url = side.url("connectors:reconciliation") + "?days_from=2026-11-01"
    page = side.client(Role.CFO).get(url).content.decode()
    assert "Billed minus measured is +$10 (25.0%). 1 line needs an answer." in page
    assert "55% of the measured tokens; a lower bound" in page
    keys = side.client(Role.CFO).get(f"{url}&by=api_key").content.decode()
    seen = f"Comparisons saw 27% of the tokens; {fmt.tokens(1600)} passed them by."
    assert f"Bills name no keys. {seen}" in keys
    assert "Comparison only" in page
    assert "Channel of record" in page
    assert side.client(Role.UNIT_LEAD).get(url).status_code == 403
    assert side.client(Role.MEMBER).get(url).status_code == 403


def test_the_same_lines_over_the_api(side, client):
    asked = {"start": "2026-11-01", "end": "2026-11-20"}
    path, headers = "/api/v1/reconciliation/", side.key_headers
    body = client.get(path, asked, headers=headers).json()
    assert body["total"]["bill_gap"]["nanos"] == 10 * NANOS
    assert [(line["key"], line["state"]) for line in body["results"]] == [
        ("2026-11-03", "agrees"),
        ("2026-11-04", "gap"),
    ]
    assert client.get(path, {"by": "colour"}, headers=headers).status_code in (400, 422)
    long = {"start": "2026-01-01", "end": "2026-11-20"}
    assert client.get(path, long, headers=headers).status_code == 422


def test_a_bill_in_another_currency_is_never_taken_as_it_is(side):
    with side.scope():
        ProviderCost.objects.filter(model="").update(currency="EUR")
    page = side.client(Role.CFO).get(
        side.url("connectors:reconciliation") + "?days_from=2026-11-01"
    )
    assert "Bills in EUR are left out" in page.content.decode()
    assert rows(side)["2026-11-04"]["Billed (USD)"] == "26.000000000"


def test_days_are_those_of_the_bill_whatever_the_ledgers_zone(side, world):
    with side.scope():
        LedgerState.objects.update(timezone="America/New_York")
        take(
            [
                usage(
                    occurred_at=datetime(2026, 11, 5, 2, tzinfo=UTC),
                    provider="openai",
                    model="gpt-5",
                    cost=Decimal(7),
                )
            ]
        )
    found = rows(side)
    assert found["2026-11-05"]["Measured (USD)"] == "7.000000000"
    assert found["2026-11-04"]["Measured (USD)"] == "20.000000000"
    page = side.client(Role.CFO).get(side.url("connectors:reconciliation"))
    assert "Days here are UTC days" in page.content.decode()


def test_usage_of_people_says_nothing_about_keys(side):
    with side.scope():
        ComparisonUsage.objects.create(
            source=make_source("claude_code"),
            day=date(2026, 11, 4),
            key=uuid4(),
            provider="openai",
            model="gpt-5",
            user="ana@example.com",
            input_uncached=10**9,
        )
    assert list(rows(side, "&by=api_key")) == ["key_1"]


def test_the_limits_are_a_setting_with_a_trail(side, client):
    url, admin = side.url("connectors:limits"), side.client(Role.ADMIN)
    assert side.client(Role.AUDITOR).get(url).status_code == 403
    assert 'value="1"' in admin.get(url).content.decode()
    data = {"version": 0, "close": "40", "wide": "20", "money": "1", "tokens": "10000"}
    wrong = admin.post(url, data)
    assert (wrong.status_code, "no less than the first" in wrong.content.decode()) == (422, True)
    with side.scope():
        assert ReconciliationLimits.objects.count() == 0
    assert admin.post(url, {**data, "close": "34", "wide": "40"}).status_code == 302
    # 10 of 30 are 33.3%: the day agrees now.
    assert rows(side)["2026-11-04"]["Result"] == "agrees"
    path, headers = "/api/v1/reconciliation/limits/", side.key_headers
    body = client.get(path, headers=headers).json()
    assert (body["close_bp"], body["version"]) == (3400, 1)
    stale = client.put(path, {**body, "version": 0}, "application/json", headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "version_changed")
    bad = client.put(path, {**body, "small_tokens": -1}, "application/json", headers=headers)
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "small_tokens")
    done = client.put(path, {**body, "close_bp": 100}, "application/json", headers=headers)
    assert done.json()["version"] == 2
    assert rows(side)["2026-11-04"]["Result"] == "near"
    with side.scope():
        found = TrailEvent.objects.filter(action="reconciliation.limits_changed")
        assert found.order_by("id").last().after == {"close_bp": 100}


def test_a_tools_own_analytics_never_hide_a_gateway(side):
    with side.scope():
        tool = make_source("claude_code")
        for model, tokens in (("gpt-5", 5_000), ("gpt-5-mini", 70)):
            ComparisonUsage.objects.create(
                source=tool, day=date(2026, 11, 4), key=uuid4(), provider="openai", model=model,
                input_uncached=tokens,
            )  # fmt: skip
    assert rows(side)["2026-11-04"]["Compared (tokens)"] == "600"
    assert rows(side, "&by=model")["gpt-5-mini"]["Compared (tokens)"] == "70"


def test_the_page_says_whose_days_it_shows(side, client):
    with side.scope():
        LedgerState.objects.update(timezone="America/New_York")
    url, cfo = side.url("connectors:reconciliation"), side.client(Role.CFO)
    assert "Days here are UTC days" in cfo.get(f"{url}?days_from=2026-11-01").content.decode()
    long = cfo.get(f"{url}?days_from=2026-09-01").content.decode()
    assert "Days here are UTC days" not in long
    assert "more are not" in long
    models = cfo.get(f"{url}?days_from=2026-11-01&by=model").content.decode()
    assert "differ by some hours" in models
    ask = {"start": "2026-09-01", "end": "2026-11-20"}
    found = client.get("/api/v1/reconciliation/", ask, headers=side.key_headers).json()
    assert found["days_are_utc"] is False


@pytest.mark.parametrize(
    ("gaps", "near", "words"),
    [
        (0, 0, "All lines that can be compared agree."),
        (0, 2, "No line needs an answer; 2 lines differ by up to 5%."),
        (1, 0, "1 line needs an answer."),
        (2, 1, "2 lines need an answer, 1 line differs by up to 5%."),
    ],
)
def test_the_lede_says_all_agree_only_where_they_do(gaps, near, words):
    page = ReconciliationPage()
    counts = {"gap": gaps, "near": near}
    page.found = SimpleNamespace(count=counts.get, limits=Limits())
    assert page._verdict() == words


def test_a_bill_from_a_file_says_what_the_difference_is_made_of(side, client):
    """Page, file and API hold the same parts, and they are the difference."""
    with side.scope():
        source = intake_source(actor=system_actor("tests"), kind=SourceKind.CSV, name="Cloud bill")
        take(
            [
                usage(
                    occurred_at=datetime(2026, 11, 6, 10, tzinfo=UTC),
                    provider="azure",
                    model="gpt-4o",
                    cost=Decimal(90),
                )
            ]
        )
        for part, amount, tokens, service in (
            ("tokens", 100, 1100, "Azure OpenAI"), ("tax", 19, 0, "Azure OpenAI"),
            ("credit", -40, 0, "Azure OpenAI"), ("units", 500, 0, "Virtual Machines"),
        ):  # fmt: skip
            ProviderCost.objects.create(
                source=source, day=date(2026, 11, 6), line_item=part, provider="azure",
                service=service, category=part, tokens=tokens, currency="USD", account="acct",
                amount_nanos=amount * NANOS, effective_nanos=amount * NANOS, first_nanos=0,
            )  # fmt: skip
    row = rows(side, "&provider=azure")["2026-11-06"]
    assert (row["Result"], row["Billed − measured (USD)"]) == ("gap", "-11.000000000")
    assert (row["Unexplained (USD)"], row["Billed (tokens)"]) == ("10.000000000", "1100")
    assert row["Parts of the difference"] == (
        "Credits and refunds -40.000000000 USD; Tax +19.000000000 USD; "
        "Another price than the ledger's +10.000000000 USD"
    )
    assert "another price" in row["What explains it"]
    url = side.url("connectors:reconciliation") + "?days_from=2026-11-01&provider=azure"
    page = side.client(Role.CFO).get(url).content.decode()
    for words in (
        "Billed minus measured is −$11 (13.9%), −$21 of it explained by the bill itself.",
        "What the difference is made of", "$500 for services that nobody measures here",
        "Needs an answer", "brings the bill of azure",
    ):  # fmt: skip
        assert words in page
    asked = {"start": "2026-11-01", "end": "2026-11-20", "provider": "azure", "by": "month"}
    body = client.get("/api/v1/reconciliation/", asked, headers=side.key_headers).json()
    (line,) = body["results"]
    assert [(p["part"], p["amount"]["nanos"], p["explained"]) for p in line["parts"]] == [
        ("credit", -40 * NANOS, True), ("tax", 19 * NANOS, True), ("price", 10 * NANOS, False),
    ]  # fmt: skip
    assert sum(p["amount"]["nanos"] for p in line["parts"]) == line["bill_gap"]["nanos"]
    assert body["other_services"]["nanos"] == 500 * NANOS
    assert (body["left_out"], body["cut_periods"], line["key"]) == ([], [], "2026-11")
