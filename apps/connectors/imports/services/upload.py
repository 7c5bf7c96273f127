"""Taking a file in: readable, bounded, stored in pieces, prompts dropped at the door."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import FieldError, Invalid, TooLarge
from apps.connectors.imports import door, events, storage
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules import presets, reading
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.mending import IMPORT, is_mended, restored
from apps.connectors.imports.rules.targets import guess
from apps.connectors.imports.services import saving
from apps.connectors.imports.services.mappings import key_of, remembered
from apps.trail.services import record

MAX_NAME = 255


def max_bytes() -> int:
    """The largest file, unpacked: `IMPORT_MAX_MIB`."""
    return int(settings.IMPORT_MAX_MIB) << 20


def upload_file(
    *, actor: Actor, filename: str, pieces: Iterable[bytes], collection: str = ""
) -> ImportJob:
    """Store a file and say what its columns mean, as far as that is known.

    CSV, gzip, Parquet and invocation logs are taken; memory does not grow with the file. What the
    columns mean comes from the last file with this header, else from a saved mapping, else from a
    known export, else it is guessed. Invalid or TooLarge says what is wrong and the fix.
    """
    require(actor, P.USAGE_IMPORT)
    stream = door.as_csv(pieces, limit=max_bytes())
    sample = _sample(stream)
    shape = reading.inspect(sample[: reading.SAMPLE])
    first = reading.first_row(sample, shape)
    mended = _mended(shape, first) if is_mended(shape.header) else None
    job = ImportJob.objects.create(
        filename=_name(filename),
        digest="",
        size=0,
        header=list(shape.header),
        header_digest=shape.digest,
        delimiter=shape.delimiter,
        dropped_columns=list(shape.dropped),
        collection=collection[:255],
        created_by_id=actor.id,
        created_by_name=actor.name[:200],
    )
    storage.allow_long()
    digest = sha256()
    body = _checked(chain([sample[shape.start :]], stream), digest)
    if shape.dropped or mended is not None:
        body = _rewritten(body, shape, restore=mended is not None)
    job.size = storage.store(job, body)
    job.digest = digest.hexdigest()
    job.first_row = first
    if mended is not None:
        _take_over(job, mended)
    else:
        _understand(job, job.first_row)
    job.save()
    record(
        actor=actor,
        action=events.FILE_UPLOADED,
        obj=job,
        after={"bytes": job.size, "columns": len(shape.header), "dropped": list(shape.dropped)},
    )
    return job


def _understand(job: ImportJob, first: list[str]) -> None:
    """Fill the mapping from the best thing that is known about this header."""
    known, preset = remembered(job), presets.recognise(job.header)
    saved = None if known else saving.suggestion(job.header)
    if known:
        job.source = known.source
        job.source_name = known.source.name
        job.mapping, job.key_columns = known.mapping, known.key_columns
    elif saved is not None:
        saving.fill(job, saved)
    else:
        found = Mapping(columns=guess(job.header))
        if preset is not None:
            found = presets.mapping_of(preset, job.header, first)
            job.source_name = preset.source_name
        job.mapping, job.key_columns = found.as_json(), key_of(found, job.header)


def _mended(shape: reading.Shape, first: Sequence[str]) -> ImportJob:
    """The import whose refused rows a file holds. Invalid when it is not kept: which rows it
    accepted could no longer be told."""
    cells = dict(zip(shape.header, first, strict=False))
    try:
        wanted = UUID(cells.get(IMPORT, "").strip())
    except ValueError:
        wanted = UUID(int=0)
    known = ImportJob.objects.filter(id=wanted, file_deleted_at=None).first()
    if known is None or known.header_digest != shape.digest:
        message = "The import that these refused rows are from is no longer kept here."
        fix = "Correct the rows in the file they are from, and import that one again."
        raise Invalid(message, errors=[FieldError("file", message, fix)])
    return known


def _take_over(job: ImportJob, mended: ImportJob) -> None:
    """Mended rows mean what the file they are from means, and go where it went."""
    job.mends = mended.id
    job.source, job.source_name = mended.source, mended.source_name
    job.mapping, job.key_columns = mended.mapping, mended.key_columns


def _name(filename: str) -> str:
    """The last part of the name a browser sends, printable."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[-MAX_NAME:] or "file.csv"


def _sample(stream: Iterator[bytes]) -> bytes:
    parts: list[bytes] = []
    size = 0
    for piece in stream:
        parts.append(piece)
        size += len(piece)
        if size >= reading.SAMPLE:
            break
    return b"".join(parts)


def _checked(pieces: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    """The pieces as they come, counted, hashed and proved to be UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = lines = 0
    limit = max_bytes()
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge(
                f"The file is larger than {limit >> 20:,} MiB.",
                code="file_too_large",
                errors=[FieldError("file", "The file is too large.", "Split it by month.")],
            )
        if b"\x00" in piece:
            raise _not_text(lines + piece[: piece.index(b"\x00")].count(b"\n") + 1)
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise _not_text(lines + piece[: max(error.start, 0)].count(b"\n") + 1) from None
        lines += piece.count(b"\n")
        digest.update(piece)
        yield piece
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _not_text(lines + 1) from None


def _not_text(line: int) -> Invalid:
    message = f"The file is not UTF-8: line {line:,} holds other bytes."
    return Invalid(
        message,
        code="unreadable_file",
        errors=[FieldError("file", message, "Save it as “CSV UTF-8”.")],
    )


def _rewritten(pieces: Iterable[bytes], shape: reading.Shape, *, restore: bool) -> Iterator[bytes]:
    """The same rows with the cells of dropped columns empty, and (`restore`) those of a file that
    went out to people as they were."""
    places = [shape.header.index(name) for name in shape.dropped]
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=shape.delimiter, lineterminator="\n")
    head = True
    try:
        for cells in csv.reader(_lines(pieces), delimiter=shape.delimiter):
            if not head:
                cells = [restored(cell) for cell in cells] if restore else cells
                for place in places:
                    if place < len(cells):
                        cells[place] = ""
            writer.writerow(cells)
            head = False
            if buffer.tell() > storage.CHUNK:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
    except csv.Error:
        message = "The file has to be rewritten and cannot be read as CSV."
        fix = "Close the quotes; write a quote inside a text twice."
        if shape.dropped:
            message = "The file has content columns and cannot be read as CSV to drop them."
            fix = f"Remove the column “{shape.dropped[0]}” and upload the file again."
        raise Invalid(message, errors=[FieldError("file", message, fix)]) from None
    yield buffer.getvalue().encode()


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line.decode() + "\n"
    if rest:
        yield rest.decode()
