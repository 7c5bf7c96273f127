"""A pivot of two groupings: rows, columns, the rest of each, and totals that add up."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Key = str | None
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PivotRow:
    """One row: a value per column (None where there is none) and its total."""

    key: Key
    label: str
    cells: list[int | None]
    total: int | None


@dataclass(frozen=True, slots=True)
class Pivot:
    """`columns` are (key, label); a last column of all others has the key "…"."""

    columns: list[tuple[Key, str]]
    rows: list[PivotRow]
    totals: list[int | None]
    total: int | None
    hidden_rows: int


OTHERS = "…"


def pivot(
    cells: Iterable[tuple[tuple[Key, Key], tuple[str, str], int | None]],
    *,
    most_rows: int = 50,
    most_columns: int = 6,
) -> Pivot:
    """From ((row, column), (row label, column label), value). Largest first, both ways.

    A value of None (use without a price, requests that nobody counts) stays missing and adds
    nothing; so does the sum of nothing else.
    """
    values: dict[Key, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
    row_labels: dict[Key, str] = {}
    column_labels: dict[Key, str] = {}
    by_column: dict[Key, int] = defaultdict(int)
    counted: set[Key] = set()
    for (row, column), (row_label, column_label), value in cells:
        row_labels[row], column_labels[column] = row_label, column_label
        by_column[column] += value or 0
        if value is None:
            values.setdefault(row, defaultdict(int))
        else:
            values[row][column] += value
            counted.add(column)
    ranked = sorted(by_column, key=lambda c: (-by_column[c], column_labels[c]))
    shown, rest = ranked[:most_columns], ranked[most_columns:]
    rows = sorted(values, key=lambda r: (-sum(values[r].values()), row_labels[r]))
    columns: list[tuple[Key, str]] = [(c, column_labels[c]) for c in shown]
    totals = [by_column[c] if c in counted else None for c in shown]
    if rest:
        columns.append((OTHERS, f"{len(rest)} others"))
        totals.append(_sum(by_column[c] for c in rest if c in counted))
    found = []
    for row in rows[:most_rows]:
        line: list[int | None] = [values[row].get(c) for c in shown]
        if rest:
            line.append(_sum(values[row][c] for c in rest if c in values[row]))
        found.append(PivotRow(row, row_labels[row], line, _sum(values[row].values())))
    total = _sum(by_column[c] for c in counted)
    return Pivot(columns, found, totals, total, max(0, len(rows) - most_rows))


def _sum(values: Iterable[int]) -> int | None:
    """The sum; None of nothing."""
    known = list(values)
    return sum(known) if known else None


def top(
    rows: Sequence[R], key: Callable[[R], Key], value: Callable[[R], int], most: int
) -> tuple[list[Key], list[Key]]:
    """The keys of the largest groups and those of all others, largest first."""
    sums: dict[Key, int] = defaultdict(int)
    for row in rows:
        sums[key(row)] += value(row)
    ranked = sorted(sums, key=lambda k: (-sums[k], str(k)))
    return ranked[:most], ranked[most:]
