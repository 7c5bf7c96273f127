"""Periods, adjustments, re-attribution, pricing later, rebuilding: history moves in the open."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.attribution.services import RuleDraft, create_rule
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.enums import CostStatus
from apps.ledger.models import (
    AttributionSpan,
    LedgerState,
    Reattribution,
    RollupAxis,
    UsageAdjustment,
    UsageRecord,
    UsageRestatement,
)
from apps.ledger.query import Query, run
from apps.ledger.selectors.periods import is_unchanged, periods
from apps.ledger.selectors.verify import verify_rollups
from apps.organizations.models import Organization
from apps.outbox.models import OutboxMessage
from apps.pricing.fx.services import enter_rate, import_rates
from apps.trail.models import TrailEvent
from tests.factories.ledger import AT, price, take, usage

pytestmark = pytest.mark.django_db
OCTOBER, IN_OCTOBER = date(2026, 10, 1), AT - timedelta(days=20)
YEAR = {"start": date(2026, 1, 1), "end": date(2027, 6, 1)}


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
    return world.a


def close(actor, month=OCTOBER, version=0):
    settling = services.settle_period(actor=actor, month=month, version=version)
    return services.close_period(
        actor=actor, month=month, version=settling.version, note="Books done"
    )


def by_month():
    return {row.period: row.cost_nanos for row in run(Query(**YEAR, grain="month")).rows}


def test_a_closed_month_does_not_move_and_the_change_counts_in_an_open_one(side):
    actor, source = side.actor(Role.CFO), uuid7()
    first = usage(occurred_at=IN_OCTOBER, observed_at=AT)
    with side.scope():
        take([first], source)
        closed = close(actor)
        assert (closed.status, closed.figures["cost_nanos"]) == ("closed", 2_800_000)
        assert is_unchanged(OCTOBER)
        change = usage(
            occurred_at=IN_OCTOBER,
            event_id=first.event_id,
            output=600,
            observed_at=AT + timedelta(days=1),
        )
        late = usage(occurred_at=IN_OCTOBER + timedelta(hours=1), output=0)
        result = take([change, late], source)
        assert (result.changed, result.new, result.adjusted) == (1, 1, 1)
        assert is_unchanged(OCTOBER)
        assert by_month()[OCTOBER] == 2_800_000
        assert sum(by_month().values()) == 6_800_000 + 2_000_000
        row = UsageAdjustment.objects.get()
        assert (row.origin_day, row.cost_nanos, row.records) == (
            IN_OCTOBER.date(),
            6_000_000,
            1,
        )
        assert row.posted_on.replace(day=1) > OCTOBER
        assert verify_rollups().ok
        assert next(p for p in periods() if p.month == OCTOBER).adjustments == 1
        reopened = services.reopen_period(
            actor=actor, month=OCTOBER, version=closed.version, reason="Late invoice"
        )
        again = usage(
            occurred_at=IN_OCTOBER,
            event_id=first.event_id,
            output=700,
            observed_at=AT + timedelta(days=2),
        )
        assert take([again], source).adjusted == 0
        assert by_month()[OCTOBER] == 2_800_000 + 800_000
        assert verify_rollups().ok
        actions = TrailEvent.objects.filter(action__startswith="period.").order_by("at")
        assert [event.action for event in actions] == [
            "period.settling",
            "period.closed",
            "period.reopened",
        ]
        assert reopened.status == "open"


def test_steps_are_conditional_and_in_order(side):
    actor = side.actor(Role.CFO)
    with side.scope():
        take([usage(occurred_at=IN_OCTOBER)])
        with pytest.raises(Conflict):
            services.close_period(actor=actor, month=OCTOBER, version=0)
        settling = services.settle_period(actor=actor, month=OCTOBER, version=0)
        with pytest.raises(Conflict):
            services.close_period(actor=actor, month=OCTOBER, version=settling.version - 1)
        services.close_period(actor=actor, month=OCTOBER, version=settling.version)
        with pytest.raises(Invalid):
            services.reopen_period(actor=actor, month=OCTOBER, version=2, reason=" ")
        with pytest.raises(Invalid):
            services.close_period(actor=actor, month=date(2099, 1, 1), version=0)
        with pytest.raises(Forbidden):
            services.settle_period(actor=side.actor(Role.MEMBER), month=date(2026, 9, 1), version=0)


def rule(side, starts_on=None, key="k1"):
    return create_rule(
        actor=system_actor("tests"),
        draft=RuleDraft(
            name=f"{key} is core",
            conditions=[{"field": "api_key", "operator": "equals", "values": [key]}],
            unit_id=side.units["core"].id,
            starts_on=starts_on,
        ),
    )


def by_unit(**query):
    found = run(Query(**YEAR, group_by=("unit",), **query)).rows
    return {row.labels[0]: row.cost_nanos for row in found}


def test_a_rule_moves_past_usage_of_open_months_only(side):
    with side.scope():
        take(
            [
                usage(api_key_id="k1", occurred_at=IN_OCTOBER),
                usage(api_key_id="k1"),
                usage(api_key_id="k1", occurred_at=AT + timedelta(days=5)),
                usage(api_key_id="k2"),
            ]
        )
        close(side.actor(Role.CFO))
        rule(side, starts_on=date(2026, 11, 5))
    done = services.run_reattribution(organization_id=side.id)
    assert (done.sets, done.changed, done.moved_nanos) == (2, 1, 2_800_000)
    with side.scope():
        job = Reattribution.objects.get()
        assert (job.status, job.total, job.looked, job.changed, job.moved_nanos) == (
            "done",
            2,
            2,
            1,
            2_800_000,
        )
    with side.scope():
        assert by_unit() == {"Unattributed": 8_400_000, "Core": 2_800_000}
        rule(side)
    done = services.reattribute(organization_id=side.id)
    assert done.moved_nanos == 2_800_000
    with side.scope():
        assert by_unit() == {"Unattributed": 5_600_000, "Core": 5_600_000}
        assert is_unchanged(OCTOBER)
        assert verify_rollups().ok
        assert UsageRecord.objects.filter(version=1).count() == 4
        spans = AttributionSpan.objects.filter(unit_id__isnull=False)
        assert {(s.valid_from, s.confidence) for s in spans} >= {(date(2026, 11, 1), 2)}
    assert services.reattribute(organization_id=side.id).changed == 0


def test_a_worker_with_older_spans_reads_them_again(side):
    source = uuid7()
    first = [usage(api_key_id="k1")]
    services.ingest(organization_id=side.id, source_id=source, batch=first)
    with side.scope():
        rule(side)
        before = LedgerState.objects.get().attribution_version
    services.reattribute(organization_id=side.id)
    services.ingest(organization_id=side.id, source_id=source, batch=[usage(api_key_id="k1")])
    with side.scope():
        assert LedgerState.objects.get().attribution_version == before + 1
        assert by_unit() == {"Core": 5_600_000}
        assert verify_rollups().ok


def test_what_had_no_price_is_priced_later_with_preview_and_trace(side):
    with side.scope():
        take([usage(model="m9"), usage(model="m9", occurred_at=IN_OCTOBER), usage(model="m8")])
        close(side.actor(Role.CFO))
        price("m9")
        seen = services.preview_recost()
        assert (seen.records, seen.cost_nanos, seen.waiting, seen.closed) == (1, 2_800_000, 1, 1)
        assert dict(seen.by_model) == {"m9": 2_800_000}
        assert not UsageRestatement.objects.exists()
        with pytest.raises(Forbidden):
            services.request_recost(actor=side.actor(Role.MEMBER))
        job = services.request_recost(actor=side.actor(Role.CFO))
        assert OutboxMessage.objects.filter(topic="ledger.recost").count() == 1
        with pytest.raises(Conflict):
            services.request_recost(actor=side.actor(Role.CFO))
    services.run_recost(organization_id=side.id, job_id=job.id)
    services.run_recost(organization_id=side.id, job_id=job.id)
    with side.scope():
        job.refresh_from_db()
        assert (job.status, job.looked, job.total) == ("done", 3, 3)
        assert (job.records, job.cost_nanos, job.waiting, job.closed) == (1, 2_800_000, 1, 1)
        assert job.by_day == [["2026-11-03", 1, 2_800_000]]
    with side.scope():
        row = UsageRestatement.objects.get()
        assert (row.reason, row.old_cost_nanos, row.new_cost_nanos) == ("recost", None, 2_800_000)
        assert run(Query(**YEAR)).total.unpriced_records == 2
        assert is_unchanged(OCTOBER)
        assert verify_rollups().ok
    assert services.recost(organization_id=side.id).records == 0


def test_pricing_later_reaches_closed_months_by_adjustments_only(side):
    with side.scope():
        take([usage(model="m9", occurred_at=IN_OCTOBER), usage(model="m9")])
        close(side.actor(Role.CFO))
        price("m9")
        seen = services.preview_recost(adjust_closed=True)
        assert (seen.records, seen.adjusted, seen.adjusted_nanos) == (2, 1, 2_800_000)
        assert dict(seen.by_day) == {IN_OCTOBER.date(): [1, 2_800_000], AT.date(): [1, 2_800_000]}
    done = services.recost(organization_id=side.id, adjust_closed=True)
    assert (done.records, done.closed, done.waiting) == (2, 0, 0)
    with side.scope():
        assert is_unchanged(OCTOBER)
        assert by_month()[OCTOBER] is None
        row = UsageAdjustment.objects.get()
        assert (row.origin_day, row.cost_nanos, row.unpriced_records) == (
            IN_OCTOBER.date(),
            2_800_000,
            -1,
        )
        assert run(Query(**YEAR)).total.cost_nanos == 5_600_000
        assert verify_rollups().ok
    assert services.recost(organization_id=side.id, adjust_closed=True).records == 0


def test_amounts_of_another_currency_are_converted_once_there_is_a_rate(side):
    paid = {"cost": Decimal("1.25"), "currency": "EUR"}
    source = uuid7()
    with side.scope():
        take(
            [
                usage(event_id="euro", **paid),
                usage(event_id="yen", cost=Decimal(5), currency="JPY"),
            ],
            source,
        )
        assert services.preview_recost().waiting == 2
        import_rates(actor=side.actor(Role.CFO), content=b"Date,USD\n2026-11-02,1.1\n")
    done = services.recost(organization_id=side.id)
    assert (done.records, done.cost_nanos, done.waiting) == (1, 1_375_000_000, 1)
    with side.scope():
        row = UsageRecord.objects.get(cost_nanos=1_375_000_000)
        assert (row.source_cost_nanos, row.source_currency) == (1_250_000_000, "EUR")
        assert row.get_cost_basis_display() == "Reported by the provider"
        again = take([usage(event_id="euro", **paid)], source)
        assert (again.unchanged, again.changed) == (1, 0)
        assert verify_rollups().ok


def test_a_known_rate_converts_on_arrival_to_the_nano_and_a_later_one_restates_nothing(side):
    """3.333333333 EUR at 1.23456789 USD are 4.11522629958847: rounded half-even once."""
    source = uuid7()
    money = {"cost": Decimal("3.333333333"), "currency": "EUR", "observed_at": AT}
    rates = b"Date,USD\n2026-11-02,1.1\n2026-11-03,1.23456789\n"
    with side.scope():
        import_rates(actor=side.actor(Role.CFO), content=rates)
        batch = [
            usage(event_id="euro", **money),
            usage(event_id="before", occurred_at=AT - timedelta(days=1), **money),
            usage(event_id="own", cost=Decimal(1)),
            usage(event_id="old", occurred_at=AT - timedelta(days=9), **money),
            usage(event_id="said", cost_basis="allocated", **money),
        ]
        take(batch, source)
        records = UsageRecord.objects.order_by("cost_nanos", "cost_status")
        assert list(records.values_list("cost_nanos", "source_cost_nanos", "cost_status")) == [
            (1_000_000_000, None, CostStatus.EXACT),
            (3_666_666_666, 3_333_333_333, CostStatus.EXACT),
            (4_115_226_300, 3_333_333_333, CostStatus.EXACT),
            (4_115_226_300, 3_333_333_333, CostStatus.ESTIMATED),
            (None, 3_333_333_333, CostStatus.UNCONVERTED),
        ]
        again = take(batch, source)
        assert (again.unchanged, again.changed) == (5, 0)
        cfo, two = side.actor(Role.CFO), Decimal(2)
        enter_rate(actor=cfo, base="EUR", quote="USD", day=AT.date(), rate=two, note="A mistake.")
        assert take(batch, source).changed == 0
        paid = {"cost": Decimal(1), "currency": "EUR", "observed_at": AT + timedelta(days=1)}
        assert take([usage(event_id="euro", **paid)], source).changed == 1
        assert UsageRecord.objects.filter(cost_nanos=2_000_000_000).count() == 1
        assert verify_rollups().ok


def test_a_ledger_in_another_currency_converts_what_it_computes(side):
    with side.scope():
        Organization.objects.update(currency="EUR")
        import_rates(actor=side.actor(Role.CFO), content=b"Date,USD\n2026-11-02,1.25\n")
        take([usage()])
        row = UsageRecord.objects.get()
        assert (row.cost_nanos, row.source_cost_nanos, row.source_currency) == (
            2_240_000,
            2_800_000,
            "USD",
        )
        assert (row.cost_status, row.price_id is None) == (CostStatus.EXACT, False)
        assert verify_rollups().ok


def test_rebuilding_changes_nothing_but_the_zone(side):
    with side.scope():
        take([usage(), usage(occurred_at=IN_OCTOBER)])
        close(side.actor(Role.CFO))
        take([usage(occurred_at=IN_OCTOBER)])
        before = list(RollupAxis.objects.order_by("axis", "day", "key").values())
        services.rebuild()
        assert list(RollupAxis.objects.order_by("axis", "day", "key").values()) == before
        Organization.objects.update(timezone="Asia/Tokyo")
        with pytest.raises(Conflict):
            services.rebuild()
        services.reopen_period(
            actor=side.actor(Role.CFO), month=OCTOBER, version=2, reason="New zone"
        )
        services.rebuild()
        assert LedgerState.objects.get().timezone == "Asia/Tokyo"
        assert verify_rollups().ok


def test_a_wrong_cell_is_found_and_named(side):
    with side.scope():
        take([usage()])
        RollupAxis.objects.filter(axis=0).update(output=101)
        found = verify_rollups()
        assert (found.ok, found.wrong) == (False, 1)
        assert found.differences[0].stored == {"output": 101}
        assert found.differences[0].expected == {"output": 100}
