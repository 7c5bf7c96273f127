"""What seats cost and what their tokens cost in effect. Pure."""

import csv
import io
from collections.abc import Iterable
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


def amortised(
    price_nanos: int, held: Iterable[tuple[date, date | None]], start: date, end: date
) -> int:
    """Cost of seats held on [since, ended) in the days [start, end): a month's price by its days.

    Rounded once per seat and month.
    """
    total = 0
    for since, ended in held:
        first, last = max(since, start), min(ended or end, end)
        if first >= last:
            continue
        for month in months_between(first, last):
            days = (min(last, month.end) - max(first, month.start)).days
            total += round_half_even(price_nanos * days, month.days)
    return total


def effective_price(cost_nanos: int | None, tokens: int) -> int | None:
    """Nanos per million tokens; None without a cost or without tokens."""
    if cost_nanos is None or tokens <= 0:
        return None
    return round_half_even(cost_nanos * PER, tokens)


def is_idle(since: date, last_active: date | None, today: date) -> bool:
    """Not seen for 30 days. A seat that is newer than that is not idle yet."""
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


def read_rows(text: str) -> tuple[list[Row], list[FieldError]]:
    """A CSV with the columns person and plan; name, team, since and ended where known."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    heads = [(head or "").strip().lower() for head in reader.fieldnames or ()]
    if not {"person", "plan"} <= set(heads):
        fix = "Use person,plan,name,team,since,ended."
        return [], [FieldError("file", "The first line must name the columns.", fix)]
    reader.fieldnames = heads
    rows: list[Row] = []
    errors: list[FieldError] = []
    for number, line in enumerate(reader, start=2):
        cell = {head: " ".join((line.get(head) or "").split()) for head in heads}
        if not any(cell.values()):
            continue
        if len(rows) >= MOST_ROWS:
            errors.append(FieldError("file", f"More than {MOST_ROWS:,} rows.", "Split the file."))
            break
        days: dict[str, date | None] = {}
        for name in ("since", "ended"):
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
        rows.append(
            Row(
                cell["person"],
                cell["plan"],
                cell.get("name", "")[:200],
                cell.get("team", "")[:200],
                days["since"],
                days["ended"],
            )
        )
    return rows, errors
