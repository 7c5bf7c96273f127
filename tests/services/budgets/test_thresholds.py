"""Thresholds: told once a period to who answers, armed again by money alone, set by one hand."""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets import services
from apps.budgets.enums import Basis
from apps.budgets.models import BudgetCrossing, BudgetThreshold, ThresholdDefault
from apps.budgets.selectors.thresholds import thresholds_of
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.ledger.schema import UsageIn
from apps.ledger.services.ingest import ingest
from apps.notifications.models import Notification
from apps.organizations.models import RoleBinding
from apps.outbox.models import OutboxMessage
from apps.tenancy.scope import require_organization_id
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import SOURCE, spend

NOW = datetime(2026, 11, 6, 9, tzinfo=UTC)
UNIT = 10**9
TOLD = (Role.MEMBER, Role.UNIT_LEAD, Role.TOKENOPS_LEAD)
_versions = itertools.count(1)


@pytest.fixture
def side(world):
    a = world.a
    a.units  # noqa: B018 -- made before time stands still
    for role in (Role.CFO, Role.VIEWER, Role.MEMBER, Role.TOKENOPS_LEAD):
        a.person(role)
    a.person(Role.UNIT_LEAD, "core")
    with time_machine.travel(NOW, tick=False), a.scope():
        a.capability = make_capability("Claims", unit_id=a.units["core"].id)
        a.budget = make_budget(
            "Claims",
            scope="capability",
            capability_id=a.capability.id,
            amount_nanos=1_000 * UNIT,
            owner_membership_id=a.person(Role.MEMBER).membership.id,
        )
        yield a


def use(day, units):
    spend(date(2026, 11, day), units * UNIT, capability="claims")


def told():
    rows = BudgetCrossing.objects.order_by("found_at", "percent", "basis")
    return [(row.basis, row.percent, row.raised) for row in rows]


def messages():
    return Notification.objects.filter(kind="budget.threshold").order_by("id")


def people(side, *roles):
    return {
        side.person(role, "core" if role is Role.UNIT_LEAD else None).membership.id
        for role in roles
    }


def restate(units):
    """One event of 2 November, which another version replaces."""
    made = ingest(
        organization_id=require_organization_id(),
        source_id=SOURCE,
        batch=[
            UsageIn(
                occurred_at=datetime(2026, 11, 2, 12, tzinfo=UTC),
                observed_at=NOW + timedelta(minutes=next(_versions)),
                provider="openai",
                model="gpt-4.1",
                event_id="restated",
                input_uncached=100,
                cost=Decimal(units),
                cost_basis="provider_reported",
                capability="claims",
            )
        ],
    )
    assert made.errors == []


def test_a_threshold_is_told_once_to_who_answers(side):
    assert services.watch().crossed == 0
    use(2, 600)
    assert [services.watch().crossed, services.watch().crossed] == [1, 0]
    row = BudgetCrossing.objects.get()
    assert (row.basis, row.percent, row.measure) == ("actual", 50, "money")
    assert (row.limit, row.at, row.used) == (1_000 * UNIT, 500 * UNIT, 600 * UNIT)
    assert (row.period_start, row.crossed_on) == (date(2026, 11, 1), date(2026, 11, 2))
    assert {n.membership_id for n in messages()} == people(side, *TOLD)
    first = messages().first()
    assert first.title == "Claims has used 60% of its budget"
    assert "$600 of $1,000 went so far" in first.body
    assert "Nothing was stopped" in first.body
    assert first.path.endswith(f"/budgets/{side.budget.id}/?period=2026-11-01")
    assert first.email_state == "none"
    event = TrailEvent.objects.get(action="budget.threshold_crossed")
    assert (event.object_id, event.after["percent"]) == (side.budget.id, 50)
    message = OutboxMessage.objects.get(topic="budget.crossed")
    assert message.payload["crossing_id"] == str(row.id)


def test_what_is_reached_at_once_is_one_message_and_finance_hears_of_the_end(side):
    use(2, 1_040)
    assert services.watch().crossed == 5
    assert told() == [
        ("actual", 50, 1),
        ("actual", 80, 1),
        ("actual", 90, 1),
        ("actual", 100, 1),
        ("forecast", 100, 1),
    ]
    assert TrailEvent.objects.filter(action="budget.threshold_crossed").count() == 5
    assert {n.membership_id for n in messages()} == people(side, *TOLD, Role.CFO)
    assert {n.title for n in messages()} == {"Claims is $40 over its budget"}
    assert {n.email_state for n in messages()} == {"waiting"}
    use(3, 160)
    assert services.watch().crossed == 1
    assert told()[-1] == ("actual", 120, 1)


def test_use_restated_down_and_up_again_tells_nobody_twice(side):
    for units, crossed in ((850, 2), (400, 0), (850, 0), (950, 1), (10, 0), (950, 0)):
        restate(units)
        assert services.watch().crossed == crossed, units
    assert told() == [("actual", 50, 1), ("actual", 80, 1), ("actual", 90, 1)]
    assert messages().count() == 2 * len(TOLD)


def test_a_higher_limit_puts_a_threshold_ahead_again(side):
    use(2, 850)
    assert services.watch().crossed == 2
    services.grant_budget(
        actor=side.actor(Role.CFO),
        budget_id=side.budget.id,
        version=1,
        on=NOW.date(),
        amount_nanos=250 * UNIT,
        note="Agreed.",
    )
    assert services.watch().crossed == 0
    by_percent = {row.percent: row for row in BudgetCrossing.objects.all()}
    assert (by_percent[50].is_armed, by_percent[50].limit) == (False, 1_250 * UNIT)
    assert (by_percent[80].is_armed, by_percent[80].limit) == (True, 1_000 * UNIT)
    use(3, 200)
    assert [services.watch().crossed, services.watch().crossed] == [1, 0]
    assert told() == [("actual", 50, 1), ("actual", 80, 2)]
    assert messages().last().title == "Claims has used 84% of its budget"
    assert messages().count() == 2 * len(TOLD)


def test_a_forecast_is_told_as_one(side):
    with time_machine.travel(NOW + timedelta(days=6), tick=False):
        for day in range(1, 12):
            use(day, 40)
        assert services.watch().crossed == 1
    assert told() == [("forecast", 100, 1)]
    assert {n.membership_id for n in messages()} == people(side, *TOLD, Role.CFO)
    assert messages().first().title == "Claims is forecast to reach its budget on about 25 Nov"
    row = BudgetCrossing.objects.get()
    assert (row.used, row.likely, row.crossed_on) == (440 * UNIT, 1_200 * UNIT, date(2026, 11, 25))


def test_a_period_that_ended_is_told_when_its_last_use_arrives(side):
    with time_machine.travel(datetime(2026, 12, 2, 9, tzinfo=UTC), tick=False):
        assert services.watch().crossed == 0
        use(30, 1_000)
        assert [services.watch().crossed, services.watch().crossed] == [5, 0]
    assert set(BudgetCrossing.objects.values_list("period_start", flat=True)) == {date(2026, 11, 1)}
    assert messages().first().title == "Claims has used up its budget"
    with time_machine.travel(datetime(2026, 12, 9, 9, tzinfo=UTC), tick=False):
        use(29, 300)
        services.watch()
    assert not BudgetCrossing.objects.filter(percent=120).exists()


def test_a_budget_of_nothing_is_told_by_its_first_use(side):
    services.revise_budget(
        actor=side.actor(Role.CFO),
        budget_id=side.budget.id,
        version=1,
        effective_on=date(2026, 11, 1),
        amount_nanos=0,
        amount_tokens=None,
        note="Stopped.",
    )
    assert services.watch().crossed == 0
    use(5, 1)
    assert services.watch().crossed == 1
    assert messages().first().title == "Claims is used and has no money: its budget is $0"


def test_without_owner_lead_or_tokenops_the_administrators_hear_of_it(side):
    RoleBinding.objects.filter(role__in=["unit_lead", "tokenops_lead"]).delete()
    make_budget("Everything", amount_nanos=100 * UNIT)
    use(2, 60)
    services.watch()
    row = messages().get(title__startswith="Everything")
    assert {row.membership_id} == people(side, Role.OWNER)


def test_own_thresholds_and_those_of_the_organization(side):
    cfo = side.actor(Role.CFO)
    found = services.set_threshold_default(actor=cfo, actual=[70, 70], forecast=[], version=0)
    assert (found.actual, found.forecast, found.version) == ([70], [], 1)
    use(2, 600)
    assert services.watch().crossed == 0
    own = make_budget("Own", amount_nanos=500 * UNIT, thresholds=[(Basis.ACTUAL, 10)])
    assert services.watch().crossed == 2
    rows = BudgetCrossing.objects.order_by("percent").values_list("budget_id", "percent")
    assert list(rows) == [(own.id, 10), (own.id, 100)]
    for version in (0, 2):
        with pytest.raises(Conflict):
            services.set_threshold_default(actor=cfo, actual=[60], forecast=[], version=version)
    for actual, field in (([0], "actual"), ([1001], "actual"), (list(range(1, 22)), "actual")):
        with pytest.raises(Invalid) as error:
            services.set_threshold_default(actor=cfo, actual=actual, forecast=[], version=1)
        assert [e.field for e in error.value.errors] == [field]
    for actor in (side.actor(Role.VIEWER), side.actor(Role.UNIT_LEAD, "core")):
        with pytest.raises(Forbidden):
            services.set_threshold_default(actor=actor, actual=[60], forecast=[], version=1)
    assert ThresholdDefault.objects.get().actual == [70]
    assert TrailEvent.objects.filter(action="budget.thresholds_set").count() == 1


def test_a_budget_takes_thresholds_of_its_own_and_gives_them_back(side):
    change = {
        "actor": side.actor(Role.CFO),
        "budget_id": side.budget.id,
        "name": "Claims",
        "owner_membership_id": None,
    }
    services.change_budget(version=1, thresholds=[(Basis.ACTUAL, 30)], **change)
    side.budget.refresh_from_db()
    assert thresholds_of([side.budget]) == {side.budget.id: [(Basis.ACTUAL, 30)]}
    services.change_budget(version=2, thresholds=None, **change)
    side.budget.refresh_from_db()
    assert (side.budget.own_thresholds, BudgetThreshold.objects.count()) == (False, 0)
    events = TrailEvent.objects.filter(action="budget.changed").order_by("id")
    assert [e.after["thresholds"] for e in events] == [[["actual", 30]], None]
