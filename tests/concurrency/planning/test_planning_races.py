"""Planning under real threads: a lock approves exactly what was written, money goes out once."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.asks.models import Ask
from apps.asks.services import AskInput, file_ask
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.periods import period_on
from apps.budgets.selectors import limit_for
from apps.common.errors import Conflict, DomainError
from apps.notifications.models import Notification
from apps.planning import services
from apps.planning.models import Envelope, PlanningCycle, PlanningRound
from apps.trail.models import TrailEvent
from tests.concurrency.stories.test_races import THREADS, race
from tests.factories.budgets import make_budget
from tests.factories.planning import envelope_of, make_cycle
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2027, 4, 20, 9, tzinfo=UTC)
NANOS = 10**9
TEAMS = ("platform", "claims")


@pytest.fixture
def side(transactional_db):
    a = World().a
    for role in (Role.CFO, Role.CIO):
        a.person(role)
    for unit in TEAMS:
        a.person(Role.UNIT_LEAD, unit)
    with time_machine.travel(NOW, tick=False):
        yield a


@pytest.fixture
def cycle(side):
    with side.scope():
        made = make_cycle(*(side.units[unit].id for unit in TEAMS))
        for unit in TEAMS:
            give(side, made, unit, 1_000)
        return made


def give(side, cycle, unit, amount, version=None):
    row = envelope_of(cycle, side.units[unit].id)
    return services.allocate_envelope(
        actor=side.actor(Role.CFO),
        envelope_id=row.id,
        version=row.version if version is None else version,
        amount_nanos=amount * NANOS,
    )


def done(answers):
    """How many were done; whatever else was answered is a refusal in words, never a failure."""
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert not [answer for answer in answers if isinstance(answer, str)], answers
    return len(answers) - len(refused)


def test_a_lock_approves_what_was_written_before_it_and_nothing_after(side, cycle):
    """Allocating, asking and the lock at once: what the lock's event says is what stays."""
    cfo, cio = side.actor(Role.CFO), side.actor(Role.CIO)
    leads = {unit: side.actor(Role.UNIT_LEAD, unit) for unit in TEAMS}
    with side.scope():
        rows = {unit: envelope_of(cycle, side.units[unit].id) for unit in TEAMS}

    def allocate(unit):
        return lambda: services.allocate_envelope(
            actor=cfo, envelope_id=rows[unit].id, version=2, amount_nanos=2_000 * NANOS
        )

    def ask(unit):
        return lambda: services.request_envelope(
            actor=leads[unit], envelope_id=rows[unit].id, version=2, amount_nanos=3_000 * NANOS
        )

    def lock():
        return services.lock_cycle(actor=cio, cycle_id=cycle.id, version=1)

    jobs = [lock, *(allocate(unit) for unit in TEAMS), *(ask(unit) for unit in TEAMS)]
    answers = race(side.id, jobs)
    assert not isinstance(answers[0], Exception), answers[0]
    assert {error.code for error in answers if isinstance(error, Conflict)} <= {
        "cycle_locked",
        "stale_version",
    }
    with side.scope():
        changed = done(answers) - 1
        stored = list(Envelope.objects.select_related("unit").order_by("unit__name"))
        assert sum(row.version for row in stored) == 2 * len(TEAMS) + changed
        event = TrailEvent.objects.get(action="planning_cycle.locked")
        assert event.after["envelopes"] == {row.unit.name: row.allocated_nanos for row in stored}
        assert (
            TrailEvent.objects.filter(
                action__in=["envelope.requested", "envelope.allocated"]
            ).count()
            == len(TEAMS) + changed
        )
        told = Notification.objects.filter(kind="budget.cycle_locked")
        assert told.count() == len(TEAMS)
        row = stored[0]
    with side.scope(), pytest.raises(Conflict, match="locked"):
        services.allocate_envelope(
            actor=cfo, envelope_id=row.id, version=row.version, amount_nanos=0
        )


def test_of_two_allocations_of_what_was_read_once_one_is_done(side, cycle):
    jobs = [lambda n=n: give(side, cycle, "claims", 5_000 + n, version=2) for n in range(THREADS)]
    answers = race(side.id, jobs)
    assert done(answers) == 1
    with side.scope():
        row = envelope_of(cycle, side.units["claims"].id)
        winner = next(n for n, answer in enumerate(answers) if isinstance(answer, Envelope))
        assert (row.version, row.allocated_nanos) == (3, (5_000 + winner) * NANOS)
        assert TrailEvent.objects.filter(action="envelope.allocated").count() == 3


def test_a_new_round_copies_numbers_whole_while_they_are_changed(side, cycle):
    cio = side.actor(Role.CIO)

    def start():
        return services.start_round(actor=cio, cycle_id=cycle.id, version=1)

    with side.scope():
        row = envelope_of(cycle, side.units["claims"].id)

    def change(amount):
        return lambda: services.allocate_envelope(
            actor=side.actor(Role.CFO),
            envelope_id=row.id,
            version=2,
            amount_nanos=amount * NANOS,
        )

    answers = race(side.id, [start, change(7_000), start, change(8_000)])
    assert done(answers[::2]) == 1
    with side.scope():
        assert PlanningCycle.objects.get().round_number == 1
        assert PlanningRound.objects.count() == 2
        numbers = {
            number: list(
                Envelope.objects.filter(round__number=number)
                .order_by("unit_id")
                .values_list("unit_id", "allocated_nanos")
            )
            for number in (0, 1)
        }
        assert numbers[0] == numbers[1]


def test_a_team_joins_once_and_a_locked_envelope_opens_one_budget(side, cycle):
    with side.scope():
        core = side.units["core"].id
    joined = race(
        side.id,
        [
            lambda: services.add_envelope(
                actor=side.actor(Role.CIO), cycle_id=cycle.id, unit_id=core
            )
            for _ in range(THREADS)
        ],
    )
    assert done(joined) == 1
    with side.scope():
        give(side, cycle, "core", 10)
        services.lock_cycle(actor=side.actor(Role.CIO), cycle_id=cycle.id, version=1)
        row = envelope_of(cycle, side.units["claims"].id)
    opened = race(
        side.id,
        [
            lambda: services.open_envelope_budget(actor=side.actor(Role.CFO), envelope_id=row.id)
            for _ in range(THREADS)
        ],
    )
    assert done(opened) == 1
    with side.scope():
        assert Budget.objects.count() == BudgetEntry.objects.count() == 1
        assert BudgetEntry.objects.get().amount_nanos == 1_000 * NANOS


def test_two_approved_moves_of_the_same_remaining_money_take_it_once(side):
    """100 are left and two requests want 80 of them; each is approved by somebody else at once."""
    with side.scope():
        source = make_budget("Reserve", amount_nanos=100 * NANOS, starts_on=date(2027, 4, 1))
        asked = []
        for unit in TEAMS:
            target = make_budget(
                unit,
                scope="unit",
                unit_id=side.units[unit].id,
                amount_nanos=0,
                starts_on=date(2027, 4, 1),
            )
            row = file_ask(
                actor=side.actor(Role.CIO),
                asked=AskInput(
                    kind="transfer",
                    title=f"Move to {unit}",
                    reason="A launch.",
                    starts_on=NOW.date(),
                    amount_nanos=80 * NANOS,
                    budget_id=target.id,
                    source_budget_id=source.id,
                ),
            )
            asked.append((row.request_id, target))

    def approve(request_id):
        return lambda: approvals.decide(
            actor=side.actor(Role.CFO), request_id=request_id, version=1, decision="approve"
        )

    answers = race(side.id, [approve(request_id) for request_id, _ in asked])
    assert done(answers) == 1
    with side.scope():
        source.refresh_from_db()
        day = NOW.date()
        left = limit_for(source, period_on(source.plan, day), day).nanos
        given = [limit_for(b, period_on(b.plan, day), day).nanos for _, b in asked]
        assert (left, sorted(given)) == (20 * NANOS, [0, 80 * NANOS])
        assert sorted(Ask.objects.values_list("status", flat=True)) == ["approved", "asked"]
        assert sorted(ApprovalRequest.objects.values_list("status", flat=True)) == [
            "approved",
            "pending",
        ]


def test_a_cycle_about_to_close_is_told_once_by_any_number_of_workers(side):
    with side.scope():
        make_cycle(side.units["claims"].id, starts_on=date(2027, 5, 1), kind="quarter")
    with time_machine.travel(datetime(2027, 4, 26, 6, tzinfo=UTC), tick=False):
        assert sum(race(side.id, [services.remind_closing] * THREADS)) == 1
    with side.scope():
        assert Notification.objects.filter(kind="budget.cycle_closing").count() == 1
