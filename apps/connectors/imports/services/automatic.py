"""Files that a source brings: mapped by what is known, checked and written without a person."""

from collections.abc import Iterable
from dataclasses import replace

from apps.access.actors import Actor
from apps.common.errors import FieldError, Invalid
from apps.connectors.imports.models import ImportJob, SavedMapping
from apps.connectors.imports.rules import presets
from apps.connectors.imports.rules.mapping import Mapping, check
from apps.connectors.imports.services.mappings import begin_check
from apps.connectors.imports.services.upload import upload_file
from apps.connectors.models import Source


def automatic_import(
    *,
    actor: Actor,
    source: Source,
    filename: str,
    pieces: Iterable[bytes],
    collection: str = "",
    preset: str = "",
    saved: SavedMapping | None = None,
    bill_only: bool = False,
) -> ImportJob:
    """Store a file of a source and begin its dry run, after which it is written by itself.

    The mapping is the saved one, else the preset's, else that of the export the header belongs to.
    `collection`: the file replaces what the collection held; events of the file's own ids are
    never replaced. Invalid for a header that none of them fits.
    """
    job = upload_file(actor=actor, filename=filename, pieces=pieces)
    mapping = _mapping(job, preset, saved)
    job.source, job.source_name, job.automatic = source, source.name, True
    job.collection = "" if mapping.column_of("event_id") else collection[:255]
    keys = saved.key_columns if saved is not None else ()
    kept = mapping.is_bill and (bill_only or mapping.bill_only)
    return begin_check(job, replace(mapping, bill_only=kept), keys)


def _mapping(job: ImportJob, preset: str, saved: SavedMapping | None) -> Mapping:
    if saved is not None:
        return check(Mapping.from_json(saved.mapping), job.header)
    found = presets.BY_KEY.get(preset) or presets.recognise(job.header)
    if found is None:
        message = "The header belongs to no export that is known."
        fix = "Import one such file by hand, save its mapping, and choose it for this source."
        raise Invalid(message, errors=[FieldError("file", message, fix)])
    return check(presets.mapping_of(found, job.header, job.first_row), job.header)
