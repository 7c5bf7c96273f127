"""Usage of comparison-only sources: folded to UTC days, replaced by what the source says now."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.ids import uuid7
from apps.common.money import to_nanos
from apps.common.tokens import KINDS
from apps.connectors.models import ComparedRecord, ComparisonUsage, Source
from apps.ledger.schema import IngestResult, UsageIn

DIMENSIONS = (
    "provider",
    "account",
    "project_id",
    "api_key_id",
    "user",
    "model",
    "service_tier",
    "currency",
)
LABELS = ("project", "api_key")
_MOMENT = timedelta(microseconds=1)


@dataclass(slots=True)
class _Line:
    """One day and combination of dimensions on its way into the table."""

    day: date
    dimensions: tuple[str, ...]
    labels: tuple[str, ...]
    counts: list[int] = field(default_factory=lambda: [0] * len(KINDS))
    requests: int | None = None
    cost: int | None = 0

    def add(self, usage: UsageIn) -> None:
        """Sum a record in. A cost that one of them lacks is unknown for the whole line."""
        for index, kind in enumerate(KINDS):
            self.counts[index] += getattr(usage, kind)
        if usage.requests is not None:
            self.requests = (self.requests or 0) + usage.requests
        elif usage.granularity == "event":
            self.requests = (self.requests or 0) + 1
        if usage.cost is None:
            self.cost = None
        elif self.cost is not None:
            self.cost += to_nanos(usage.cost)

    @property
    def key(self) -> UUID:
        return line_key(self.dimensions)


def line_key(dimensions: Iterable[str]) -> UUID:
    """What a day's line is found by: a digest of its DIMENSIONS."""
    text = "\x1f".join(dimensions)
    return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())


_FIGURES = (*KINDS, "requests", "cost_nanos")
_COLUMNS = ("id", "day", "key", *DIMENSIONS, *LABELS, *_FIGURES)
_TYPES = {"id": "uuid", "day": "date", "key": "uuid"} | dict.fromkeys(_FIGURES, "bigint")
_QUOTED = {"user": '"user"'}


def _names(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(prefix + _QUOTED.get(name, name) for name in columns)


_UPSERT = f"""
INSERT INTO connectors_comparisonusage AS known (
  organization_id, source_id, observed_at, revisions, {_names(_COLUMNS)})
SELECT %s, %s, %s, 0, {_names(_COLUMNS, "line.")}
FROM unnest({", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in _COLUMNS)})
  AS line ({_names(_COLUMNS)})
ON CONFLICT (organization_id, source_id, day, key) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in (*_FIGURES, *LABELS))},
  revisions = known.revisions + 1, observed_at = excluded.observed_at
WHERE ({_names(_FIGURES, "known.")}) IS DISTINCT FROM ({_names(_FIGURES, "excluded.")})
RETURNING revisions"""


def store_comparison(
    source: Source,
    usage: Sequence[UsageIn],
    *,
    window: tuple[datetime, datetime],
    observed_at: datetime,
) -> IngestResult:
    """Keep what a source counted on the UTC days of a window that begins at midnight.

    The batch is everything the source reports for the window: an unchanged line causes no write,
    a changed one is replaced, one that is no longer reported is removed.
    """
    lines = list(_folded(usage).values())
    result = IngestResult()
    if lines:
        result = _upsert(source, lines, observed_at)
    gone = ComparisonUsage.objects.filter(
        source=source, day__gte=window[0].date(), day__lte=(window[1] - _MOMENT).date()
    )
    kept = {(line.day, line.key) for line in lines}
    missing = [
        row_id
        for row_id, day, key in gone.values_list("id", "day", "key")
        if (day, key) not in kept
    ]
    if missing:
        result.withdrawn = gone.filter(id__in=missing).delete()[0]
    return result


def forget_comparison(source: Source) -> None:
    """Remove everything: the source becomes the channel of record."""
    ComparisonUsage.objects.filter(source=source).delete()
    ComparedRecord.objects.filter(source_id=source.id).delete()


def _upsert(source: Source, lines: list[_Line], observed_at: datetime) -> IngestResult:
    columns: list[list[Any]] = [
        [uuid7() for _ in lines],
        [line.day for line in lines],
        [line.key for line in lines],
        *([line.dimensions[i] for line in lines] for i in range(len(DIMENSIONS))),
        *([line.labels[i] for line in lines] for i in range(len(LABELS))),
        *([line.counts[i] for line in lines] for i in range(len(KINDS))),
        [line.requests for line in lines],
        [line.cost for line in lines],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [source.organization_id, source.id, observed_at, *columns])
        revisions = [row[0] for row in cursor.fetchall()]
    changed = sum(1 for revision in revisions if revision)
    return IngestResult(
        new=len(revisions) - changed, changed=changed, unchanged=len(lines) - len(revisions)
    )


def _folded(usage: Iterable[UsageIn]) -> dict[tuple[date, tuple[str, ...]], _Line]:
    found: dict[tuple[date, tuple[str, ...]], _Line] = {}
    for record in usage:
        day = record.occurred_at.astimezone(UTC).date()
        dimensions = tuple(getattr(record, name) for name in DIMENSIONS)
        line = found.get((day, dimensions))
        if line is None:
            labels = tuple(getattr(record, name) for name in LABELS)
            line = found[day, dimensions] = _Line(day, dimensions, labels)
        line.add(record)
    return found
