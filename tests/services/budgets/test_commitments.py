"""What is committed below a budget: the database adds up what the rules add up one by one."""

from datetime import date
from random import Random

import pytest
import time_machine

from apps.budgets.enums import BudgetStatus
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.amounts import limit_of
from apps.budgets.rules.periods import nearest_period, periods_between
from apps.budgets.rules.tree import share_within
from apps.budgets.selectors.budgets import active_tree, entries_by_budget
from apps.budgets.selectors.commitments import commitments_above, committed_below
from apps.common import clock
from apps.common.ids import uuid7
from apps.organizations.selectors import root_unit
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability

NANOS = 1_000_000_000


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel("2026-11-23T09:00Z", tick=False):
        yield


def one_by_one(periods, days):
    """The same by the rules alone: the whole tree, every child, every period."""
    children = active_tree()[1]
    found = {}
    for budget_id, within in periods.items():
        total = unlimited = 0
        for child in Budget.objects.filter(
            id__in=children.get(budget_id, []), status=BudgetStatus.ACTIVE
        ):
            entries = entries_by_budget([child.id]).get(child.id, [])
            parts = [
                (limit_of(entries, p, max(days[budget_id], p.start)).nanos, p)
                for p in periods_between(child.plan, within.start, within.end)
            ]
            if any(limit is None for limit, _ in parts):
                unlimited += 1
            else:
                total += sum(share_within(limit, p, within) for limit, p in parts)
        found[budget_id] = (total, unlimited)
    return found


def story_budget(random, unit_id, capability_id):
    """A budget as an approval opens it, or one that somebody has changed since."""
    starts = date(2026, random.randint(5, 12), random.choice([1, 1, 14, 28]))
    budget = Budget.objects.create(
        name="Story", name_norm="story", scope="story", story_id=uuid7(), unit_id=unit_id,
        capability_id=capability_id, timezone="UTC", starts_on=starts,
        period_kind=random.choice(["month", "month", "month", "quarter"]),
        ends_on=random.choice([None, None, date(2027, 1, 20)]),
        status=random.choice(["active", "active", "active", "closed"]),
    )  # fmt: skip
    rows = [("initial", starts, random.choice([None, 0, 700, 1_234, 5_000]))]
    if random.random() < 0.3:
        rows.append(("revision", date(2026, 11, random.choice([1, 20, 30])), 900))
    if random.random() < 0.3:
        rows.append(("grant", date(2026, random.choice([11, 12]), 1), 55))
    BudgetEntry.objects.bulk_create(
        [
            BudgetEntry(
                budget_id=budget.id, kind=kind, effective_on=max(day, starts), budget_version=n,
                amount_nanos=None if amount is None else amount * NANOS, actor_name="tests",
                amount_tokens=None,
            )
            for n, (kind, day, amount) in enumerate(rows, start=1)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_database_adds_up_as_the_rules_do(world, seed):
    random, side = Random(seed), world.a
    with side.scope():
        units = [unit.id for unit in side.units.values()]
        held = make_capability("Held", unit_id=side.units["core"].id)
        free = make_capability("Free", unit_id=side.units["core"].id)
        start = date(2026, 10, 1)
        above = [
            make_budget(starts_on=start, period_kind="month"),
            make_budget(starts_on=start, period_kind="quarter"),
            make_budget(
                starts_on=date(2026, 11, 10), ends_on=date(2027, 2, 3), period_kind="custom"
            ),
            make_budget(starts_on=start, scope="unit", unit_id=side.units["engineering"].id),
            make_budget(
                starts_on=start, scope="unit", unit_id=side.units["core"].id, period_kind="year"
            ),
            make_budget(starts_on=start, scope="capability", capability_id=held.id),
        ]
        for _ in range(30):
            story_budget(random, random.choice(units), random.choice([None, held.id, free.id]))
        days = {b.id: clock.today(b.timezone) for b in above}
        periods = {b.id: nearest_period(b.plan, days[b.id]) for b in above}
        expected = one_by_one(periods, days)
        assert committed_below(periods, days) == expected
        assert any(total for total, _ in expected.values())
        found = commitments_above(unit_id=side.units["core"].id, capability_id=held.id)
        assert [c.budget.id for c in found] == [b.id for b in above]
        assert [c.committed_nanos for c in found] == [expected[b.id][0] for b in above]


def test_nothing_is_read_of_each_story(world, django_assert_max_num_queries):
    side = world.a
    with side.scope():
        unit = side.units["core"].id
        make_budget()
        make_budget(scope="unit", unit_id=unit)
        for _ in range(3):
            story_budget(Random(1), unit, None)
        with django_assert_max_num_queries(6):
            assert len(commitments_above(unit_id=unit, capability_id=None)) == 2
    with world.b.scope():
        make_budget()
        (only,) = commitments_above(unit_id=root_unit().id, capability_id=None)
        assert only.committed_nanos == 0
