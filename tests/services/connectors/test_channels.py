"""Handed-in usage that is only compared: never in a figure, never twice, and back again."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
import time_machine

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.connectors import selectors, services
from apps.connectors.enums import SourceKind
from apps.connectors.models import ComparedRecord, ComparisonUsage, RoleChange, Source
from apps.connectors.push.services import accept_usage
from apps.connectors.services.channels import take
from apps.connectors.services.roles import change_role, move_usage
from apps.ledger.enums import CostStatus
from apps.ledger.models import AccountingPeriod, UsageRecord, UsageRestatement
from apps.ledger.quality.models import QualityAlert
from apps.ledger.quality.services import check
from apps.ledger.query import Query, run
from apps.ledger.schema import RunIn
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.selectors.verify_runs import verify_runs
from apps.ledger.services import fold
from tests.factories.ledger import usage
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
DAY = date(2026, 11, 20)


@pytest.fixture
def org(world):
    with time_machine.travel(NOW, tick=False):
        yield world.a


def us():
    return system_actor("tests")


def call(number, hour=10, day=20, **fields):
    """A call of 1,000 tokens in and 100 out that cost 0.50."""
    return usage(
        event_id=f"call-{number}",
        occurred_at=datetime(2026, 11, day, hour, tzinfo=UTC),
        provider="openai",
        **{"model": "gpt-5", "cost": Decimal("0.5"), **fields},
    )


def send(org, *calls):
    with org.scope():
        body = msgspec.json.encode(list(calls))
        return accept_usage(actor=us(), data=body, lines=False)


def totals(org):
    """Tokens and cost in figures; tokens, cost and records compared."""
    with org.scope():
        row = run(Query(start=date(2026, 11, 1), end=date(2026, 12, 1))).total
        compared = selectors.comparison_days(date(2026, 11, 1), date(2026, 12, 1))
        return (
            (row.tokens.total, row.cost_nanos or 0),
            (
                sum(line.counts.total for line in compared),
                [None if line.without_cost else line.cost_nanos for line in compared],
                sum(ComparisonUsage.objects.values_list("records", flat=True)),
            ),
        )


def source_of(org):
    with org.scope():
        return Source.objects.get(kind=SourceKind.RECORDS_API)


def become(org, role, since=DAY, actor=None, move=True, **fields):
    source = source_of(org)
    with org.scope():
        given = {"version": source.version, "reason": "The provider counts it.", **fields}
        change_role(actor=actor or us(), source_id=source.id, role=role, since=since, **given)
    if move:
        move_usage(organization_id=org.id, source_id=source.id)


def exact(org):
    with org.scope():
        assert verify_rollups().ok
        assert verify_runs().ok


def test_from_a_day_on_pushed_usage_leaves_every_figure_and_is_compared(org):
    send(org, call(1, day=19), call(2), call(3, hour=11, run=RunIn(id="r1")))
    fold(organization_id=org.id)
    assert totals(org) == ((3300, 1_500_000_000), (0, [], 0))
    become(org, "comparison")
    assert totals(org) == ((1100, 500_000_000), (2200, [1_000_000_000], 2))
    exact(org)
    with org.scope():
        assert UsageRestatement.objects.filter(reason="withdrawn").count() == 2
        change = RoleChange.objects.get()
        assert (change.moved, change.done_at, change.decided_by) == (2, NOW, "tests")

    # New calls, a repeat of one that was moved, and one of a day on which the source still counts.
    send(org, call(2), call(4, day=22), call(5, day=18))
    fold(organization_id=org.id)
    send(org, call(2), call(4, day=22))
    fold(organization_id=org.id)
    assert totals(org) == ((2200, 1_000_000_000), (3300, [1_000_000_000, 500_000_000], 3))
    exact(org)


def test_a_later_observation_replaces_and_an_emptied_record_goes(org):
    send(org, call(1, day=1))
    fold(organization_id=org.id)
    become(org, "comparison")
    send(org, call(2), call(3, cost=None, currency="USD"))
    fold(organization_id=org.id)
    assert totals(org)[1] == (2200, [None], 2)
    later = NOW + timedelta(seconds=5)
    send(
        org, call(3, output=150, observed_at=later), call(2, model="gpt-5-mini", observed_at=later)
    )
    fold(organization_id=org.id)
    with org.scope():
        lines = {
            line.model: (line.output, line.cost_nanos, line.records, line.requests)
            for line in ComparisonUsage.objects.all()
        }
    assert lines == {"gpt-5": (150, 500_000_000, 1, 1), "gpt-5-mini": (100, 500_000_000, 1, 1)}
    with org.scope():
        gone = call(2, input_uncached=0, output=0, requests=0, cost=Decimal(0))
        assert take(source_of(org).id, [gone]).withdrawn == 1
        assert ComparisonUsage.objects.count() == 1
        assert ComparedRecord.objects.count() == 1


def test_what_programs_push_counts_again_from_now_on(org):
    send(org, call(1))
    fold(organization_id=org.id)
    become(org, "comparison")
    with pytest.raises(Invalid) as caught:
        become(org, "record")
    assert [error.field for error in caught.value.errors] == ["since"]
    become(org, "record", since=None)
    send(org, call(1), call(2, day=23, hour=12))
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        send(org, call(3, day=23, hour=13))
        fold(organization_id=org.id)
    assert totals(org) == ((1100, 500_000_000), (2200, [500_000_000, 500_000_000], 2))


def test_files_that_count_from_a_day_are_compared_no_longer(org):
    with org.scope():
        source = services.create_source(actor=us(), kind="csv", name="Export", role="comparison")
        take(source.id, [call(1, day=19), call(2), call(3)])
    assert totals(org) == ((0, 0), (3300, [500_000_000, 1_000_000_000], 3))
    with org.scope():
        change_role(
            actor=us(), source_id=source.id, version=1, role="record", since=DAY, reason="Bills."
        )
        assert RoleChange.objects.get().moved == 2
        take(source.id, [call(1, day=19), call(2), call(3)])
    assert totals(org) == ((2200, 1_000_000_000), (1100, [500_000_000], 1))


def test_refusals_write_nothing(org):
    send(org, call(1, day=1))
    fold(organization_id=org.id)
    before = totals(org)
    with org.scope():
        AccountingPeriod.objects.create(month=date(2026, 10, 1), status="closed")
        analyst = org.actor(Role.AUDITOR)
    refused = [
        (Invalid, {"since": date(2026, 10, 31)}),
        (Invalid, {"since": date(2026, 11, 24)}),
        (Invalid, {"since": date(2025, 11, 1)}),
        (Invalid, {"reason": " "}),
        (Conflict, {"version": 7}),
        (Conflict, {"role": "record"}),
        (Forbidden, {"actor": analyst}),
    ]
    for error, fields in refused:
        with pytest.raises(error):
            become(org, **{"role": "comparison", **fields})
    with org.scope():
        pulled = services.create_source(
            actor=us(), kind="openai", name="OpenAI", credential="sk-admin-0123456789"
        )
        with pytest.raises(Conflict):
            change_role(
                actor=us(), source_id=pulled.id, version=1, role="comparison", since=DAY,
                reason="No.",
            )  # fmt: skip
        assert RoleChange.objects.count() == 0
    assert totals(org) == before


def test_the_next_change_waits_until_usage_has_moved(org):
    send(org, call(1))
    fold(organization_id=org.id)
    become(org, "comparison", move=False)
    with pytest.raises(Conflict):
        become(org, "record", since=None)


def test_two_channels_of_one_account_raise_an_alert_until_one_is_compared(org):
    load_prices()
    with org.scope():
        bill = services.create_source(actor=us(), kind="csv", name="Provider export")
        take(bill.id, [call(n, day=18 + n, account="acme") for n in range(3)])
    send(org, *(call(n, day=18 + n, account="acme") for n in range(3)))
    fold(organization_id=org.id)
    with org.scope():
        check()
        alert = QualityAlert.objects.get(kind="overlap")
        assert alert.title == "Provider export and Records API both count openai"
        assert (alert.severity, str(alert.since)) == ("bad", "2026-11-18")
        assert "account acme on 3 days since" in alert.detail
    become(org, "comparison", since=date(2026, 11, 18))
    with org.scope():
        check()
        assert QualityAlert.objects.get(kind="overlap").state == "resolved"
        assert UsageRecord.objects.exclude(cost_status=CostStatus.WITHDRAWN).count() == 3
