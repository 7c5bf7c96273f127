"""Bills that came as files against what was measured: exact money, day by day, nothing added."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.connectors.imports import services
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.models import ProviderCost
from apps.connectors.reconciliation import selectors
from apps.connectors.reconciliation.findings import bills_apart
from apps.ledger.models import UsageRecord
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.selectors.coverage import of_source
from apps.pricing.fx.services import enter_rate
from tests.factories.connectors import make_source
from tests.factories.imports import make_upload, write
from tests.factories.ledger import take, usage
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import FILES, TOKENS
from tests.services.imports.test_presets import AZURE

pytestmark = pytest.mark.django_db
NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)
MEASURED = (
    ("azure", "gpt-4o", 3, "0.0930", {"input": 12_200, "cache": 10_000, "output": 5_000}),
    ("aws", "claude-opus-4-6", 3, "3.75", {"input": 1_000_000, "cache": 0, "output": 500_000}),
    ("azure", "gpt-4o", 5, "0.0700", {"input": 9_000, "cache": 0, "output": 1_000}),
)


@pytest.fixture(autouse=True)
def today(world):
    load_prices()
    with time_machine.travel(datetime(2026, 12, 20, 12, tzinfo=UTC), tick=False):
        yield


def bring(data, **changes):
    """A bill by hand: as recognised, with changes of its mapping."""
    job = make_upload(data)
    job = services.map_columns(
        actor=system_actor("tests"),
        job_id=job.id,
        mapping=replace(Mapping.from_json(job.mapping), **changes),
        source_name=job.source_name,
    )
    while services.check_slice(job.id, job.generation):
        pass
    job.refresh_from_db()
    return write(job)


def measure(rows=MEASURED):
    """What a gateway of record saw of the same calls."""
    take(
        [
            usage(
                occurred_at=datetime(2026, 11, day, 10, tzinfo=UTC), provider=provider,
                model=model, account="sub-1", cost=Decimal(cost), input_uncached=counts["input"],
                cache_read=counts["cache"], output=counts["output"],
            )
            for provider, model, day, cost, counts in rows
        ],
        make_source("openrouter", role="record", credential="sk-or-test").id,
    )  # fmt: skip


def lines(world, by="day", start=NOV, end=DEC):
    found = selectors.reconcile(world.a.actor(Role.CFO), start, end, by=by)
    for line in found.lines:
        if line.side.parts:
            assert sum(nanos for _, nanos in line.side.parts) == line.side.bill_gap
    return {(line.provider, line.key): line for line in found.lines}, found


def test_a_bill_beside_metered_usage_is_explained_to_the_nano_and_never_added(world):
    with world.a.scope():
        measure()
        before = UsageRecord.objects.count()
        job = bring(TOKENS, bill_only=True)
        assert (job.new, job.bill_rows, UsageRecord.objects.count()) == (0, 14, before)
        found, whole = lines(world)
        azure = found["azure", "2026-11-03"]
        assert (azure.side.measured_nanos, azure.side.billed_nanos) == (93_000_000, 512_153_000_000)
        assert (azure.side.measured_tokens, azure.side.billed_tokens) == (27_200, 27_200)
        assert dict(azure.side.parts) == {
            "purchase": 500_000_000_000,
            "tax": 12_000_000_000,
            "credit": -1_000_000_000,
            "unnamed": 810_000_000,
            "units": 300_000_000,
            "correction": -50_000_000,
        }
        assert (azure.state, azure.side.open_gap) == ("agrees", 810_000_000)
        aws = found["aws", "2026-11-03"]
        assert (aws.state, aws.side.bill_gap, aws.side.parts) == ("agrees", 0, ())
        late = found["azure", "2026-11-05"]
        assert (late.state, late.side.billed_nanos) == ("alone", None)
        serving = found["example cloud", "2026-11-03"]
        assert dict(serving.side.parts) == {"covered": 10_000_000, "unmeasured": 20_000_000}
        assert whole.total.bill_gap == 512_060_000_000 + 30_000_000
        assert (whole.others_nanos, whole.unconverted, whole.cut) == (0, [], [])


def test_a_source_that_brings_bills_alone_is_not_waited_for(world):
    with world.a.scope():
        job = bring(TOKENS, bill_only=True)
        assert of_source(job.source_id).status == "off"
        bring(TOKENS, bill_only=False)
        assert of_source(job.source_id).status == "open"
        bring(TOKENS.replace(b"12.00,12.00", b"13.00,13.00"))
        assert of_source(job.source_id).status == "open"


def test_by_month_provider_account_and_model(world):
    with world.a.scope():
        measure()
        bring(TOKENS, bill_only=True)
        months, whole = lines(world, "month", date(2026, 11, 9), date(2026, 11, 10))
        assert (whole.start, whole.end) == (NOV, DEC)
        azure = months["azure", "2026-11"]
        assert (azure.label, azure.side.measured_nanos) == ("November 2026", 163_000_000)
        assert dict(azure.side.parts)["unbilled"] == -70_000_000
        assert azure.side.open_gap == 810_000_000
        for by, key in (("provider", "azure"), ("account", "sub-1")):
            assert lines(world, by)[0]["azure", key].side == azure.side
        models, _ = lines(world, "model")
        gpt = models["azure", "gpt-4o"]
        assert (gpt.side.billed_nanos, gpt.side.open_gap) == (93_000_000, 0)
        assert models["azure", "Azure OpenAI"].side.billed_nanos == 512_060_000_000
        assert lines(world, "api_key")[1].total.billed_nanos is None


def test_a_bill_that_is_counted_agrees_with_itself_but_for_what_it_says(world):
    with world.a.scope():
        bring(TOKENS)
        found, whole = lines(world, "provider")
        assert whole.total.measured_nanos == 3_863_000_000
        assert whole.total.open_gap == 810_000_000
        assert found["example cloud", "example cloud"].side.parts == (("covered", 10_000_000),)


@pytest.mark.parametrize(
    ("name", "start", "others"),
    [
        ("focus_1_0_sample_rows_0001_0500.csv", date(2024, 9, 1), 5_988_393_744),
        ("focus_1_2_virtual_currency_a1.csv", date(2025, 4, 1), 200_000_000_000_000),
        ("focus_1_3_azure_generated_25.csv", date(2026, 5, 1), 29_227_508_308),
    ],
)
def test_what_published_bills_charge_for_other_services_is_told_apart(world, name, start, others):
    with world.a.scope():
        bring((FILES / name).read_bytes())
        found, whole = lines(world, "day", start, date(start.year, start.month + 1, 1))
        assert (found, whole.total.billed_nanos, whole.others_nanos) == ({}, None, others)
        assert sum(ProviderCost.objects.values_list("amount_nanos", flat=True)) == others


def test_a_bill_in_euro_is_converted_by_its_days_or_left_out(world):
    azure = [("azure", "gpt-5.4", 3, "0.2500", {"input": 0, "cache": 0, "output": 12_500})]
    with world.a.scope():
        measure(azure)
        bring(AZURE, bill_only=True)
        found, whole = lines(world)
        assert whole.unconverted == ["EUR"]
        assert found["azure", "2026-11-03"].side.billed_nanos is None
        assert list(bills_apart()) == []
        enter_rate(
            actor=world.a.actor(Role.CFO), day=date(2026, 11, 2), base="EUR", quote="USD",
            rate=Decimal("1.25"), note="ECB",
        )  # fmt: skip
        found, whole = lines(world)
        side = found["azure", "2026-11-03"].side
        assert (side.billed_nanos, side.foreign) == (-389_375_000, ("EUR",))
        assert dict(side.parts) == {
            "credit": -625_000_000,
            "volume": 60_000_000,
            "price": -74_375_000,
        }
        assert whole.others_nanos == 2_500_000_000


def monthly(data):
    """The same bill, its usage in months."""
    data = data.replace(b"2026-11-03T10:00:00Z,2026-11-03T11:00:00Z,Usage,,",
                        b"2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,Usage,,")  # fmt: skip
    return data.replace(b"2026-11-03T00:00:00Z,2026-11-04T00:00:00Z,Usage,,",
                        b"2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,Usage,,")  # fmt: skip


def test_a_bill_by_month_is_compared_by_month(world):
    with world.a.scope():
        measure()
        job = bring(monthly(TOKENS))
        assert (job.accepted, job.bill["reasons"]["period"]) == (0, 7)
        found, whole = lines(world)
        azure = found["azure", "2026-11-01/2026-11-30"]
        assert azure.label == "2026-11-01 to 2026-11-30"
        assert (azure.side.measured_nanos, azure.side.billed_tokens) == (163_000_000, 27_200)
        assert dict(azure.side.parts)["volume"] == -43_817_204
        assert lines(world, "month")[0]["azure", "2026-11"].side == azure.side
        cut, whole = lines(world, "day", date(2026, 11, 2), DEC)
        assert whole.cut == ["aws", "azure", "example cloud"]
        assert cut["azure", "2026-11-05"].side.billed_nanos in (None, 0)


def test_two_bills_of_one_account_count_once(world):
    other = TOKENS.replace(b"12.00,12.00,12.00,12.00", b"11.00,11.00,11.00,11.00")
    with world.a.scope():
        bring(TOKENS, bill_only=True)
        job = make_upload(other)
        job.source_name = "Second export"
        job.save()
        services.map_columns(
            actor=system_actor("tests"), job_id=job.id, source_name="Second export",
            mapping=replace(Mapping.from_json(job.mapping), bill_only=True),
        )  # fmt: skip
        job.refresh_from_db()
        while services.check_slice(job.id, job.generation):
            pass
        job.refresh_from_db()
        write(job)
        _, whole = lines(world, "provider")
        assert whole.total.billed_nanos == 515_933_000_000
        assert {c.source.name: c.left_out for c in whole.channels if c.bills_for} == {
            "FOCUS export": False,
            "Second export": True,
        }


def test_a_month_beyond_the_limits_raises_an_alert_until_it_agrees(world):
    with world.a.scope():
        measure([row for row in MEASURED if row[0] == "azure"])
        bring(TOKENS, bill_only=True)
        (alert,) = bills_apart()
        assert (alert.kind, alert.subject, alert.severity) == (
            Kind.BILL, "aws:2026-11", Severity.BAD,
        )  # fmt: skip
        assert alert.title == "aws bills $3.75 more than was measured in November 2026"
        assert "No usage was measured on 3 Nov" in alert.detail
        measure([row for row in MEASURED if row[0] == "aws"])
        assert list(bills_apart()) == []
