"""The amount of a period from its entries, to the nano."""

from datetime import date

import pytest

from apps.budgets.enums import EntryKind
from apps.budgets.rules.amounts import Entry, Limit, changes_within, limit_of
from apps.budgets.rules.periods import Period

NOV = Period(date(2026, 11, 1), date(2026, 12, 1))
DEC = Period(date(2026, 12, 1), date(2027, 1, 1))


def entry(kind, day, nanos, tokens=None, order=0):
    return Entry(kind, day, nanos, tokens, order)


OPENED = entry(EntryKind.INITIAL, date(2026, 11, 1), 4_000_000_000_001)


def test_the_opening_amount_holds_for_every_period():
    for period in (NOV, DEC):
        assert limit_of([OPENED], period, period.last_day) == Limit(4_000_000_000_001, None)


def test_nothing_is_granted_without_an_entry():
    assert limit_of([], NOV, NOV.start) == Limit(0, 0)


def test_zero_is_a_limit_and_null_is_none():
    zero = entry(EntryKind.INITIAL, date(2026, 11, 1), 0, 0)
    free = entry(EntryKind.INITIAL, date(2026, 11, 1), None, None)
    assert limit_of([zero], NOV, NOV.start) == Limit(0, 0)
    assert limit_of([free], NOV, NOV.start) == Limit(None, None)


def test_a_revision_replaces_the_amount_from_its_date():
    revised = entry(EntryKind.REVISION, date(2026, 11, 16), 6_000, 5)
    entries = [OPENED, revised]
    assert limit_of(entries, NOV, date(2026, 11, 15)).nanos == 4_000_000_000_001
    assert limit_of(entries, NOV, date(2026, 11, 16)) == Limit(6_000, 5)
    assert limit_of(entries, DEC, DEC.start) == Limit(6_000, 5)
    assert changes_within(entries, NOV) == [
        (date(2026, 11, 1), Limit(4_000_000_000_001, None)),
        (date(2026, 11, 16), Limit(6_000, 5)),
    ]


def test_a_period_that_is_over_keeps_the_amount_of_its_last_day():
    revised = entry(EntryKind.REVISION, date(2026, 12, 1), 1)
    assert limit_of([OPENED, revised], NOV, date(2027, 5, 1)).nanos == 4_000_000_000_001


def test_two_revisions_of_one_day_the_later_written_holds():
    entries = [
        entry(EntryKind.REVISION, date(2026, 11, 10), 7, order=2),
        entry(EntryKind.REVISION, date(2026, 11, 10), 6, order=1),
        OPENED,
    ]
    assert limit_of(entries, NOV, NOV.last_day).nanos == 7


def test_grants_and_moves_change_one_period_only():
    entries = [
        OPENED,
        entry(EntryKind.GRANT, date(2026, 11, 1), 1_000, order=1),
        entry(EntryKind.TRANSFER_OUT, date(2026, 11, 1), -300, order=2),
        entry(EntryKind.CARRY_OVER, date(2026, 12, 1), 50, order=3),
    ]
    assert limit_of(entries, NOV, NOV.last_day).nanos == 4_000_000_000_701
    assert limit_of(entries, DEC, DEC.start).nanos == 4_000_000_000_051


def test_a_grant_on_an_unlimited_measure_stays_unlimited():
    free = entry(EntryKind.INITIAL, date(2026, 11, 1), 10, None)
    grant = entry(EntryKind.GRANT, date(2026, 11, 1), 5, 5, order=1)
    assert limit_of([free, grant], NOV, NOV.start) == Limit(15, None)


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 11, 1)])
def test_a_period_to_come_shows_its_opening_amount(day):
    assert limit_of([OPENED], NOV, day).nanos == 4_000_000_000_001
