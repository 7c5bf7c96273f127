"""Planning cycles: asking, allocating, rounds, the lock, and what follows it."""

from datetime import UTC, date, datetime
from functools import partial

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.asks import services as asks
from apps.asks.services import AskInput
from apps.budgets.models import Budget
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations.services import retire_unit
from apps.planning import services
from apps.planning.models import Envelope, PlanningCycle, PlanningRound
from apps.planning.selectors.standing import compared, standing
from apps.stories import services as stories
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.planning import envelope_of, make_cycle
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_prices, make_submitted
from tests.factories.usage import spend

NANOS = 1_000_000_000
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
WITHIN = datetime(2027, 4, 20, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.TOKENOPS_LEAD, Role.VIEWER):
        world.a.person(role)
    with clock.at(NOW):
        yield world.a


@pytest.fixture
def cycle(side):
    with side.scope():
        return make_cycle(side.units["engineering"].id, side.units["claims"].id)


def state(side, cycle, unit, what, amount, role=Role.CFO, **values):
    with side.scope():
        row = envelope_of(cycle, side.units[unit].id)
        call = services.request_envelope if what == "request" else services.allocate_envelope
        return call(
            actor=side.actor(role),
            envelope_id=row.id,
            **{"version": row.version, "amount_nanos": amount * NANOS, **values},
        )


def give(side, cycle, **amounts):
    for unit, amount in amounts.items():
        state(side, cycle, unit, "allocate", amount)


def lock(side, cycle, role=Role.CIO):
    with side.scope():
        cycle.refresh_from_db()
        return services.lock_cycle(
            actor=side.actor(role), cycle_id=cycle.id, version=cycle.version, note="Board, 12 Nov"
        )


def rows(side, cycle, role=Role.CFO, number=None):
    with side.scope():
        found = standing(side.actor(role), cycle, number)
        return {row.envelope.unit.name: row for row in found.rows}, found


def written(side):
    with side.scope():
        numbers = Envelope.objects.order_by("id").values_list(
            "requested_nanos", "allocated_nanos", "version"
        )
        cycles = PlanningCycle.objects.values_list("status", "version", "round_number")
        return list(cycles), list(numbers), TrailEvent.objects.count()


def test_a_cycle_from_opening_to_lock(side, cycle):
    assert (cycle.ends_on, cycle.currency) == (date(2027, 7, 1), "USD")
    asked = state(side, cycle, "engineering", "request", 900, note="Two assistants")
    assert (asked.requested_nanos, asked.requested_by_name) == (
        900 * NANOS,
        side.person(Role.CFO).user.name,
    )
    give(side, cycle, engineering=700, claims=0)
    done = lock(side, cycle)
    assert (done.status, done.version, done.lock_note) == ("locked", 2, "Board, 12 Nov")
    with side.scope():
        event = TrailEvent.objects.get(action="planning_cycle.locked")
    assert event.after["envelopes"] == {"Engineering": 700 * NANOS, "Claims": 0}
    found, whole = rows(side, cycle)
    assert (found["Engineering"].gap, found["Claims"].gap) == (-200 * NANOS, None)
    assert (whole.requested, whole.allocated, whole.spent) == (900 * NANOS, 700 * NANOS, None)


def test_a_lead_asks_for_the_own_team_and_nobody_elses(side):
    with side.scope():
        cycle = make_cycle(side.units["platform"].id, side.units["claims"].id)
    ask = partial(state, side, cycle, role=Role.UNIT_LEAD)
    assert ask("platform", "request", 5).requested_nanos == 5 * NANOS
    before = written(side)
    with pytest.raises(NotFound):
        ask("claims", "request", 5)
    with pytest.raises(Forbidden):
        ask("platform", "allocate", 5)
    assert written(side) == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TOKENOPS_LEAD, Role.UNIT_LEAD])
def test_who_does_not_hold_the_purse_opens_and_locks_nothing(side, cycle, role):
    give(side, cycle, engineering=1, claims=1)
    before = written(side)
    with side.scope():
        actor = side.actor(role)
        calls = [
            lambda: services.open_cycle(
                actor=actor,
                name="2028",
                kind="year",
                starts_on=date(2028, 1, 1),
                unit_ids=[side.units["claims"].id],
            ),
            lambda: services.start_round(actor=actor, cycle_id=cycle.id, version=1),
            lambda: services.lock_cycle(actor=actor, cycle_id=cycle.id, version=1),
            lambda: services.add_envelope(
                actor=actor, cycle_id=cycle.id, unit_id=side.units["core"].id
            ),
        ]
        for call in calls:
            with pytest.raises(Forbidden):
                call()
    assert written(side) == before


def test_rounds_are_copies_and_earlier_ones_stay(side, cycle):
    give(side, cycle, engineering=700, claims=100)
    with side.scope():
        draft = envelope_of(cycle, side.units["engineering"].id)
        made = services.start_round(
            actor=side.actor(Role.CFO), cycle_id=cycle.id, version=1, note="Ten percent less"
        )
        assert (made.number, made.name, made.copied_from) == (1, "Round 1", 0)
    give(side, cycle, engineering=630)
    with side.scope():
        services.add_envelope(
            actor=side.actor(Role.CFO), cycle_id=cycle.id, unit_id=side.units["core"].id
        )
        services.start_round(
            actor=side.actor(Role.CIO), cycle_id=cycle.id, version=2, name="From the draft",
            copy_from=0,
        )  # fmt: skip
        table = {r.unit_name: r for r in compared(side.actor(Role.CFO), cycle)}
        with pytest.raises(Conflict, match="Draft is over"):
            services.allocate_envelope(
                actor=side.actor(Role.CFO), envelope_id=draft.id, version=draft.version,
                amount_nanos=1,
            )  # fmt: skip
    assert table["Engineering"].allocated == {0: 700 * NANOS, 1: 630 * NANOS, 2: 700 * NANOS}
    assert table["Claims"].allocated == dict.fromkeys(range(3), 100 * NANOS)
    assert table["Core"].allocated == {1: None, 2: None}
    assert (table["Engineering"].moved(), table["Core"].moved()) == (0, None)
    assert list(rows(side, cycle, number=1)[0]) == ["Claims", "Core", "Engineering"]


def test_stale_and_late_changes_are_refused(side, cycle):
    give(side, cycle, engineering=700)
    before = written(side)
    with pytest.raises(Conflict, match="changed this envelope"):
        state(side, cycle, "engineering", "allocate", 1, version=1)
    with side.scope(), pytest.raises(Conflict, match="changed this planning cycle"):
        services.start_round(actor=side.actor(Role.CFO), cycle_id=cycle.id, version=7)
    with pytest.raises(Invalid, match="Not every team has an allocation: Claims"):
        lock(side, cycle)
    with pytest.raises(Invalid, match="negative"):
        state(side, cycle, "claims", "request", -1)
    assert written(side) == before
    give(side, cycle, claims=1)
    lock(side, cycle)
    before = written(side)
    for what in ("request", "allocate"):
        with pytest.raises(Conflict, match="2027 Q2 is locked"):
            state(side, cycle, "claims", what, 1)
    with pytest.raises(Conflict, match="is locked"):
        lock(side, cycle)
    with side.scope(), pytest.raises(Conflict, match="is locked"):
        services.add_envelope(
            actor=side.actor(Role.CIO), cycle_id=cycle.id, unit_id=side.units["core"].id
        )
    assert written(side) == before


def test_a_cycle_that_cannot_be(side, cycle):
    with side.scope():
        open_cycle = partial(services.open_cycle, actor=side.actor(Role.CFO))
        good = {
            "name": "2027",
            "kind": "year",
            "starts_on": date(2027, 1, 1),
            "unit_ids": [side.units["claims"].id],
        }
        for changes, field in (
            ({"name": " "}, "name"),
            ({"kind": "week"}, "kind"),
            ({"starts_on": date(2027, 1, 2)}, "starts_on"),
            ({"unit_ids": []}, "units"),
        ):
            with pytest.raises(Invalid) as refused:
                open_cycle(**{**good, **changes})
            assert [error.field for error in refused.value.errors] == [field]
        with pytest.raises(Conflict, match="same days"):
            open_cycle(**{**good, "kind": "quarter", "starts_on": date(2027, 4, 1)})
        retire_unit(actor=side.actor(Role.OWNER), unit_id=side.units["core"].id)
        with pytest.raises(Invalid, match="retired"):
            open_cycle(**{**good, "unit_ids": [side.units["core"].id]})
        assert PlanningCycle.objects.count() == PlanningRound.objects.count() == 1


def test_stories_suggest_what_they_plan_in_the_months_of_the_cycle(side, cycle):
    """$2,538.174240 a month of production, three months; a declined story plans nothing."""
    with side.scope():
        make_prices()
        lead = side.actor(Role.TOKENOPS_LEAD)
        make_submitted(lead, side.units["core"].id)
        gone = make_submitted(lead, side.units["core"].id)
        stories.withdraw(actor=lead, story_id=gone.id, version=gone.version, note="Not now")
    found, whole = rows(side, cycle)
    assert found["Engineering"].suggested == whole.suggested == 3 * 2_538_174_240_000
    assert [len(found[name].stories) for name in ("Engineering", "Claims")] == [1, 0]
    assert found["Claims"].suggested is None


def test_the_envelope_against_budgets_and_spend(side, cycle):
    """Only topmost budgets count, and use under no envelope is told apart."""
    units = side.units
    give(side, cycle, engineering=9_000, claims=100)
    lock(side, cycle)
    with side.scope():
        make_budget(scope="unit", unit_id=units["platform"].id, amount_nanos=1_000 * NANOS)
        make_budget(scope="unit", unit_id=units["core"].id, amount_nanos=400 * NANOS)
        make_budget(scope="unit", unit_id=units["apps"].id, amount_nanos=None)
        capability = make_capability(unit_id=units["core"].id)
    with clock.at(WITHIN), side.scope():
        spend(date(2027, 4, 2), 50 * NANOS, capability=capability.slug)
        spend(date(2027, 3, 31), 7 * NANOS, capability=capability.slug)
        spend(date(2027, 4, 3), 3 * NANOS)
        found = standing(side.actor(Role.CFO), cycle)
    row = next(r for r in found.rows if r.envelope.unit.name == "Engineering")
    assert (row.opened, row.unlimited, row.spent) == (3_000 * NANOS, 1, 50 * NANOS)
    assert (row.current, row.unopened, row.left) == (9_000 * NANOS, 6_000 * NANOS, 8_950 * NANOS)
    assert (found.outside, found.spent) == (3 * NANOS, 50 * NANOS)


def test_after_the_lock_a_budget_request_changes_the_envelope(side, cycle):
    give(side, cycle, engineering=900, claims=300)
    lock(side, cycle)
    with side.scope():
        budgets = {
            unit: services.open_envelope_budget(
                actor=side.actor(Role.CFO), envelope_id=envelope_of(cycle, side.units[unit].id).id
            )
            for unit in ("engineering", "claims")
        }
        assert (budgets["claims"].starts_on, budgets["claims"].ends_on) == (
            date(2027, 4, 1),
            date(2027, 7, 1),
        )
        with pytest.raises(Conflict, match="has a budget in these days"):
            services.open_envelope_budget(
                actor=side.actor(Role.CFO),
                envelope_id=envelope_of(cycle, side.units["claims"].id).id,
            )
        assert Budget.objects.count() == 2
        for kind, amount in (("increase", 50), ("transfer", 20)):
            ask = asks.file_ask(
                actor=side.actor(Role.TOKENOPS_LEAD),
                asked=AskInput(
                    kind=kind,
                    title="More",
                    reason="Twice the claims.",
                    starts_on=date(2027, 4, 1),
                    amount_nanos=amount * NANOS,
                    budget_id=budgets["claims"].id,
                    source_budget_id=budgets["engineering"].id if kind == "transfer" else None,
                ),
            )
            request = ApprovalRequest.objects.get(id=ask.request_id)
            approvals.decide(
                actor=side.actor(Role.CFO), request_id=request.id, version=1, decision="approve"
            )
    found, whole = rows(side, cycle)
    claims, engineering = found["Claims"], found["Engineering"]
    assert (claims.changed, claims.current, claims.opened) == tuple(
        n * NANOS for n in (70, 370, 370)
    )
    assert (engineering.changed, engineering.current) == (-20 * NANOS, 880 * NANOS)
    assert (len(claims.requests), len(engineering.requests)) == (2, 1)
    assert whole.current == 1_250 * NANOS


def test_no_budget_before_the_lock_or_without_the_right(side, cycle):
    give(side, cycle, engineering=1, claims=1)
    with side.scope():
        row = envelope_of(cycle, side.units["claims"].id)
        with pytest.raises(Conflict, match="not approved yet"):
            services.open_envelope_budget(actor=side.actor(Role.CFO), envelope_id=row.id)
    lock(side, cycle)
    with side.scope():
        with pytest.raises(Forbidden):
            services.open_envelope_budget(actor=side.actor(Role.VIEWER), envelope_id=row.id)
        assert not Budget.objects.exists()


def test_it_takes_a_fixed_number_of_questions(side, django_assert_max_num_queries):
    with side.scope():
        units = [unit.id for unit in side.units.values()]
        cycle = make_cycle(*units)
        for unit in units:
            make_budget(scope="unit", unit_id=unit)
    with clock.at(WITHIN), side.scope(), django_assert_max_num_queries(16):
        assert len(standing(side.actor(Role.CFO), cycle).rows) == 6
