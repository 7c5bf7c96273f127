"""What seats cost and what their tokens cost in effect. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.common.errors import FieldError
from apps.common.periods import months_between

IDLE_AFTER = timedelta(days=30)
MOST_ROWS = 10_000
PER = 1_000_000


def round_half_even(numerator: int, denominator: int) -> int:
    """A quotient of whole numbers, half to even; both at least 0."""
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    return whole


Prices = Sequence[tuple[date, int | None]]
"""What a seat costs a month, from the first of a month on; None: not stated. Earliest first."""


def price_in(prices: Prices, month: date) -> int | None:
    """The price of a month (its first day): the last one that began by then."""
    return next((price for since, price in reversed(prices) if since <= month), None)


def amortised(
    prices: Prices, held: Iterable[tuple[date, date | None]], start: date, end: date
) -> int | None:
    """Cost of seats held on [since, ended) in the days [start, end): a month's price by its days.

    Rounded once per seat and month. None where a month that somebody held a seat has no price.
    """
    total = 0
    for since, ended in held:
        first, last = max(since, start), min(ended or end, end)
        if first >= last:
            continue
        for month in months_between(first, last):
            price = price_in(prices, month.start)
            if price is None:
                return None
            days = (min(last, month.end) - max(first, month.start)).days
            total += round_half_even(price * days, month.days)
    return total


def effective_price(cost_nanos: int | None, tokens: int) -> int | None:
    """Nanos per million tokens; None without a cost or without tokens."""
    if cost_nanos is None or tokens <= 0:
        return None
    return round_half_even(cost_nanos * PER, tokens)


def is_idle(since: date, last_active: date | None, today: date, *, told: bool) -> bool:
    """Not seen for 30 days. A seat that is newer than that is not idle yet.

    `told`: a source tells who is active, so that silence means something. Without one a seat whose
    person nobody ever saw is not called idle.
    """
    if last_active is None and not told:
        return False
    return today - max(since, last_active or since) > IDLE_AFTER


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list of seats."""

    person: str
    plan: str
    name: str = ""
    team: str = ""
    since: date | None = None
    ended: date | None = None
    last_active: date | None = None


DAYS = ("since", "ended", "last_active")


def read_rows(text: str) -> tuple[list[Row], list[FieldError]]:
    """A CSV with the columns person and plan; name, team, since, ended, last_active where known."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    heads = [(head or "").strip().lower() for head in reader.fieldnames or ()]
    if not {"person", "plan"} <= set(heads):
        fix = "Use person,plan,name,team,since,ended,last_active."
        return [], [FieldError("file", "The first line must name the columns.", fix)]
    reader.fieldnames = heads
    rows: list[Row] = []
    errors: list[FieldError] = []
    standing: set[tuple[str, str]] = set()
    for number, line in enumerate(reader, start=2):
        cell = {head: " ".join((line.get(head) or "").split()) for head in heads}
        if not any(cell.values()):
            continue
        if len(rows) >= MOST_ROWS:
            errors.append(FieldError("file", f"More than {MOST_ROWS:,} rows.", "Split the file."))
            break
        days: dict[str, date | None] = {}
        for name in DAYS:
            try:
                days[name] = date.fromisoformat(cell[name]) if cell.get(name) else None
            except ValueError:
                days[name] = None
                errors.append(
                    FieldError("file", f"Row {number}: {name} is no day.", "Write YYYY-MM-DD.")
                )
        errors.extend(
            FieldError("file", f"Row {number}: {name} is not usable.", "Fill it in.")
            for name, most in (("person", 200), ("plan", 120))
            if not 1 <= len(cell[name]) <= most
        )
        if days["since"] and days["ended"] and days["ended"] <= days["since"]:
            errors.append(
                FieldError("file", f"Row {number}: it ends before it begins.", "Check the days.")
            )
        if days["ended"] is None:
            who = (cell["person"], cell["plan"].casefold())
            if who in standing:
                errors.append(
                    FieldError(
                        "file", f"Row {number}: {who[0]} is on {cell['plan']} twice.", "Keep one."
                    )
                )
            standing.add(who)
        rows.append(
            Row(
                cell["person"],
                cell["plan"],
                cell.get("name", "")[:200],
                cell.get("team", "")[:200],
                days["since"],
                days["ended"],
                days["last_active"],
            )
        )
    return rows, errors
