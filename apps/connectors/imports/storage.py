"""A file's bytes in the database, written and read in pieces."""

import csv
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.connectors.imports.models import ImportChunk, ImportJob
from apps.connectors.imports.rules.reading import MAX_FIELD, MAX_LINE

CHUNK = 1024 * 1024
LONG = "15min"
_SIZE = struct.Struct("<I")
_ZSTD = b"\x28\xb5\x2f\xfd"
"""How a Zstandard frame begins; files stored by releases before it are zlib."""
csv.field_size_limit(MAX_FIELD)


def allow_long() -> None:
    """Let this transaction take up to LONG: bytes of a big file, or a look at all of its rows.

    It holds no lock that others wait for. The timer has to be stopped to be set anew.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_timeout = 0")
        cursor.execute(f"SET LOCAL transaction_timeout = '{LONG}'")


def store(job: ImportJob, pieces: Iterable[bytes]) -> int:
    """Write the pieces as chunks of CHUNK bytes; the number of bytes."""
    buffer = bytearray()
    number = size = 0
    for piece in pieces:
        buffer += piece
        while len(buffer) >= CHUNK:
            _write(job, number, bytes(buffer[:CHUNK]))
            del buffer[:CHUNK]
            number, size = number + 1, size + CHUNK
    if buffer:
        _write(job, number, bytes(buffer))
        size += len(buffer)
    return size


def _packed(data: bytes) -> bytes:
    """Zstandard, five times as fast as zlib: a file is stored within one transaction."""
    import pyarrow as pa

    body: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return _SIZE.pack(len(data)) + body


def _unpacked(stored: bytes) -> bytes:
    if stored[_SIZE.size : 2 * _SIZE.size] != _ZSTD:
        return zlib.decompress(stored)
    import pyarrow as pa

    size: int = _SIZE.unpack_from(stored)[0]
    found: bytes = pa.decompress(
        stored[_SIZE.size :], decompressed_size=size, codec="zstd", asbytes=True
    )
    return found


def _write(job: ImportJob, number: int, data: bytes) -> None:
    ImportChunk.objects.create(job=job, number=number, data=_packed(data))


def read(job_id: UUID, start: int) -> Iterator[bytes]:
    """The file's bytes from an offset on, a chunk at a time."""
    number, skip = divmod(start, CHUNK)
    while True:
        found = (
            ImportChunk.objects.filter(job_id=job_id, number=number)
            .values_list("data", flat=True)
            .first()
        )
        if found is None:
            return
        yield _unpacked(bytes(found))[skip:]
        number, skip = number + 1, 0


class Rows:
    """Rows of a stored file from an offset on. `offset` is where the next row begins.

    A row that cannot be read at all (an open quote, an endless line) comes as None. Nothing here
    refers back to it: a slice ends in the middle of a piece, and what it holds has to go with it
    and not wait for the garbage collector, which a few objects of a MiB each never wake.
    """

    def __init__(self, job_id: UUID, start: int, delimiter: str) -> None:
        self._place = _Place(start)
        self._reader = csv.reader(_lines(read(job_id, start), self._place), delimiter=delimiter)

    @property
    def offset(self) -> int:
        return self._place.offset

    def __iter__(self) -> Iterator[list[str] | None]:
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                yield None
                continue
            if cells:
                yield cells


@dataclass(slots=True)
class _Place:
    """How far lines have been handed out, in bytes of the file."""

    offset: int


def _lines(pieces: Iterable[bytes], place: _Place) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        block = rest + piece
        lines = block.split(b"\n")
        rest = lines.pop()
        for line in lines:
            place.offset += len(line) + 1
            yield _text(line + b"\n")
        if len(rest) > MAX_LINE:
            place.offset += len(rest)
            rest = b""
            yield '"\0'
    if rest:
        place.offset += len(rest)
        yield _text(rest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")
