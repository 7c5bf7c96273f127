"""Pure rules of sprints: series of dates, the calendar as a table, a month's plan by days."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from apps.common.errors import FieldError, Invalid
from apps.common.periods import month_of

MOST_SPRINTS = 60
"""In one series or file: over two years of two-week sprints."""
LONGEST = 92
"""Days of one sprint."""
COLUMNS = ("name", "start", "end", "goal")


@dataclass(frozen=True, slots=True)
class Dates:
    """A sprint to be: `ends_on` is the day after the last. `line` is that of a file."""

    name: str
    starts_on: date
    ends_on: date
    goal: str = ""
    line: int = 0


def series(first: date, count: int, weeks: int, prefix: str, number: int) -> list[Dates]:
    """Sprints that follow each other without a gap, numbered from `number`."""
    length = timedelta(weeks=weeks)
    return [
        Dates(f"{prefix} {number + n}", first + n * length, first + (n + 1) * length)
        for n in range(count)
    ]


def read_calendar(text: str) -> list[Dates]:
    """A calendar from CSV text: name, start and end (its last day), and a goal if wanted.

    Raises Invalid naming every wrong line; nothing of a wrong file is taken.
    """
    if "\x00" in text or len(text) > 200_000:
        raise Invalid("Not a calendar.", field="file", fix="Send a CSV of at most 200 kB.")
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    heads = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
    missing = [name for name in COLUMNS[:3] if name not in heads]
    if missing:
        raise Invalid(
            f"The table has no column {', '.join(missing)}.",
            field="file",
            fix="Its first line names the columns: name,start,end,goal.",
        )
    found, errors = [], []
    for row in reader:
        cells = {key: (row.get(heads[key]) or "").strip() for key in COLUMNS if key in heads}
        if not any(cells.values()):
            continue
        line = reader.line_num
        days = [_day(cells["start"]), _day(cells["end"])]
        if days[0] is None or days[1] is None:
            fix = "Write days as 2027-01-04."
            errors.append(FieldError("file", f"Line {line}: not a day.", fix))
            continue
        last = days[1] + timedelta(days=1)
        found.append(Dates(cells["name"], days[0], last, cells.get("goal", ""), line))
    if errors:
        raise Invalid("The calendar cannot be read.", errors=errors[:20])
    if not found:
        raise Invalid("The table has no sprint.", field="file", fix="Add a line for each.")
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def problems(wanted: Iterable[Dates], there: Iterable[tuple[str, date, date]]) -> list[FieldError]:
    """Why sprints cannot stand beside those of the same team: `there` is name, start, end."""
    errors = []
    taken = list(there)
    for one in wanted:
        where = f"Line {one.line}: " if one.line else ""
        if not 1 <= len(one.name) <= 80:
            errors.append(_error("name", f"{where}a name has 1 to 80 characters.", "Name it."))
        if len(one.goal) > 400:
            errors.append(_error("goal", f"{where}a goal has 400 characters.", "Shorten it."))
        if one.ends_on <= one.starts_on:
            errors.append(_error("ends_on", f"{where}it ends before it starts.", "Move the end."))
        elif (one.ends_on - one.starts_on).days > LONGEST:
            errors.append(_error("ends_on", f"{where}longer than {LONGEST} days.", "Cut it."))
        clash = next((t for t in taken if one.starts_on < t[2] and t[1] < one.ends_on), None)
        if clash is not None:
            message = f"{where}{one.name or 'it'} overlaps {clash[0]}."
            errors.append(_error("starts_on", message, "Sprints of a team follow each other."))
        taken.append((one.name, one.starts_on, one.ends_on))
    return errors


def _error(field: str, message: str, fix: str) -> FieldError:
    return FieldError(field, message[0].upper() + message[1:], fix)


def share_of_month(amount: int, month: date, start: date, end: date) -> int:
    """The part of a month's amount that falls on the days [start, end).

    Cut from a running whole, so that the parts of days that tile a month sum to its amount.
    """
    whole = month_of(month)
    first = min(max((start - whole.start).days, 0), whole.days)
    last = min(max((end - whole.start).days, 0), whole.days)
    return amount * last // whole.days - amount * first // whole.days if last > first else 0


def largest_part(parts: Mapping[str, int]) -> str:
    """The part that moved most, or nothing when none moved."""
    name = max(parts, key=lambda key: abs(parts[key]), default="")
    return name if name and parts[name] else ""
