"""Raw records go with the organization's retention; what was closed provably stays."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.models import (
    AccountingPeriod,
    RollupAxis,
    RollupRun,
    UsageAdjustment,
    UsageRecord,
    UsageRun,
    UsageRunDetail,
)
from apps.ledger.query import Query, run
from apps.ledger.schema import RunIn
from apps.ledger.selectors import retention
from apps.ledger.selectors.periods import figures_of, is_unchanged
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.selectors.verify_runs import verify_runs
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
EDGE = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
    return world.a


def close(actor, month):
    settling = services.settle_period(actor=actor, month=month, version=0)
    return services.close_period(
        actor=actor, month=month, version=settling.version, note="Books done"
    )


def fill(side, source):
    with side.scope():
        first = usage(occurred_at=datetime(2026, 1, 5, tzinfo=UTC), event_id="first")
        take(
            [
                first,
                usage(occurred_at=EDGE, event_id="edge"),
                usage(occurred_at=EDGE + timedelta(hours=1), event_id="february"),
                usage(occurred_at=datetime(2026, 9, 5, tzinfo=UTC)),
            ],
            source,
        )
        close(side.actor(Role.CFO), JANUARY)


def test_only_closed_old_months_go_and_their_figures_stay(side):
    source, cfo = uuid7(), side.actor(Role.CFO)
    fill(side, source)
    with side.scope():
        take([usage(occurred_at=EDGE - timedelta(days=3), event_id="late")], source)
        before = figures_of(JANUARY)
        states = {row.month: row.state for row in retention.months(6)}
        assert states == {
            JANUARY: "due",
            FEBRUARY: "held",
            date(2026, 9, 1): "kept",
            date(2026, 11, 1): "kept",
        }
        kept = services.set_retention(actor=cfo, months=6, version=0)
        assert (kept.months, kept.version) == (6, 1)
        assert OutboxMessage.objects.filter(topic="ledger.prune").count() == 1
    assert services.prune(organization_id=side.id) == 3
    assert services.prune(organization_id=side.id) == 0
    with side.scope():
        assert UsageRecord.objects.count() == 2
        assert figures_of(JANUARY) == before
        assert is_unchanged(JANUARY)
        checked = verify_rollups()
        assert (checked.ok, checked.by_digest) == (True, 1)
        event = TrailEvent.objects.get(action="ledger.pruned")
        assert (event.after["records"], event.after["unchanged"]) == (3, True)
        january = run(Query(start=JANUARY, end=FEBRUARY))
        assert january.total.cost_nanos == 5_600_000
        with pytest.raises(Invalid, match="raw records of January"):
            run(Query(start=JANUARY, end=FEBRUARY, grain="hour"))


def test_after_pruning_nothing_of_the_month_is_counted_again(side):
    source = uuid7()
    fill(side, source)
    with side.scope():
        services.set_retention(actor=side.actor(Role.CFO), months=6, version=0)
    services.prune(organization_id=side.id)
    with side.scope():
        again = take(
            [
                usage(occurred_at=EDGE, event_id="edge"),
                usage(occurred_at=EDGE + timedelta(hours=1), event_id="february"),
                usage(occurred_at=EDGE + timedelta(hours=2), event_id="new"),
            ],
            source,
        )
        assert (again.pruned, again.unchanged, again.new, again.adjusted) == (1, 1, 1, 0)
        assert not UsageAdjustment.objects.exists()
        assert verify_rollups().ok
        services.rebuild()
        assert is_unchanged(JANUARY)
        assert verify_rollups().ok
        period = AccountingPeriod.objects.get(month=JANUARY)
        with pytest.raises(Conflict, match="raw records"):
            services.reopen_period(
                actor=side.actor(Role.CFO), month=JANUARY, version=period.version, reason="Late"
            )


def test_runs_of_a_pruned_month_keep_their_sums(side):
    source = uuid7()
    called = {"occurred_at": datetime(2026, 1, 9, tzinfo=UTC), "event_id": "call"}
    with side.scope():
        take([usage(run=RunIn(id="r1", agent="planner"), **called)], source)
    fill(side, source)
    with side.scope():
        services.set_retention(actor=side.actor(Role.CFO), months=6, version=0)
    services.prune(organization_id=side.id)
    with side.scope():
        assert not UsageRunDetail.objects.exists()
        again = [
            usage(run=RunIn(id="r1"), **called),
            usage(run=RunIn(id="r1"), occurred_at=NOW, event_id="later"),
        ]
        assert take(again, source).pruned == 1
        services.rebuild()
        run_row = UsageRun.objects.get()
        assert (run_row.calls, run_row.cost_nanos, run_row.day) == (1, 2_800_000, date(2026, 1, 9))
        assert RollupRun.objects.get().runs == 1
        assert verify_runs().ok


def test_a_changed_month_is_kept_and_verification_says_so(side):
    fill(side, uuid7())
    with side.scope():
        services.set_retention(actor=side.actor(Role.CFO), months=6, version=0)
        RollupAxis.objects.filter(day=date(2026, 1, 5)).update(output=1)
    assert services.prune(organization_id=side.id) == 0
    with side.scope():
        assert UsageRecord.objects.count() == 4
        assert not verify_rollups().ok


def test_a_pruned_month_that_changes_is_found_by_its_digest(side):
    fill(side, uuid7())
    with side.scope():
        services.set_retention(actor=side.actor(Role.CFO), months=6, version=0)
    services.prune(organization_id=side.id)
    with side.scope():
        RollupAxis.objects.filter(day=date(2026, 1, 5)).update(output=1)
        found = verify_rollups()
        assert [d.table for d in found.differences] == ["accounting_period"]


def test_the_setting_asks_for_permission_sense_and_the_present_version(side):
    with side.scope():
        with pytest.raises(Forbidden):
            services.set_retention(actor=side.actor(Role.VIEWER), months=6, version=0)
        for months in (0, 2, 121):
            with pytest.raises(Invalid):
                services.set_retention(actor=side.actor(Role.CFO), months=months, version=0)
        services.set_retention(actor=side.actor(Role.CFO), months=None, version=0)
        with pytest.raises(Conflict):
            services.set_retention(actor=side.actor(Role.CFO), months=6, version=0)
        assert retention.retention().months is None
        assert TrailEvent.objects.filter(action="ledger.retention_changed").count() == 1


def test_the_door_removes_nothing_of_open_months_or_other_organizations(side, world):
    fill(side, uuid7())
    fill(world.b, uuid7())
    for organization in (side, world.b):
        with organization.scope():
            services.set_retention(actor=organization.actor(Role.CFO), months=6, version=0)
    services.prune(organization_id=side.id)
    with world.b.scope():
        assert UsageRecord.objects.count() == 4
        for day in ("2026-02-01", "2026-01-05"):
            with (
                pytest.raises(DatabaseError, match="not closed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute("SELECT tenancy.ledger_prune_day(%s)", [day])
        assert UsageRecord.objects.count() == 4


def test_partitions_are_made_ahead_and_a_missing_one_is_seen():
    assert retention.missing_partitions(3) == []
    with time_machine.travel(datetime(2031, 5, 20, tzinfo=UTC), tick=False):
        assert retention.missing_partitions(1) == [date(2031, 5, 1), date(2031, 6, 1)]
