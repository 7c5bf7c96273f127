"""One story's true-up: per phase, what moved the cost, and what the year will cost."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.common import clock
from apps.common.periods import Month, month_of, months_between
from apps.common.tokens import KINDS
from apps.ledger.query import Query, Row, run
from apps.ledger.rules.drivers import Drivers, Use, explain
from apps.organizations.selectors import organization
from apps.pricing.book import PriceBook
from apps.pricing.selectors import price_book, relative_prices
from apps.stories.enums import Phase
from apps.stories.models import PhaseEstimate, StoryRevision, TokenStory
from apps.stories.selectors.progress import Progress
from apps.stories.selectors.stories import cells, revision_by_id
from apps.stories.trueup import Forecast, expected_uses, forecast

RECENT = 3
_PRODUCTION = Phase.PRODUCTION.value


@dataclass(slots=True)
class PhaseLine:
    """One phase, over the compared months or in one of them: likely estimate and measured.

    None: nothing measured.
    """

    label: str
    tokens_estimated: int = 0
    cost_estimated: int = 0
    tokens: int | None = None
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class MonthTrueUp:
    """One whole month: its phases, and what moved production's cost in it."""

    month: Month
    phases: list[PhaseLine]
    drivers: Drivers | None


@dataclass(frozen=True, slots=True)
class TrueUp:
    """`drivers` compares production only; None without whole months of it. `by_month` says the
    same of each month, the newest first: amounts of its phases sum to those of `phases`.
    """

    months: list[Month]
    phases: list[PhaseLine]
    by_month: list[MonthTrueUp]
    drivers: Drivers | None
    year: int
    forecast: Forecast | None


def true_up(story: TokenStory, so_far: Progress) -> TrueUp | None:
    """The true-up of an approved story from its progress; None before any whole month.

    The parts of `drivers` sum to measured minus likely cost of production, to the nano.
    """
    revision = revision_by_id(story.approved_revision_id) if story.approved_revision_id else None
    months = [line.month for line in so_far.compared]
    if revision is None or not months or so_far.source == "":
        return None
    axis = {"story": [str(story.id)]}
    if so_far.source == "capability":
        axis = {"capability": [str(story.capability_id)]}
    planned = [cell for cell in cells(revision) if month_of(cell.month) in set(months)]
    rows = _measured(months, axis, ("phase", "model"))
    prices = _Prices(price_book(), revision, rows)
    today = clock.today(organization().timezone)
    by_month = []
    for month in reversed(months):
        cells_of = [cell for cell in planned if month_of(cell.month) == month]
        rows_of = [row for row in rows if row.period == month.start]
        made = _production(revision, cells_of, rows_of, prices)
        by_month.append(MonthTrueUp(month, _phases(cells_of, rows_of), made))
    return TrueUp(
        months,
        _phases(planned, rows),
        by_month,
        _production(revision, planned, rows, prices),
        today.year,
        _year(so_far, today),
    )


def _measured(
    months: list[Month], axis: dict[str, list[str]], group_by: tuple[str, ...]
) -> list[Row]:
    """Measured use of exactly these months, by month: they need not follow each other."""
    wanted = {month.start for month in months}
    start, end = min(wanted), max(month.end for month in months)
    rows = run(Query(start=start, end=end, grain="month", group_by=group_by, filters=axis)).rows
    return [row for row in rows if row.period in wanted]


def _phases(planned: list[PhaseEstimate], rows: list[Row]) -> list[PhaseLine]:
    lines = {phase.value: PhaseLine(phase.label) for phase in Phase}
    for cell in planned:
        lines[cell.phase].tokens_estimated += cell.tokens_likely
        lines[cell.phase].cost_estimated += cell.cost_likely
    for row in rows:
        # Usage that says no phase runs in production: what is built and tested is said to be.
        line = lines.get(row.keys[0] or _PRODUCTION, lines[_PRODUCTION])
        line.tokens = (line.tokens or 0) + row.tokens.total
        line.cost = (line.cost or 0) + (row.cost_nanos or 0)
    return [line for line in lines.values() if line.tokens_estimated or line.tokens]


class _Prices:
    """Names and relative prices of every model in a comparison, looked up once."""

    def __init__(self, book: PriceBook, revision: StoryRevision, rows: list[Row]) -> None:
        self._book = book
        planned = {str(model["model"]) for model in revision.estimate.get("models", [])}
        self.relative = relative_prices(planned | {self.name_of(row) for row in rows})

    def name_of(self, row: Row) -> str:
        """The price book's name of the model of a row by phase and model."""
        return self._book.canonical("", row.keys[1] or "")[1]


def _production(
    revision: StoryRevision, planned: list[PhaseEstimate], rows: list[Row], prices: "_Prices"
) -> Drivers | None:
    likely = [cell.cost_likely for cell in planned if cell.phase == _PRODUCTION]
    expected = expected_uses(revision.estimate, likely)
    if not expected:
        return None
    running = [row for row in rows if (row.keys[0] or _PRODUCTION) == _PRODUCTION]
    measured = uses_by_model(running, prices.name_of)
    if not measured:
        return None
    return explain(expected, measured, prices.relative)


def uses_by_model(rows: Iterable[Row], name_of: Callable[[Row], str]) -> dict[str, Use]:
    """Priced use by the name of the model."""
    found: dict[str, Use] = {}
    for row in rows:
        if row.cost_nanos is None:
            continue
        name = name_of(row)
        tokens: tuple[int, ...] = row.tokens
        known = found.get(name, Use(0, (0,) * len(KINDS), 0))
        found[name] = Use(
            known.requests + row.requests,
            tuple(a + b for a, b in zip(known.tokens, tokens, strict=True)),
            known.cost_nanos + row.cost_nanos,
        )
    return found


def _year(so_far: Progress, today: date) -> Forecast | None:
    """The calendar year: months that are over as measured, others as estimated so far ran."""
    recent = so_far.compared[-RECENT:]
    estimated = sum(line.cost_p50 or 0 for line in recent)
    measured = sum(line.cost_nanos or 0 for line in recent)
    ratio = Decimal(measured) / Decimal(estimated) if estimated else None
    this_month = month_of(today)
    done: list[int] = []
    left: list[tuple[int, int, int]] = []
    by_month = {line.month: line for line in so_far.lines}
    for month in months_between(date(today.year, 1, 1), date(today.year + 1, 1, 1)):
        line = by_month.get(month)
        if line is None:
            continue
        if month.start < this_month.start:
            done.append(line.cost_nanos or 0)
        elif line.cost_p50 is not None:
            left.append((line.cost_p10 or 0, line.cost_p50, line.cost_p90 or 0))
    return forecast(done, left, ratio) if done or left else None
