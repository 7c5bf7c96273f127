"""Reads of sources that read files, inside the open scope."""

from uuid import UUID

from django.db.models import QuerySet, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import NotFound
from apps.connectors.enums import SourceKind
from apps.connectors.files.models import FileImport, FileLocation, FileRun, SourceFile
from apps.connectors.models import Source
from apps.connectors.selectors import source_by_id


def reads_files(source_id: UUID) -> bool:
    """Whether a source is of this kind."""
    return Source.objects.filter(id=source_id, kind=SourceKind.FILES).exists()


def location_of(actor: Actor, source_id: UUID) -> FileLocation:
    """The place of a source's files. NotFound for other kinds of sources and organizations."""
    source = source_by_id(actor, source_id)
    found = FileLocation.objects.select_related("source", "saved").filter(source=source).first()
    if found is None:
        raise NotFound("This source reads no files.", code="location_not_found")
    return found


def files_of(actor: Actor, source_id: UUID) -> QuerySet[SourceFile]:
    """The files that a source knows, with the import that read them."""
    require(actor, P.SOURCE_VIEW)
    return SourceFile.objects.filter(source_id=source_id).select_related("job")


def run_of(run_id: UUID) -> FileRun | None:
    """What a run found in the place; None for runs of other sources."""
    return FileRun.objects.filter(run_id=run_id).first()


def imports_of(run_id: UUID) -> QuerySet[FileImport]:
    """The imports that a run started."""
    return (
        FileImport.objects.filter(run_id=run_id).select_related("job").order_by("job__created_at")
    )


def totals_of(source_id: UUID) -> dict[str, int]:
    """Bytes of all files that were read."""
    rows = SourceFile.objects.filter(source_id=source_id).exclude(read_etag="")
    return {"bytes": rows.aggregate(total=Sum("size"))["total"] or 0, "files": rows.count()}
