"""Files of other shapes, on their way in, become CSV: gzip, Parquet, JSON lines of invocations.

Everything is read piece by piece and stays within the limit after unpacking, whatever the packed
file promises. Bodies of prompts and replies are never read out of a log line.
"""

import csv
import io
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from apps.common.errors import FieldError, Invalid, TooLarge
from apps.connectors.imports.rules import bedrock
from apps.connectors.imports.rules.reading import MAX_COLUMNS, MAX_FIELD, MAX_LINE, normal
from apps.connectors.push.checks import CONTENT_NAMES

GZIP, PARQUET, ZIP = b"\x1f\x8b", b"PAR1", b"PK"
PIECE = 1024 * 1024
MAX_RATIO = 300
"""CSV packs 5 to 30 times, logs up to 100; more is a bomb."""
BATCH_ROWS = 2_048
ROW_GROUP_LIMIT = 1 << 30
_LIMITS: dict[str, Any] = {
    "thrift_string_size_limit": 16 << 20,
    "thrift_container_size_limit": 1 << 20,
}


def as_csv(pieces: Iterable[bytes], *, limit: int) -> Iterator[bytes]:
    """The file as CSV text, whatever it came as. Invalid or TooLarge says why it cannot be."""
    first, rest = _peek(iter(pieces), len(PARQUET))
    if first[:2] == GZIP:
        first, rest = _peek(unpacked(rest, limit), len(PARQUET))
        if first[:2] == GZIP:
            raise _unreadable("The file is compressed twice.", "Compress it once.")
    if first[:4] == PARQUET:
        return _from_parquet(rest, limit)
    if first.lstrip()[:1] == b"{":
        return _from_lines(rest)
    return rest


def _peek(pieces: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    head: list[bytes] = []
    found = 0
    for piece in pieces:
        head.append(piece)
        found += len(piece)
        if found >= size:
            break
    return b"".join(head)[:4096], chain(head, pieces)


def unpacked(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The content of a gzip file (one or many members), bounded by `limit` and MAX_RATIO."""
    unpacker = zlib.decompressobj(wbits=31)
    packed = size = 0
    complete = False
    for piece in pieces:
        packed += len(piece)
        data = piece.lstrip(b"\0") if complete else piece
        while data:
            if unpacker.eof:
                unpacker, complete = zlib.decompressobj(wbits=31), False
            try:
                out = unpacker.decompress(data, PIECE)
            except zlib.error:
                raise _unreadable(
                    "The compressed file is damaged.", "Compress it again, as gzip."
                ) from None
            size += len(out)
            if size > min(limit, packed * MAX_RATIO + PIECE):
                raise too_large(f"The unpacked file is larger than {limit >> 20:,} MiB, or a bomb.")
            if out:
                yield out
            complete = unpacker.eof
            data = unpacker.unused_data.lstrip(b"\0") if complete else unpacker.unconsumed_tail
    if not complete:
        raise _unreadable("The compressed file ends too early.", "Upload the whole file.")


def _from_parquet(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Rows of a Parquet file as CSV, a small batch at a time; the file waits on disk."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryFile() as spool:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise too_large(f"The file is larger than {limit >> 20:,} MiB.")
            spool.write(piece)
        spool.seek(0)
        try:
            # Texts stay dictionary encoded: a long one that repeats is held once, not per row.
            texts = _texts(pq.ParquetFile(spool, pre_buffer=False, **_LIMITS))
            file = pq.ParquetFile(
                spool, pre_buffer=False, buffer_size=PIECE, read_dictionary=texts, **_LIMITS
            )
            _acceptable(file.metadata, limit)
            names = file.schema_arrow.names
            wanted = [name for name in names if normal(name) not in CONTENT_NAMES]
            yield _line(names)
            rows = file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False)
            for batch in rows:
                yield _rows(batch, names)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(
                "The Parquet file cannot be read.", "Write it with Snappy, gzip or Zstandard."
            ) from error


def _acceptable(metadata: Any, limit: int) -> None:
    """Refuse what promises more than may be read. What a page really holds is bounded per cell."""
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    total = sum(group.total_byte_size for group in groups)
    if metadata.num_columns > MAX_COLUMNS * 2 or not 0 <= total <= limit:
        raise too_large(f"The unpacked file has more than {limit >> 20:,} MiB or many columns.")
    if any(group.total_byte_size > ROW_GROUP_LIMIT for group in groups):
        raise too_large("A row group of the Parquet file is larger than 1 GiB.")


def _rows(batch: Any, names: list[str]) -> bytes:
    columns = {name: _cells(batch.column(name)) for name in batch.schema.names}
    empty = [""] * batch.num_rows
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(zip(*(columns.get(name, empty) for name in names), strict=True))
    return out.getvalue().encode()


def _texts(file: Any) -> list[str]:
    import pyarrow as pa

    kinds = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_binary,
        pa.types.is_dictionary,
    )
    fields = list(file.schema_arrow)
    return [field.name for field in fields if any(kind(field.type) for kind in kinds)]


def _cells(column: Any) -> list[str]:
    if hasattr(column, "dictionary"):
        known = [_text(value) for value in column.dictionary.to_pylist()]
        return ["" if n is None else known[n] for n in column.indices.to_pylist()]
    return [_text(value) for value in column.to_pylist()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value if len(value) < MAX_FIELD else value[:64]
    if isinstance(value, bytes):
        return _text(value.decode("utf-8", errors="replace"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(_plain(value), default=str)[: MAX_FIELD - 1]
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def _plain(value: Any) -> Any:
    """A Parquet map comes as pairs: as an object, like the JSON of the CSV export."""
    if (
        isinstance(value, list)
        and value
        and all(isinstance(item, tuple) and len(item) == 2 for item in value)
    ):
        return {str(key): inner for key, inner in value}
    return value


def _from_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Invocation logs, one JSON object per line, as CSV rows of counts and names."""
    yield _line(bedrock.HEADER)
    for block in _batches(pieces):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        for line in block:
            try:
                row = bedrock.row_of(line)
            except msgspec.DecodeError:
                row = bedrock.unreadable()
            if row is not None:
                writer.writerow(row)
        yield out.getvalue().encode()


def _batches(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = b""
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        if len(rest) > MAX_LINE * 32:
            raise _unreadable("A line is longer than 32 MiB.", "Export one JSON object per line.")
        yield [line for line in lines if line.strip()]
    yield [rest] if rest.strip() else []


def _line(names: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(names)
    return out.getvalue().encode()


def too_large(message: str) -> TooLarge:
    """The refusal of a file over the limit."""
    error = FieldError("file", message, "Split it by month.")
    return TooLarge(message, code="file_too_large", errors=[error])


def _unreadable(message: str, fix: str) -> Invalid:
    return Invalid(message, code="unreadable_file", errors=[FieldError("file", message, fix)])
