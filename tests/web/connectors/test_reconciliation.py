"""Measured, billed and compared usage side by side: page, CSV and API."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.money import NANOS
from apps.connectors.models import ComparisonUsage, ProviderCost
from apps.ledger.models import LedgerState
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
    assert key["Compared (tokens)"] == "600"
    assert rows(side, "&by=provider")["openai"]["Billed (USD)"] == "40.000000000"


def test_the_page_says_what_it_found_and_who_may_see_it(side):
    url = side.url("connectors:reconciliation") + "?days_from=2026-11-01"
    page = side.client(Role.CFO).get(url).content.decode()
    assert "Billed minus measured is +$10 (25.0%). 1 line needs an answer." in page
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
