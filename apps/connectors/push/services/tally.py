"""Counting what was pushed, by dialect, signal and outcome."""

import os
from collections.abc import Iterable
from datetime import datetime

from apps.connectors.push.rules.calls import Dialect, Signal
from apps.ledger.services.sql import insert_rows

COUNTED = "counted"
SHARDS = 8
_COLUMNS = (
    ("day", "date"),
    ("dialect", "text"),
    ("signal", "text"),
    ("outcome", "text"),
    ("shard", "smallint"),
    ("items", "bigint"),
    ("tokens", "bigint"),
    ("last_at", "timestamptz"),
)
_ADD = (
    "(organization_id, day, dialect, signal, outcome, shard) DO UPDATE SET "
    "items = push_tally.items + excluded.items, tokens = push_tally.tokens + excluded.tokens, "
    "last_at = greatest(push_tally.last_at, excluded.last_at)"
)


class Tally:
    """Counts of one request, written at its end in key order."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str], list[int]] = {}

    def add(
        self, dialect: Dialect, signal: Signal, outcome: str, tokens: int = 0, items: int = 1
    ) -> None:
        if items:
            entry = self.counts.setdefault((str(dialect), str(signal), str(outcome)), [0, 0])
            entry[0] += items
            entry[1] += tokens

    def items(self, outcomes: Iterable[str]) -> int:
        """How many things had one of some outcomes."""
        wanted = {str(outcome) for outcome in outcomes}
        return sum(entry[0] for key, entry in self.counts.items() if key[2] in wanted)

    def save(self, now: datetime) -> None:
        """Add to the day's counts. Processes write different shards, so that they do not wait."""
        shard = os.getpid() % SHARDS
        rows = [
            (now.date(), *key, shard, items, tokens, now)
            for key, (items, tokens) in sorted(self.counts.items())
        ]
        insert_rows(
            "push_tally", _COLUMNS, rows, order="day, dialect, signal, outcome", conflict=_ADD
        )
