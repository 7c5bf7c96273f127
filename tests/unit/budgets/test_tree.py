"""The derived tree and what a child commits."""

from datetime import date
from uuid import UUID

import pytest

from apps.budgets.enums import Scope
from apps.budgets.rules.periods import Period
from apps.budgets.rules.tree import Node, children_of, parents_of, share_within


def uid(n):
    return UUID(int=n)


ROOT, ENG, CORE = uid(1), uid(2), uid(3)
UNITS = {ROOT: None, ENG: ROOT, CORE: ENG}
ORG = Node(uid(10), Scope.ORGANIZATION)
ENG_BUDGET = Node(uid(11), Scope.UNIT, ENG)
CAP = Node(uid(12), Scope.CAPABILITY, CORE, uid(90))
STORY = Node(uid(13), Scope.STORY, CORE, uid(90), uid(91))
LOOSE = Node(uid(14), Scope.STORY, ROOT, uid(92), uid(93))


def test_parents_are_of_the_nearest_enclosing_scope():
    assert parents_of([ORG, ENG_BUDGET, CAP, STORY, LOOSE], UNITS) == {
        ORG.id: [],
        ENG_BUDGET.id: [ORG.id],
        CAP.id: [ENG_BUDGET.id],
        STORY.id: [CAP.id],
        LOOSE.id: [ORG.id],
    }


def test_a_missing_level_is_skipped():
    assert parents_of([ORG, STORY], UNITS) == {ORG.id: [], STORY.id: [ORG.id]}


def test_two_budgets_of_one_scope_are_both_parents():
    yearly = Node(uid(20), Scope.UNIT, ENG)
    found = parents_of([ENG_BUDGET, yearly, CAP], UNITS)
    assert found[CAP.id] == [ENG_BUDGET.id, yearly.id]
    assert children_of(found) == {ENG_BUDGET.id: [CAP.id], yearly.id: [CAP.id]}


def test_moving_a_unit_moves_its_budgets():
    other = uid(4)
    moved = {ROOT: None, ENG: ROOT, other: ROOT, CORE: other}
    assert parents_of([ORG, ENG_BUDGET, CAP], moved)[CAP.id] == [ORG.id]


@pytest.mark.parametrize(
    ("of", "within", "share"),
    [
        ((date(2026, 11, 1), date(2026, 12, 1)), (date(2026, 10, 1), date(2027, 1, 1)), 1_000),
        ((date(2026, 10, 1), date(2027, 1, 1)), (date(2026, 11, 1), date(2026, 12, 1)), 326),
        ((date(2026, 11, 1), date(2026, 12, 1)), (date(2026, 12, 1), date(2027, 1, 1)), 0),
    ],
)
def test_what_a_limit_commits_in_another_period(of, within, share):
    assert share_within(1_000, Period(*of), Period(*within)) == share
