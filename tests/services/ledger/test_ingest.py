"""Taking usage in: versions, repeats, withdrawals, money, the trace."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from apps.common.ids import uuid7
from apps.common.tokens import TokenCounts
from apps.ledger.enums import CostBasis, CostStatus
from apps.ledger.models import (
    DimensionSet,
    PriceSnapshot,
    RollupAxis,
    UsageRecord,
    UsageRestatement,
)
from apps.ledger.query import Query, run
from apps.ledger.schema import UsageIn
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import ingest
from apps.organizations.models import Organization
from tests.factories.ledger import AT, price, take, usage

pytestmark = pytest.mark.django_db
NOVEMBER = {"start": date(2026, 11, 1), "end": date(2026, 12, 1)}


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        yield world.a


def _total(**query):
    return run(Query(**{**NOVEMBER, **query})).total


def test_new_records_are_priced_and_summed(side):
    result = take([usage(), usage(cache_read=10_000, reasoning=50)])
    assert (result.new, result.changed, result.unchanged, result.errors) == (2, 0, 0, [])
    total = _total()
    assert total.tokens == TokenCounts(
        input_uncached=2_000, cache_read=10_000, output=200, reasoning=50
    )
    # 2,000 x 2 + 10,000 x 0.2 + 250 x 8 USD per million tokens
    assert (total.cost_nanos, total.requests, total.unpriced_tokens) == (8_000_000, 2, 0)
    assert verify_rollups().ok


def test_a_repeat_writes_nothing(side):
    source, batch = uuid7(), [usage(), usage(), usage()]
    take(batch, source)
    before = list(UsageRecord.objects.values())
    cells = list(RollupAxis.objects.values())
    result = take(list(reversed(batch)), source)
    assert (result.new, result.changed, result.unchanged) == (0, 0, 3)
    assert list(UsageRecord.objects.values()) == before
    assert list(RollupAxis.objects.values()) == cells
    assert not UsageRestatement.objects.exists()


def test_other_content_is_a_new_version_and_the_old_one_stays_visible(side):
    source, first = uuid7(), usage(observed_at=AT)
    take([first], source)
    later = usage(event_id=first.event_id, output=600, observed_at=AT + timedelta(hours=1))
    result = take([later], source)
    assert (result.new, result.changed, result.restated_cost_nanos) == (0, 1, 4_000_000)
    record = UsageRecord.objects.get()
    assert (record.output, record.version, record.cost_nanos) == (600, 2, 6_800_000)
    row = UsageRestatement.objects.get()
    assert (row.old_tokens, row.new_tokens, row.version) == (1_100, 1_600, 2)
    assert (row.old_cost_nanos, row.new_cost_nanos) == (2_800_000, 6_800_000)
    assert (row.difference_nanos, row.reason) == (4_000_000, "restated")
    late = take([first], source)
    assert (late.changed, late.unchanged) == (0, 1)
    assert UsageRecord.objects.get().output == 600
    assert verify_rollups().ok


def test_the_larger_of_two_observed_at_once_wins_in_any_order(side):
    small, large = (usage(event_id="same", output=n, observed_at=AT) for n in (1, 2))
    for batches in ([[small], [large]], [[large], [small]], [[small, large]], [[large, small]]):
        source = uuid7()
        for batch in batches:
            take(batch, source)
        key = UsageRecord.objects.order_by("-dimset_id").filter(
            dimset_id__in=DimensionSet.objects.filter(source_id=source).values("id")
        )
        assert [record.output for record in key] == [2]


def test_all_tokens_zero_is_a_record_that_costs_nothing(side):
    take([usage(input_uncached=0, output=0, requests=0)])
    record = UsageRecord.objects.get()
    assert (record.cost_nanos, record.cost_status) == (0, CostStatus.EXACT)
    assert _total().records == 1
    assert verify_rollups().ok


def test_reported_cost_is_kept_and_a_changed_one_restates(side):
    source = uuid7()
    take([usage(event_id="r", cost=Decimal("1.0000000005"), observed_at=AT)], source)
    record = UsageRecord.objects.get()
    assert (record.cost_nanos, record.cost_basis) == (1_000_000_000, CostBasis.PROVIDER_REPORTED)
    assert record.price_id is None
    again = usage(event_id="r", cost=Decimal("0.9"), observed_at=AT + timedelta(minutes=1))
    assert take([again], source).restated_cost_nanos == -100_000_000
    assert _total().cost_nanos == 900_000_000


def test_another_currency_waits_for_a_rate_and_is_never_added(side):
    take([usage(cost=Decimal(5), currency="EUR"), usage(cost=Decimal(1))])
    foreign = UsageRecord.objects.get(source_currency="EUR")
    assert (foreign.cost_nanos, foreign.source_cost_nanos) == (None, 5_000_000_000)
    assert foreign.cost_status == CostStatus.UNCONVERTED
    total = _total()
    assert (total.cost_nanos, total.unpriced_records) == (1_000_000_000, 1)
    assert take([usage(event_id="x", cost=Decimal(5), currency="EUR")]).new == 1


def test_a_currency_in_the_batch_does_not_change_its_neighbours(side):
    source = uuid7()
    plain, foreign = usage(cost=Decimal(1)), usage(cost=Decimal(5), currency="EUR")
    take([plain], source)
    result = take([plain, foreign], source)
    assert (result.new, result.changed, result.unchanged) == (1, 0, 1)


def test_a_renamed_key_keeps_its_records_and_their_name(side):
    source, bucket = uuid7(), {"granularity": "hour", "api_key_id": "k1"}
    take([usage(api_key="Old name", **bucket)], source)
    result = take([usage(api_key="New name", **bucket)], source)
    assert (result.new, result.changed, result.unchanged) == (0, 0, 1)
    take([usage(api_key="New name", occurred_at=AT + timedelta(days=1), **bucket)], source)
    rows = run(Query(**NOVEMBER, group_by=("api_key",))).rows
    assert [(row.keys, row.labels, row.records) for row in rows] == [(("k1",), ("New name",), 2)]
    assert set(DimensionSet.objects.values_list("api_key", flat=True)) == {"Old name", "New name"}


def test_a_bucket_that_a_complete_pull_lacks_is_withdrawn(side):
    source = uuid7()
    hours = [
        usage(granularity="hour", occurred_at=AT.replace(minute=0) + timedelta(hours=h), user=u)
        for h in range(2)
        for u in ("ada", "bob")
    ]
    window = (AT.replace(hour=0, minute=0), AT.replace(hour=0, minute=0) + timedelta(days=1))
    assert take(hours, source, complete_window=window).new == 4
    assert take(hours, source, complete_window=window).withdrawn == 0
    other = take([usage(granularity="hour")], uuid7())
    result = take(hours[:1], source, complete_window=window)
    assert (other.new, result.unchanged, result.withdrawn) == (1, 1, 3)
    assert result.restated_cost_nanos == -3 * 2_800_000
    assert _total().tokens.total == 2 * 1_100
    assert UsageRestatement.objects.filter(reason="withdrawn").count() == 3
    assert take(hours, source, complete_window=window).changed == 3
    assert take([], source, complete_window=window).withdrawn == 4
    assert verify_rollups().ok


def test_days_are_cut_in_the_organization_s_zone_on_the_day_clocks_change(side):
    Organization.objects.update(timezone="America/New_York")
    moments = [
        datetime(2026, 11, 1, 3, 59, tzinfo=UTC),
        datetime(2026, 11, 1, 4, 0, tzinfo=UTC),
        datetime(2026, 11, 2, 4, 59, tzinfo=UTC),
        datetime(2026, 11, 2, 5, 0, tzinfo=UTC),
    ]
    take([usage(occurred_at=moment) for moment in moments])
    take([usage(occurred_at=datetime(2026, 11, 2, tzinfo=UTC), granularity="day")])
    rows = run(Query(start=date(2026, 10, 1), end=date(2026, 12, 1), grain="day")).rows
    assert [(row.period, row.records) for row in rows] == [
        (date(2026, 10, 31), 1),
        (date(2026, 11, 1), 2),
        (date(2026, 11, 2), 2),
    ]
    assert verify_rollups().ok


def test_restating_moves_the_cells_of_the_day_that_the_record_counts_on(side):
    Organization.objects.update(timezone="America/New_York")
    source = uuid7()
    night = datetime(2026, 11, 2, 4, 59, tzinfo=UTC)

    def batch(output, **names):
        events = [
            usage(event_id=f"e{n}", occurred_at=night + timedelta(minutes=n), output=output)
            for n in range(3)
        ]
        day = usage(
            occurred_at=datetime(2026, 11, 2, tzinfo=UTC),
            granularity="day",
            output=output,
            api_key_id="k1",
            **names,
        )
        return [*events, day]

    take(batch(100), source)
    result = take(batch(300, api_key="Renamed"), source, accepted_at=AT + timedelta(days=400))
    assert (result.new, result.changed, result.unchanged) == (0, 4, 0)
    rows = run(Query(start=date(2026, 10, 1), end=date(2026, 12, 1), grain="day")).rows
    assert [(row.period, row.records, row.tokens.output) for row in rows] == [
        (date(2026, 11, 1), 1, 300),
        (date(2026, 11, 2), 3, 900),
    ]
    assert verify_rollups().ok


def test_the_price_is_kept_as_it_was(side):
    take([usage()])
    snapshot = PriceSnapshot.objects.get(id=UsageRecord.objects.get().price_id)
    assert snapshot.rates[0] == 2 * 10**12
    assert snapshot.currency == "USD"


def test_refused_records_do_not_stop_the_others(side):
    result = take([usage(), usage(output=-5), usage(model="")])
    assert result.new == 1
    assert [(e.index, e.field) for e in result.errors] == [(1, "output"), (2, "model")]


def test_months_without_a_partition_are_made_on_demand(side):
    take([usage(occurred_at=datetime(2023, 11, 16, 18, 17, tzinfo=UTC))])
    assert UsageRecord.objects.count() == 1


def test_outside_a_scope_each_chunk_is_its_own_transaction(world):
    source = uuid7()
    result = ingest(organization_id=world.a.id, source_id=source, batch=[usage()])
    assert (result.new, result.unpriced) == (1, 1)
    again = ingest(organization_id=world.a.id, source_id=source, batch=[usage()])
    assert again.new == 1


TRACE = Path(__file__).parents[2] / "fixtures/traces/azure_llm_inference_2023_code.csv"


@pytest.mark.skipif(not TRACE.exists(), reason="the trace is not in this checkout")
def test_the_recorded_trace_sums_to_the_file_and_twice_adds_nothing(side):
    with TRACE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    batch = [
        UsageIn(
            occurred_at=datetime.fromisoformat(row["TIMESTAMP"][:26]).replace(tzinfo=UTC),
            provider="azure",
            model="code",
            event_id=str(number),
            input_uncached=int(row["ContextTokens"]),
            output=int(row["GeneratedTokens"]),
        )
        for number, row in enumerate(rows)
    ]
    source = uuid7()
    assert take(batch, source).new == 8_819
    assert take(batch, source).unchanged == 8_819
    total = run(Query(start=date(2023, 11, 1), end=date(2023, 12, 1))).total
    assert (total.tokens.input_uncached, total.tokens.output) == (18_059_974, 245_896)
    assert (total.cost_nanos, total.unpriced_records) == (None, 8_819)
    assert verify_rollups().ok
