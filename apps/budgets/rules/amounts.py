"""The amount of a period from the entries of a budget. 0 is a limit; None is unlimited."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from apps.budgets.enums import SETTING, EntryKind
from apps.budgets.rules.periods import Period


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a budget's period ledger.

    Setting entries (initial, revision) state the amount of every period from `effective_on`;
    None means unlimited. The others add their amount to the period that starts on `effective_on`;
    None there means that this measure is not touched. `order` is the order of writing.
    """

    kind: EntryKind
    effective_on: date
    amount_nanos: int | None
    amount_tokens: int | None
    order: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be used in one period. None is unlimited, 0 is nothing."""

    nanos: int | None
    tokens: int | None


def limit_of(entries: Iterable[Entry], period: Period, on: date) -> Limit:
    """The limit of a period as it stands on a day (the last day for a period that is over, the
    first for one to come). Without a setting entry nothing may be used.

    A revision in the middle of a period replaces the amount of the whole period from its date:
    nothing is prorated, so the figure a person approved is the figure that holds.
    """
    on = min(max(on, period.start), period.last_day)
    ordered = sorted(entries, key=lambda e: (e.effective_on, e.order))
    base = _base(ordered, on)
    if base is None:
        return Limit(0, 0)
    extras = [e for e in ordered if e.kind not in SETTING and _of_period(e, period)]
    return Limit(
        _plus(base.amount_nanos, [e.amount_nanos for e in extras]),
        _plus(base.amount_tokens, [e.amount_tokens for e in extras]),
    )


def _base(ordered: list[Entry], on: date) -> Entry | None:
    settings = [e for e in ordered if e.kind in SETTING and e.effective_on <= on]
    return settings[-1] if settings else None


def _of_period(entry: Entry, period: Period) -> bool:
    return period.start <= entry.effective_on < period.end


def _plus(base: int | None, extras: list[int | None]) -> int | None:
    """Unlimited stays unlimited; a limit never falls below nothing."""
    if base is None:
        return None
    return max(0, base + sum(extra for extra in extras if extra is not None))


def changes_within(entries: Iterable[Entry], period: Period) -> list[tuple[date, Limit]]:
    """The limit from each day of the period on which it changes, first day included."""
    entries = list(entries)
    days = {period.start}
    days |= {
        e.effective_on
        for e in entries
        if e.kind in SETTING and period.start < e.effective_on < period.end
    }
    return [(day, limit_of(entries, period, day)) for day in sorted(days)]
