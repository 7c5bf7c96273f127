"""Days and names of cycles, and the envelope a unit falls under."""

from datetime import date
from uuid import UUID

import pytest

from apps.planning import rules
from apps.planning.enums import CycleKind

QUARTER, YEAR = CycleKind.QUARTER, CycleKind.YEAR
A, B, C, D = (UUID(int=n) for n in range(1, 5))


@pytest.mark.parametrize(
    ("kind", "after", "fiscal", "start", "name"),
    [
        (QUARTER, date(2026, 11, 28), 1, date(2027, 1, 1), "2027 Q1"),
        (QUARTER, date(2026, 12, 31), 1, date(2027, 1, 1), "2027 Q1"),
        (QUARTER, date(2027, 1, 1), 1, date(2027, 4, 1), "2027 Q2"),
        (QUARTER, date(2026, 11, 28), 2, date(2027, 2, 1), "2028 Q1"),
        (YEAR, date(2026, 11, 28), 1, date(2027, 1, 1), "2027"),
        (YEAR, date(2026, 11, 28), 4, date(2027, 4, 1), "2028"),
    ],
)
def test_the_next_cycle(kind, after, fiscal, start, name):
    assert rules.next_start(kind, after, fiscal) == start
    assert rules.suggested_name(kind, start, fiscal) == name


def test_a_cycle_is_whole_months():
    assert rules.end_of_cycle(QUARTER, date(2026, 11, 1)) == date(2027, 2, 1)
    assert rules.end_of_cycle(YEAR, date(2027, 4, 1)) == date(2028, 4, 1)


def test_the_nearest_envelope_covers_a_unit():
    tree = {A: None, B: A, C: B, D: A}
    assert rules.holder_of(C, [A, B], tree) == B
    assert rules.holder_of(D, [A, B], tree) == A
    assert rules.holder_of(D, [B], tree) is None
    assert rules.holder_of(None, [A], tree) is None
    assert rules.holder_of(C, [D], {C: B, B: C}) is None


def test_what_is_missing_is_not_zero():
    assert rules.total([]) is rules.total([None, None]) is None
    assert rules.total([None, 0, 5]) == 5
    assert rules.difference(None, 1) is rules.difference(1, None) is None
    assert rules.difference(1, 3) == -2
