"""Tables of reference rates as the European Central Bank publishes them.

`Date,USD,JPY,…` with one row a day, newest or oldest first, N/A where a currency had no rate, and
often a comma at the end of each line. The one-day file writes `Date, USD, JPY` and
`27 November 2026`. Rates are units of the column's currency for one unit of the base.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from apps.pricing.fx.rules import Published, code_of, rate_problem

MAX_BYTES = 8 * 1024 * 1024
MAX_PROBLEMS = 50
FIRST_DAY = date(2019, 12, 1)
"""Usage is recorded from 2020 on; earlier rates would never be asked for."""
_EMPTY = frozenset({"", "N/A", "NA", "-"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that was left out. `line` counts from 1, the heading included."""

    line: int
    column: str
    message: str


@dataclass(slots=True)
class Table:
    """What a file says. `early` days lie before the first day of usage and are left out."""

    rates: list[Published] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: int = 0
    empty: int = 0
    early: int = 0

    @property
    def currencies(self) -> list[str]:
        return sorted({rate.quote for rate in self.rates})

    @property
    def first(self) -> date | None:
        return min((rate.day for rate in self.rates), default=None)

    @property
    def last(self) -> date | None:
        return max((rate.day for rate in self.rates), default=None)

    def refuse(self, line: int, column: str, message: str) -> None:
        self.refused += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(line, column, message))


def read_table(content: bytes, *, base: str, today: date) -> Table:
    """Read a file. Cells that cannot be read are named and left out; ValueError when the file as
    a whole is no table of rates."""
    lines = _lines(content)
    table = Table()
    columns = _columns(table, lines, base)
    seen: set[date] = set()
    for number, row in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        day = _day(row[0])
        if day is None:
            table.refuse(number, "Date", f"{row[0][:30]!r} is not a day")
        elif day > today:
            table.refuse(number, "Date", f"{day} is in the future")
        elif day in seen:
            table.refuse(number, "Date", f"{day} comes twice")
        else:
            seen.add(day)
            if day < FIRST_DAY:
                table.early += 1
            else:
                table.rates += _cells(table, number, day, row, columns, base)
    return table


def _lines(content: bytes) -> list[list[str]]:
    if len(content) > MAX_BYTES:
        raise ValueError("The file is larger than 8 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("The file is not text in UTF-8.") from None
    try:
        lines = [] if "\x00" in text else list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error:
        lines = []
    if not lines:
        raise ValueError("The file is not a CSV file.")
    return lines


def _columns(table: Table, lines: list[list[str]], base: str) -> dict[int, str]:
    """The currency of each column, without the base itself."""
    head = [name.strip() for name in lines[0]]
    while head and not head[-1]:
        head.pop()
    if not head or head[0].lower() != "date":
        raise ValueError("The first column must be called Date.")
    columns: dict[int, str] = {}
    for index, name in enumerate(head[1:], start=1):
        code = code_of(name)
        if code is None:
            table.refuse(1, name[:30] or f"column {index + 1}", "is not a currency code")
        elif code in columns.values():
            raise ValueError(f"{code} has two columns.")
        else:
            columns[index] = code
    if not columns:
        raise ValueError("No column is named by a currency such as USD.")
    return {index: code for index, code in columns.items() if code != base}


def _cells(
    table: Table, number: int, day: date, row: list[str], columns: dict[int, str], base: str
) -> Iterator[Published]:
    for index, code in columns.items():
        text = row[index].strip() if index < len(row) else ""
        if text.upper() in _EMPTY:
            table.empty += 1
            continue
        try:
            rate = Decimal(text)
        except InvalidOperation:
            rate = None
        if problem := rate_problem(rate):
            table.refuse(number, code, f"{text[:30]!r} {problem}")
        elif rate is not None:
            yield Published(base, code, day, rate)


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None
