"""Burning budgets: raised and told once an episode, eased by themselves, taken on once."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets import services
from apps.budgets.models import BudgetBurn
from apps.budgets.selectors import burns
from apps.common.errors import Conflict, Forbidden
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend

NOW = datetime(2026, 11, 11, 9, tzinfo=UTC)
UNIT = 10**9


@pytest.fixture
def side(world):
    a = world.a
    a.units  # noqa: B018 -- made before time stands still
    for role in (Role.CFO, Role.VIEWER, Role.UNIT_LEAD, Role.MEMBER):
        a.person(role)
    with time_machine.travel(NOW, tick=False), a.scope():
        a.capability = make_capability("Claims", unit_id=a.units["core"].id)
        a.budget = make_budget(
            "Claims",
            scope="capability",
            capability_id=a.capability.id,
            amount_nanos=3_000 * UNIT,
            owner_membership_id=a.person(Role.MEMBER).membership.id,
        )
        for n in range(1, 11):
            spend(date(2026, 11, n), 100 * UNIT, capability="claims")
        yield a


def burns_of(watched):
    return watched.raised, watched.burning, watched.eased


def test_a_burn_is_told_once_eases_and_is_told_again_when_it_returns(side):
    assert burns_of(services.watch()) == (0, 0, 0)
    spend(NOW - timedelta(hours=1), 620 * UNIT, capability="claims")
    assert burns_of(services.watch()) == (1, 1, 0)
    row = BudgetBurn.objects.get()
    assert (row.window, row.rate_percent, str(row.runs_out_on)) == ("fast", 620, "2026-11-14")
    told = Notification.objects.filter(kind="budget.burn")
    assert {n.membership_id for n in told} == {
        side.person(role).membership.id for role in (Role.OWNER, Role.CFO, Role.MEMBER)
    }
    first = told.first()
    assert first.title == "Claims burns 6.2 times its pace: used up on about 14 Nov"
    assert first.path.endswith(f"/budgets/{side.budget.id}/stop/")
    spend(NOW - timedelta(minutes=5), 30 * UNIT, capability="claims")
    assert burns_of(services.watch()) == (0, 1, 0)
    assert (BudgetBurn.objects.get().used, told.all().count()) == (650 * UNIT, 3)
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        assert burns_of(services.watch()) == (0, 0, 1)
        assert services.watch().eased == 0
        spend(NOW + timedelta(days=2), 900 * UNIT, capability="claims")
        assert services.watch().raised == 1
    row.refresh_from_db()
    assert (row.state, row.raised, told.all().count()) == ("burning", 2, 6)
    actions = TrailEvent.objects.filter(action__startswith="budget.burn").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "budget.burn_raised",
        "budget.burn_eased",
        "budget.burn_raised",
    ]


def test_its_owner_and_who_manages_it_take_it_on_once(side):
    spend(NOW, 620 * UNIT, capability="claims")
    services.watch()
    row = BudgetBurn.objects.get()
    with pytest.raises(Forbidden):
        services.take_burn(actor=side.actor(Role.UNIT_LEAD), burn_id=row.id, version=1)
    owner = side.actor(Role.MEMBER)
    taken = services.take_burn(actor=owner, burn_id=row.id, version=1, note="Looking")
    assert (taken.taken_by, taken.note, taken.version) == (owner.name, "Looking", 2)
    for version in (1, 2):
        with pytest.raises(Conflict):
            services.take_burn(actor=side.actor(Role.CFO), burn_id=row.id, version=version)
    assert TrailEvent.objects.filter(action="budget.burn_taken").count() == 1


def test_what_burns_is_held_against_the_week_before(side):
    spend(NOW, 620 * UNIT, capability="claims", api_key="bot")
    found = burns.drivers(side.actor(Role.CFO), side.budget, "money", NOW.date())
    (key,) = found["api_key"]
    assert (key.label, key.now, key.usual, key.more) == ("bot", 620 * UNIT, 0, 620 * UNIT)
    (model,) = found["model"]
    assert (model.usual, model.more) == (100 * UNIT, 520 * UNIT)
    assert "capability" not in found
