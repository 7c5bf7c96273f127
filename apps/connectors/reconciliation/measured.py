"""What the ledger measured of each group, day by day where bills are compared."""

from dataclasses import dataclass
from datetime import date

from apps.ledger.query import Query, run
from apps.ledger.query.types import Grain
from apps.ledger.selectors.periods import pruned_months
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.selectors.sums import by_utc_day

UTC_DAYS = 35
"""Days that are recut in UTC from the records where the ledger's zone is another."""
BY_DAY = ("day", "month", "provider")
"""Groupings whose figures are those of providers by day."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One provider's figures of a group (a model, account or key; "" for BY_DAY) and day (None:
    of all days)."""

    provider: str
    group: str
    label: str
    day: date | None
    tokens: int
    unpriced_tokens: int
    cost_nanos: int | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Cells in the ledger's currency. `utc`: its days are the UTC days of the bills."""

    cells: list[Cell]
    currency: str
    timezone: str
    utc: bool


def is_utc(zone: str) -> bool:
    """Whether days of the ledger are those of the bills."""
    return zone in ("UTC", "Etc/UTC")


def measured(start: date, end: date, by: str, provider: str) -> Ledger:
    """Figures of [start, end): by provider and day, or with the grouping's own axis."""
    settings = ledger_settings()
    own = is_utc(settings.timezone)
    recut = by in BY_DAY and not own and (end - start).days <= UTC_DAYS
    recut = recut and not pruned_months(start, end)
    cells = _from_records(start, end, provider) if recut else _asked(start, end, by, provider)
    return Ledger(cells, settings.currency, settings.timezone, own or recut)


def _from_records(start: date, end: date, provider: str) -> list[Cell]:
    return [
        Cell(row.provider, "", "", row.day, row.tokens, row.unpriced_tokens, row.cost_nanos)
        for row in by_utc_day(start, end, provider)
    ]


def _asked(start: date, end: date, by: str, provider: str) -> list[Cell]:
    """Keys are never billed: their days are not asked for."""
    grain: Grain = "total" if by == "api_key" else "day"
    found = run(
        Query(
            start=start,
            end=end,
            grain=grain,
            group_by=("provider",) if by in BY_DAY else ("provider", by),
            filters={"provider": [provider]} if provider else {},
            order="label",
        )
    )
    return [
        Cell(
            row.keys[0] or "",
            "" if by in BY_DAY else row.keys[1] or "",
            row.labels[-1],
            row.period if isinstance(row.period, date) else None,
            row.tokens.total,
            row.unpriced_tokens,
            row.cost_nanos,
        )
        for row in found.rows
    ]
