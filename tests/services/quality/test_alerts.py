"""Alerts: raised once per cause, told once, resolved by people or by the data."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.connectors.models import SchemaAlarm
from apps.ledger.quality import services
from apps.ledger.quality.models import QualityAlert
from apps.ledger.services import mark_coverage
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.factories.connectors import make_source
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def source():
    return uuid7()


def daily(source, first, last, **fields):
    """A call each day, from so many days ago to so many days ago, no two alike."""
    take(
        [
            usage(occurred_at=NOW - timedelta(days=n), output=100 + n, **fields)
            for n in range(last, first + 1)
        ],
        source,
    )


@pytest.fixture
def side(world, source):
    world.a.person(Role.TOKENOPS_LEAD)
    with world.a.scope():
        price("m1")
        mark_coverage(source_id=source, name="Gateway", complete_through=None)
        daily(source, 35, 3)
    return world.a


def alerts(**words):
    return QualityAlert.objects.filter(**words)


def test_a_quiet_source_is_told_once_and_resolves_by_itself(side, source):
    with side.scope():
        assert services.check() == services.Checked(opened=1, seen=1, resolved=0)
        row = alerts().get()
        assert (row.kind, row.severity, row.state) == ("quiet", "bad", "open")
        assert row.title == "Gateway is quiet since 18 Nov"
        assert "2 days on which it usually brings usage (18 Nov to 19 Nov)" in row.detail
        told = Notification.objects.count()
        assert told == 2
        assert services.check().opened == 0
        assert (alerts().count(), Notification.objects.count()) == (1, told)
        daily(source, 2, 0)
        assert services.check().resolved == 1
        row.refresh_from_db()
        assert (row.state, row.by_person, row.resolved_by) == (
            "resolved",
            False,
            "It is no longer so",
        )


def test_a_source_that_says_it_is_complete_dropped_to_zero(side, source):
    with side.scope():
        mark_coverage(source_id=source, complete_through=NOW)
        services.check()
        assert alerts().get().title == "Gateway reports nothing since 18 Nov"
        assert alerts().get().kind == "zero"
        mark_coverage(source_id=source, complete_through=NOW, is_active=False)
        assert services.check().resolved == 1


def test_people_take_alerts_on_and_close_them_for_good(side):
    lead = side.actor(Role.TOKENOPS_LEAD)
    with side.scope():
        services.check()
        row = alerts().get()
        with pytest.raises(Forbidden):
            services.acknowledge(actor=side.actor(Role.VIEWER), alert_id=row.id, version=1)
        taken = services.acknowledge(actor=lead, alert_id=row.id, version=1, note="Looking")
        assert (taken.state, taken.acknowledged_by) == ("acknowledged", lead.name)
        with pytest.raises(Conflict):
            services.acknowledge(actor=lead, alert_id=row.id, version=1)
        with pytest.raises(Invalid):
            services.resolve(actor=lead, alert_id=row.id, version=2, note=" ")
        services.resolve(actor=lead, alert_id=row.id, version=2, note="The team is on leave")
        assert services.check() == services.Checked(opened=0, seen=1, resolved=0)
        assert alerts().get().state == "resolved"
        actions = TrailEvent.objects.filter(action__startswith="quality.").order_by("id")
        assert [event.action for event in actions] == [
            "quality.opened",
            "quality.acknowledged",
            "quality.resolved",
        ]


def test_what_went_away_by_itself_and_comes_back_is_opened_and_told_again(side):
    with side.scope():
        services.check()
        alerts().update(state="resolved")
        assert services.check().opened == 1
        row = alerts().get()
        assert (row.state, row.raised) == ("open", 2)
        assert Notification.objects.filter(key__endswith=":2").count() == 2


def test_a_day_delivered_twice_under_another_date(side, source):
    with side.scope():
        same = {"requests": 50, "input_uncached": 90_000, "output": 7, "granularity": "hour"}
        for n in (1, 2):
            at = (NOW - timedelta(days=n)).replace(hour=3)
            take([usage(occurred_at=at, **same)], source)
        services.check()
        row = alerts(kind="repeats").get()
        assert row.title == "Gateway: 19 Nov is identical to 18 Nov"


def test_cents_taken_for_units_are_found(side, source):
    with side.scope():
        at = NOW - timedelta(days=1)
        big = {"input_uncached": 10_000_000, "output": 0}
        take([usage(occurred_at=at, cost=Decimal(2000), **big)], source)
        services.check()
        (row,) = alerts(kind="cost")
        assert "reported cost is 100 times what its tokens cost" in row.title
        assert "$2,000.00" in row.detail


def test_a_changed_answer_of_a_provider_is_an_alert_until_it_is_acknowledged(world):
    with world.a.scope():
        alarm = SchemaAlarm.objects.create(
            source=make_source("openai"),
            endpoint="/usage/completions",
            field="input_thinking_tokens",
            change="unknown",
            touches_figures=True,
        )
        services.check()
        row = alerts(kind="schema").get()
        assert (row.severity, row.source_id) == ("bad", alarm.source_id)
        assert "new field input_thinking_tokens" in row.title
        SchemaAlarm.objects.update(acknowledged_at=NOW)
        assert services.check().resolved == 1


def test_a_missing_partition_is_an_alert(world):
    with world.a.scope(), time_machine.travel(datetime(2031, 5, 20, tzinfo=UTC), tick=False):
        services.check()
        assert sorted(alerts(kind="partition").values_list("subject", flat=True)) == [
            "2031-05-01",
            "2031-06-01",
        ]


def test_one_organization_hears_nothing_of_the_other(side, world):
    with side.scope():
        services.check()
    with world.b.scope():
        assert services.check().opened == 0
        assert not alerts().exists()
