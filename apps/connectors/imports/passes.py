"""What checking and writing share: one slice of a file at a time, under the job's lock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np

from apps.common import clock
from apps.connectors.imports import storage
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.billing import BillConverter, BillRow
from apps.connectors.imports.rules.converting import Converter, Row
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.ordinals import PAIR
from apps.ledger.schema import RecordError

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


def converter(job: ImportJob) -> AnyConverter:
    """The same conversion in every pass: “now” is when the file came."""
    mapping = Mapping.from_json(job.mapping)
    if mapping.is_bill:
        return BillConverter(mapping, job.header, job.key_columns, job.created_at)
    return Converter(mapping, job.header, job.key_columns, job.created_at)


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


def judge(convert: AnyConverter, row: Numbered) -> AnyRow | RecordError:
    """The record or the line of a row, or why it is refused."""
    if row.cells is None:
        return RecordError(
            row.number,
            "",
            "The row cannot be read: a quote is not closed or the line is too long.",
            "Close the quotes; write a quote inside a text twice.",
        )
    return convert.convert(row.number, row.cells)


def ordinals_of(data: bytes) -> dict[int, int]:
    """Accepted row of a slice to its ordinal, where it is not 0."""
    pairs = np.frombuffer(data, PAIR)
    return dict(zip(pairs["row"].tolist(), pairs["ordinal"].tolist(), strict=True))


def extend_lease(job: ImportJob) -> None:
    job.lease_until = clock.now() + LEASE
