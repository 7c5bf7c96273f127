"""What checking and writing share: one slice of a file at a time, under the job's lock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import numpy as np

from apps.common import clock
from apps.common.periods import day_in_zone, month_of
from apps.connectors.imports import storage
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.billing import BillConverter, BillRow
from apps.connectors.imports.rules.converting import Converter, Row
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.ordinals import PAIR
from apps.ledger.schema import RecordError
from apps.ledger.selectors.state import ledger_settings

SLICE_ROWS = 20_000
"""Rows of one transaction: a second or two of work."""
LEASE = timedelta(minutes=5)
"""A running job that nobody has advanced for so long is taken up again."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row with its number in the file (the header is 1) and where the next one begins."""

    number: int
    cells: list[str] | None
    end: int


def claim(job_id: UUID, generation: int, status: str) -> ImportJob | None:
    """The job, locked, if it still wants this pass; None when it was changed or finished."""
    return (
        ImportJob.objects.select_for_update(of=("self",))
        .filter(id=job_id, generation=generation, status=status, file_deleted_at=None)
        .first()
    )


AnyConverter = Converter | BillConverter
AnyRow = Row | BillRow


@dataclass(frozen=True, slots=True)
class Judge:
    """The conversion of a job's rows, the same in every pass: “now” is when the file came, and the
    months that are gone are those of its check."""

    convert: AnyConverter
    pruned: frozenset[date]
    zone: str
    time_column: str

    @property
    def by_event(self) -> bool:
        return self.convert.by_event

    def refusal(self, number: int, row: AnyRow) -> RecordError | None:
        """Why the ledger would not take a row that is well formed."""
        if not self.pruned or row.record is None:
            return None
        month = month_of(day_in_zone(row.record.occurred_at, self.zone)).start
        if month not in self.pruned:
            return None
        return RecordError(
            number,
            self.time_column,
            f"The single records of {month:%B %Y} were removed by retention: whether this one is "
            "known can no longer be told.",
            "Leave the row out: the totals of that month are kept.",
        )


def converter(job: ImportJob) -> Judge:
    """How this job's rows are judged."""
    mapping = Mapping.from_json(job.mapping)
    kind = BillConverter if mapping.is_bill else Converter
    return Judge(
        convert=kind(mapping, job.header, job.key_columns, job.created_at),
        pruned=frozenset(date.fromisoformat(month) for month in job.pruned),
        zone=ledger_settings().timezone,
        time_column=mapping.column_of("occurred_at") or "",
    )


def rows_from(job: ImportJob, start: int, first: int) -> Iterator[Numbered]:
    """Rows from an offset on, numbered from `first`."""
    reader = storage.Rows(job.id, start, job.delimiter)
    for number, cells in enumerate(reader, start=first):
        yield Numbered(number, cells, reader.offset)


def data_start(job: ImportJob) -> int:
    """Where the first row after the header begins."""
    reader = storage.Rows(job.id, 0, job.delimiter)
    next(iter(reader), None)
    return reader.offset


def judge(by: Judge, row: Numbered) -> AnyRow | RecordError:
    """The record or the line of a row, or why it is refused."""
    if row.cells is None:
        return RecordError(
            row.number,
            "",
            "The row cannot be read: a quote is not closed or the line is too long.",
            "Close the quotes; write a quote inside a text twice.",
        )
    found = by.convert.convert(row.number, row.cells)
    if isinstance(found, RecordError):
        return found
    return by.refusal(row.number, found) or found


def ordinals_of(data: bytes) -> dict[int, int]:
    """Accepted row of a slice to its ordinal, where it is not 0."""
    pairs = np.frombuffer(data, PAIR)
    return dict(zip(pairs["row"].tolist(), pairs["ordinal"].tolist(), strict=True))


def extend_lease(job: ImportJob) -> None:
    job.lease_until = clock.now() + LEASE
