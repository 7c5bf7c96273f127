"""Reads of imports, inside the open scope."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import Conflict, NotFound
from apps.connectors.imports import passes
from apps.connectors.imports.enums import RUNNING
from apps.connectors.imports.models import ImportJob, ImportSlice, SavedMapping
from apps.connectors.imports.rules import mending
from apps.connectors.imports.rules.converting import repeat_error
from apps.ledger.schema import RecordError

_HASH = 8
"""Bytes of an accepted row's identity in its slice."""


def jobs(actor: Actor) -> QuerySet[ImportJob]:
    """All imports. Raises Forbidden without the permission."""
    require(actor, P.USAGE_IMPORT)
    return ImportJob.objects.select_related("source")


def job_by_id(job_id: UUID, *, lock: bool = False) -> ImportJob:
    """NotFound for one of another organization as for none at all."""
    rows = ImportJob.objects.all()
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(id=job_id).first()
    if found is None:
        raise NotFound("There is no such import.", code="import_not_found")
    return found


def saved_mappings(actor: Actor) -> QuerySet[SavedMapping]:
    """All saved mappings. Raises Forbidden without the permission."""
    require(actor, P.USAGE_IMPORT)
    return SavedMapping.objects.all()


def saved_by_id(saved_id: UUID) -> SavedMapping:
    """NotFound for one of another organization as for none at all."""
    found = SavedMapping.objects.filter(id=saved_id).first()
    if found is None:
        raise NotFound("There is no such mapping.", code="mapping_not_found")
    return found


def refused_header(job: ImportJob) -> list[str]:
    """The columns of `refused_rows`: the file's own, then the notes."""
    return [*mending.own_columns(job.header), *mending.NOTES]


def refused_rows(job: ImportJob) -> Iterator[list[str]]:
    """Every refused row with its number, field, reason, fix and import, read from the file again.

    Mended, the file can be imported: its rows go in beside those that were accepted.
    """
    if job.file_deleted_at:
        raise Conflict("The file was deleted.", code="file_deleted", fix="Upload it again.")
    convert = passes.converter(job)
    own = [place for place, name in enumerate(job.header) if name not in mending.NOTES]
    for piece in ImportSlice.objects.filter(job=job).order_by("number").iterator(chunk_size=4):
        ordinals = passes.ordinals_of(bytes(piece.ordinals)) if convert.by_event else {}
        if len(piece.identities) == piece.rows * _HASH and not ordinals:
            continue
        place = -1
        rows = passes.rows_from(job, piece.start, piece.first_row)
        for row, _ in zip(rows, range(piece.rows), strict=False):
            found = passes.judge(convert, row)
            if not isinstance(found, RecordError):
                place += 1
                if not ordinals.get(place):
                    continue
                found = repeat_error(row.number)
            cells = row.cells or []
            padded = [*cells, *[""] * (len(job.header) - len(cells))]
            notes = [str(row.number), found.field, found.message, found.fix, str(job.id)]
            yield [*(padded[place] for place in own), *notes]


def stalled(now: datetime) -> QuerySet[ImportJob]:
    """Running imports that nobody has advanced for a lease."""
    return ImportJob.objects.filter(status__in=[s.value for s in RUNNING], lease_until__lt=now)
