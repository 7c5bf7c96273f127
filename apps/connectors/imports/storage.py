"""A file's bytes in the database, written and read in pieces."""

import csv
import struct
import zlib
from collections.abc import Iterable, Iterator
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

    A row that cannot be read at all (an open quote, an endless line) comes as None.
    """

    def __init__(self, job_id: UUID, start: int, delimiter: str) -> None:
        self.offset = start
        self._lines = self._counted(read(job_id, start))
        self._reader = csv.reader(self._lines, delimiter=delimiter)

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

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[str]:
        rest = b""
        for piece in pieces:
            block = rest + piece
            lines = block.split(b"\n")
            rest = lines.pop()
            for line in lines:
                self.offset += len(line) + 1
                yield self._text(line + b"\n")
            if len(rest) > MAX_LINE:
                self.offset += len(rest)
                rest = b""
                yield '"\0'
        if rest:
            self.offset += len(rest)
            yield self._text(rest)

    def _text(self, line: bytes) -> str:
        return line.decode("utf-8", errors="replace")
