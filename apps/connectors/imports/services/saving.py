"""Mappings with a name: kept, suggested for headers they fit, applied, changed, deleted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.connectors.imports import events
from apps.connectors.imports.models import ImportJob, SavedMapping
from apps.connectors.imports.rules.mapping import Mapping, check
from apps.connectors.imports.selectors import job_by_id, saved_by_id
from apps.connectors.imports.services.mappings import key_of
from apps.trail.services import record

MAX_NAME = 120
MAX_SAVED = 200


def save_mapping(
    *,
    actor: Actor,
    name: str,
    mapping: Mapping,
    key_columns: Sequence[str] = (),
    source_name: str = "",
) -> SavedMapping:
    """Keep a mapping under a name. Invalid for a wrong mapping, Conflict for a name in use."""
    require(actor, P.USAGE_IMPORT)
    values = _checked(name, mapping, key_columns, source_name)
    if SavedMapping.objects.count() >= MAX_SAVED:
        raise Conflict(
            f"There are {MAX_SAVED} saved mappings already.",
            code="too_many_mappings",
            fix="Delete one that is not used.",
        )
    saved = SavedMapping(**values, created_by_name=actor.name[:200])
    try:
        with transaction.atomic():
            saved.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(saved.name, error) from error
    record(actor=actor, action=events.MAPPING_SAVED, obj=saved, after=_described(values))
    return saved


def save_mapping_of(*, actor: Actor, job_id: UUID, name: str) -> SavedMapping:
    """Keep what a file's columns mean, as it stands. Conflict before the file was mapped."""
    require(actor, P.USAGE_IMPORT)
    job = job_by_id(job_id)
    return save_mapping(
        actor=actor,
        name=name,
        mapping=check(Mapping.from_json(job.mapping), job.header),
        key_columns=job.key_columns,
        source_name=job.source_name,
    )


def change_mapping(
    *,
    actor: Actor,
    saved_id: UUID,
    version: int,
    name: str,
    mapping: Mapping,
    key_columns: Sequence[str] = (),
    source_name: str = "",
) -> SavedMapping:
    """Change a saved mapping of the version that was read. Files already mapped keep theirs."""
    require(actor, P.USAGE_IMPORT)
    saved = saved_by_id(saved_id)
    before = _described({f: getattr(saved, f) for f in ("name", "mapping", "source_name")})
    values = _checked(name, mapping, key_columns, source_name)
    try:
        with transaction.atomic():
            changed = SavedMapping.objects.filter(id=saved.id, version=version).update(
                version=F("version") + 1, updated_at=clock.now(), **values
            )
    except IntegrityError as error:
        raise _taken(values["name"], error) from error
    if not changed:
        raise Conflict(
            "Somebody changed this mapping meanwhile.",
            code="version_changed",
            fix="Load the page again and repeat your change.",
        )
    saved.refresh_from_db()
    record(
        actor=actor,
        action=events.MAPPING_CHANGED,
        obj=saved,
        before=before,
        after=_described(values),
    )
    return saved


def delete_mapping(*, actor: Actor, saved_id: UUID) -> None:
    """Forget a saved mapping. Files that used it keep what they were given."""
    require(actor, P.USAGE_IMPORT)
    saved = saved_by_id(saved_id)
    record(actor=actor, action=events.MAPPING_DELETED, obj=saved)
    saved.delete()


def apply_mapping(*, actor: Actor, job_id: UUID, saved_id: UUID) -> ImportJob:
    """Put a saved mapping on an uploaded file, to look at and check. Invalid when it does not fit:
    a column that it needs is not in the file."""
    require(actor, P.USAGE_IMPORT)
    job, saved = job_by_id(job_id, lock=True), saved_by_id(saved_id)
    if job.is_running:
        raise Conflict("The file is being worked on.", code="import_running", fix="Wait for it.")
    missing = [name for name in saved.mapping.get("columns", {}) if name not in job.header]
    if missing:
        raise Invalid(
            f"The file has no column “{missing[0][:60]}”.",
            errors=[FieldError("saved", f"“{saved.name}” does not fit.", "Choose another.")],
        )
    fill(job, saved)
    job.save()
    return job


def suggestion(header: Sequence[str]) -> SavedMapping | None:
    """The saved mapping that explains most columns of a header, the last used of equals."""
    names = set(header)
    fitting = [
        saved
        for saved in SavedMapping.objects.all()[:MAX_SAVED]
        if saved.mapping.get("columns") and set(saved.mapping["columns"]) <= names
    ]
    return max(
        fitting,
        key=lambda saved: (len(saved.mapping["columns"]), saved.used_at or saved.created_at),
        default=None,
    )


def fill(job: ImportJob, saved: SavedMapping) -> None:
    """Give the file the mapping, and count the use."""
    mapping = Mapping.from_json(saved.mapping)
    keys = [name for name in saved.key_columns if name in job.header]
    job.mapping = mapping.as_json()
    job.key_columns = keys or key_of(mapping, job.header)
    job.source_name = saved.source_name or job.source_name
    SavedMapping.objects.filter(id=saved.id).update(uses=F("uses") + 1, used_at=clock.now())


def _checked(
    name: str, mapping: Mapping, key_columns: Sequence[str], source_name: str
) -> dict[str, Any]:
    clean = name.strip()
    if not 1 <= len(clean) <= MAX_NAME:
        raise Invalid(
            f"A mapping has a name of 1 to {MAX_NAME} characters.", field="name", fix="Name it."
        )
    if len(source_name.strip()) > MAX_NAME:
        raise Invalid("The name of the source is too long.", field="source_name")
    checked = check(mapping, list(mapping.columns))
    return {
        "name": clean,
        "name_norm": clean.casefold(),
        "mapping": checked.as_json(),
        "key_columns": list(key_columns),
        "source_name": source_name.strip(),
    }


def _described(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("name", "mapping", "source_name")}


def _taken(name: str, error: IntegrityError) -> Exception:
    if "saved_mapping_name" not in str(error):
        return error
    return Conflict(
        f"Another mapping is called {name}.",
        code="name_taken",
        field="name",
        fix="Choose another name.",
    )
