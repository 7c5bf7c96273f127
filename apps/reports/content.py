"""What a report says, as plain data: made in the organization's scope, written outside of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """One person's report of some days.

    `head` and `rows` are words for people, the first column names the row; `csv_head` and
    `csv_rows` are exact values. `notes` say how complete the figures are. `path` leads to the same
    figures on the site. `words` are the columns that hold words, not figures.
    """

    title: str
    headline: str
    lede: str
    facts: Sequence[tuple[str, str, str]]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    csv_head: Sequence[str]
    csv_rows: Sequence[Sequence[Any]]
    notes: Sequence[str]
    path: str
    filename: str
    words: frozenset[int] = frozenset({0})
