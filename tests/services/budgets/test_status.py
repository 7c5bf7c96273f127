"""How budgets stand on real usage: exact sums per scope, period, zone; what children commit."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.actors import system_actor
from apps.budgets import services
from apps.budgets.enums import Health
from apps.budgets.rules.periods import Period
from apps.budgets.selectors import budget_status, budget_statuses, budgets_matching
from apps.common.periods import Month
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NOV = date(2026, 11, 1)


@pytest.fixture
def side(world):
    world.a.units  # noqa: B018 -- made before time stands still
    with time_machine.travel(NOW, tick=False), world.a.scope():
        yield world.a


def day(n):
    return date(2026, 11, n)


def test_actual_is_the_sum_of_the_period_to_the_nano(side):
    budget = make_budget(amount_nanos=1_000_000_000_000, amount_tokens=1_000)
    spend(date(2026, 10, 31), 999)
    spend(day(1), 100_000_000_001)
    spend(day(20), 200_000_000_002, tokens=250)
    status = budget_status(budget)
    assert (status.period.start, status.period.end) == (NOV, date(2026, 12, 1))
    assert status.actual_nanos == 300_000_000_003
    assert status.remaining_nanos == 699_999_999_997
    assert (status.tokens.used, status.tokens.remaining) == (350, 650)
    assert status.money.daily == {day(1): 100_000_000_001, day(20): 200_000_000_002}
    assert status.elapsed == pytest.approx(20 / 30)
    assert budget_status(budget, Month(2026, 11)).actual_nanos == 300_000_000_003


def test_each_scope_counts_its_own_and_what_is_below(side):
    units = side.units
    core = make_capability("Search", unit_id=units["core"].id)
    claims = make_capability("Claims", unit_id=units["claims"].id)
    for capability, unit, nanos in ((core, "core", 5_000), (claims, "claims", 70_000)):
        spend(day(3), nanos, capability=capability.slug, unit=units[unit].code)
    spend(day(4), 900_000)
    budgets = [
        make_budget(),
        make_budget(scope="unit", unit_id=units["engineering"].id),
        make_budget(scope="unit", unit_id=units["claims"].id),
        make_budget(scope="capability", capability_id=core.id),
    ]
    assert [s.actual_nanos for s in budget_statuses(budgets)] == [975_000, 5_000, 70_000, 5_000]


def test_one_budget_or_many_cost_the_same_number_of_queries(side, django_assert_max_num_queries):
    budgets = [make_budget() for _ in range(3)]
    with django_assert_max_num_queries(14):
        budget_statuses(budgets)


def test_a_zone_that_is_shown_is_the_zone_that_counts(side):
    """Half past midnight UTC on 1 November is still October in New York."""
    at_home = make_budget()
    new_york = make_budget(timezone="America/New_York")
    spend(datetime(2026, 11, 1, 0, 30, tzinfo=UTC), 7)
    spend(datetime(2026, 11, 1, 4, 0, tzinfo=UTC), 11)
    spend(datetime(2026, 11, 20, 23, 0, tzinfo=UTC), 100)
    assert [s.actual_nanos for s in budget_statuses([at_home, new_york])] == [118, 111]
    october = Period(date(2026, 10, 1), NOV, "America/New_York")
    assert budget_status(new_york, october).actual_nanos == 7


def test_run_out_forecast_and_thresholds(side):
    budget = make_budget(amount_nanos=2_500)
    for n in range(1, 21):
        spend(day(n), 100)
    status = budget_status(budget)
    assert status.money.forecast_end == 3_000
    assert status.money.forecast_over == 500
    assert status.money.run_out_on == day(25)
    assert status.money.health is Health.RUNS_OUT
    assert (status.money.spent_per_day, status.money.sustainable_per_day) == (100, 50)
    assert [(t.basis.value, t.percent) for t in status.money.crossed] == [
        ("actual", 50),
        ("actual", 80),
        ("forecast", 100),
    ]


def test_too_early_says_so_and_shows_no_figure(side):
    budget = make_budget()
    spend(day(19), 5)
    status = budget_status(budget)
    assert status.money.forecast_end is None
    assert status.money.forecast_reason == "Too early to forecast: 2 of 10 complete days of data."
    assert status.money.health is Health.UNKNOWN
    empty = make_budget(scope="unit", unit_id=side.units["core"].id)
    assert budget_status(empty).money.forecast_reason == "No usage has arrived yet."


def test_zero_is_used_up_and_none_is_unlimited(side):
    zero, free = budget_statuses([make_budget(amount_nanos=0), make_budget(amount_nanos=None)])
    assert (zero.money.health, zero.money.share) == (Health.EXHAUSTED, 1.0)
    assert (free.money.health, free.money.share, free.remaining_nanos) == (
        Health.UNLIMITED,
        None,
        None,
    )


def test_the_limit_of_a_past_period_is_the_one_it_ended_with(side):
    budget = make_budget(starts_on=date(2026, 9, 1), amount_nanos=1_000)
    services.revise_budget(
        actor=system_actor("tests"),
        budget_id=budget.id,
        version=1,
        effective_on=NOV,
        amount_nanos=5_000,
        amount_tokens=None,
        note="More.",
    )
    assert budget_status(budget, Month(2026, 10)).limit_nanos == 1_000
    assert budget_status(budget).limit_nanos == 5_000


def test_children_commit_what_they_may_use(side):
    units = side.units
    top = make_budget(amount_nanos=10_000)
    engineering = make_budget(scope="unit", unit_id=units["engineering"].id, amount_nanos=600)
    make_budget(scope="unit", unit_id=units["core"].id, amount_nanos=200)
    make_budget(scope="unit", unit_id=units["claims"].id, amount_nanos=None)
    first, second = budget_statuses([top, engineering])
    assert (first.committed_nanos, first.unlimited_children) == (600, 1)
    assert (second.committed_nanos, second.unlimited_children) == (200, 0)


def test_a_quarter_is_committed_by_its_months(side):
    top = make_budget(amount_nanos=10_000, period_kind="quarter", starts_on=date(2026, 10, 1))
    make_budget(
        scope="unit",
        unit_id=side.units["core"].id,
        amount_nanos=100,
        starts_on=date(2026, 10, 1),
    )
    assert budget_status(top).committed_nanos == 300


def test_every_matching_budget_applies(side):
    capability = make_capability(unit_id=side.units["core"].id)
    budgets = {
        make_budget().id,
        make_budget(scope="unit", unit_id=side.units["engineering"].id).id,
        make_budget(scope="capability", capability_id=capability.id).id,
    }
    make_budget(scope="unit", unit_id=side.units["claims"].id)
    found = budgets_matching(
        unit_id=side.units["core"].id, capability_id=capability.id, story_id=None
    )
    assert {b.id for b in found} == budgets


def test_a_budget_to_come_and_one_that_is_over(side):
    ahead = make_budget(starts_on=date(2027, 1, 1))
    over = make_budget(starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 1))
    first, second = budget_statuses([ahead, over])
    assert (first.money.health, first.period.start) == (Health.NOT_STARTED, date(2027, 1, 1))
    assert second.money.health is Health.ENDED
    assert second.today - second.period.end > timedelta(days=200)
