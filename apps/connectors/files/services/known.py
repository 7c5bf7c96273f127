"""Which files a source knows, and what a listing changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from apps.common import clock
from apps.common.ids import uuid7
from apps.connectors import rules as times
from apps.connectors.files import rules
from apps.connectors.files.enums import FileState
from apps.connectors.files.models import FileLocation, FileRun, SourceFile
from apps.connectors.files.rules import Found, Listing
from apps.connectors.imports.models import ImportJob
from apps.connectors.models import Source
from apps.tenancy.scope import require_organization_id

PAGE = 2_000
_LISTED = """
INSERT INTO source_files_sourcefile AS known (organization_id, source_id, id, key, collection, etag,
  size, modified_at, state, read_etag, versions, error, seen_at)
SELECT %s, %s, t.id, t.key, t.collection, t.etag, t.size, t.modified_at, 'waiting', '', 0, '', %s
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
  AS t (id, key, collection, etag, size, modified_at)
ORDER BY t.key
ON CONFLICT (organization_id, source_id, key) DO UPDATE SET etag = excluded.etag,
  size = excluded.size, modified_at = excluded.modified_at, collection = excluded.collection,
  state = CASE WHEN known.read_etag = '' THEN 'waiting' WHEN known.read_etag = excluded.etag
    THEN 'read' ELSE 'changed' END, error = '', seen_at = excluded.seen_at
WHERE known.etag <> excluded.etag OR known.state = 'gone'
RETURNING old.id IS NULL"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Files that are read as one import."""

    collection: str
    files: list[Found]

    @property
    def title(self) -> str:
        """What a person sees of it."""
        if not self.collection:
            more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
            return f"{self.files[0].key}{more}"
        return self.collection


def compare(
    source: Source, location: FileLocation, listing: Listing, found: FileRun
) -> list[Delivery]:
    """Note the listing and say what is to be read, oldest first. Unchanged files cost nothing."""
    first = times.midnight(source.history_from) if source.history_from else None
    recent = [f for f in listing.files if first is None or f.modified_at >= first]
    found.ignored += len(listing.files) - len(recent)
    now = clock.now()
    for start in range(0, len(recent), PAGE):
        for fresh in _note(source, location.content, recent[start : start + PAGE]):
            found.fresh += fresh
            found.changed += not fresh
    found.gone = _gone(source, {f.key for f in recent})
    wanted = set(
        SourceFile.objects.filter(
            source=source, state__in=[FileState.WAITING, FileState.CHANGED]
        ).values_list("key", flat=True)
    )
    events = [f for f in recent if f.key in wanted and rules.is_log(f.key, location.content)]
    deliveries = [Delivery("", bundle) for bundle in rules.bundles(events)]
    collections: dict[str, list[Found]] = {}
    for entry in recent:
        if name := rules.collection_of(entry.key, location.content):
            collections.setdefault(name, []).append(entry)
    due = set(
        SourceFile.objects.filter(
            source=source, state__in=[FileState.WAITING, FileState.CHANGED, FileState.GONE]
        )
        .exclude(collection="")
        .values_list("collection", flat=True)
    )
    busy = set(
        SourceFile.objects.filter(source=source, state=FileState.READING)
        .exclude(collection="")
        .values_list("collection", flat=True)
    )
    for name in sorted((due & set(collections)) - busy):
        members = rules.newest_delivery(collections[name], listing.manifests, now)
        if members and not _same_as_read(source, name, members):
            deliveries.append(Delivery(name, members))
    return deliveries


def _note(source: Source, content: str, page: list[Found]) -> Iterable[bool]:
    columns: list[Any] = [
        [uuid7() for _ in page],
        [f.key[:1024] for f in page],
        [rules.collection_of(f.key, content) for f in page],
        [f.etag for f in page],
        [f.size for f in page],
        [f.modified_at for f in page],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, [require_organization_id(), source.id, clock.now(), *columns])
        return [row[0] for row in cursor.fetchall()]


def _gone(source: Source, listed: set[str]) -> int:
    rows = SourceFile.objects.filter(source=source).exclude(state=FileState.GONE)
    gone = [row_id for row_id, key in rows.values_list("id", "key") if key not in listed]
    for start in range(0, len(gone), PAGE):
        SourceFile.objects.filter(id__in=gone[start : start + PAGE]).update(state=FileState.GONE)
    return len(gone)


def _same_as_read(source: Source, collection: str, members: list[Found]) -> bool:
    """Whether exactly these versions were read last (an older folder of parts went, say)."""
    rows = SourceFile.objects.filter(source=source, collection=collection)
    current = rows.exclude(read_etag="").exclude(state=FileState.GONE)
    read = dict(current.values_list("key", "read_etag"))
    folders = {rules.folder_of(found.key) for found in members}
    lost = SourceFile.objects.filter(
        source=source, collection=collection, state=FileState.GONE
    ).exclude(read_etag="")
    if any(rules.folder_of(key) in folders for key in lost.values_list("key", flat=True)):
        return False
    same = all(read.get(found.key) == found.etag for found in members)
    if same:
        older = rows.filter(modified_at__lt=max(found.modified_at for found in members))
        older.filter(state__in=(FileState.WAITING, FileState.CHANGED)).update(state=FileState.READ)
    return same


def mark(
    source: Source,
    delivery: Delivery,
    state: FileState,
    *,
    job: ImportJob | None = None,
    error: str = "",
) -> None:
    """Put a delivery's files into a state; READING ones belong to their import."""
    keys = [found.key for found in delivery.files]
    rows = SourceFile.objects.filter(source=source, key__in=keys)
    if job is not None:
        SourceFile.objects.filter(
            source=source, collection=delivery.collection, state=FileState.GONE
        ).exclude(collection="").update(read_etag="")
        rows.update(state=state, job=job, error="", versions=F("versions") + 1)
    else:
        rows.update(state=state, error=error[:500])


def settle(job: ImportJob, *, done: bool) -> None:
    """The import of some files has ended: they are read, or say why not."""
    rows = SourceFile.objects.filter(job=job, state=FileState.READING)
    if done:
        rows.update(state=FileState.READ, read_etag=F("etag"), read_at=clock.now())
    else:
        rows.update(state=FileState.FAILED, error=job.failure[:500])
