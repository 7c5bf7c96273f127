"""CSV files for people and their spreadsheets: full precision, no cell that runs as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any

from django.http import FileResponse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]\d+(?:\.\d+)?\Z")
_IN_MEMORY = 1 << 20
_CHUNK_ROWS = 500


def cell(value: Any) -> str | int | Decimal:
    """A value as the file holds it: numbers exact, times in ISO 8601, missing is empty.

    Text that a spreadsheet would run as a formula gets a leading apostrophe (CWE-1236); a signed
    number is none.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return cell("; ".join(str(item) for item in value))
    text = strip_tags(value) if isinstance(value, SafeString) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.match(text) else text


def encode(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in pieces, with a byte order mark so that spreadsheets read UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([cell(text) for text in head])
    for number, row in enumerate(rows, start=1):
        writer.writerow([cell(value) for value in row])
        if number % _CHUNK_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def response(filename: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> FileResponse:
    """The whole file, spooled first (to disk above 1 MB) so that an error is never half a file.

    Call it inside the organization's scope: the rows are read before it returns.
    """
    spool = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 -- closed by the response
    for piece in encode(head, rows):
        spool.write(piece)
    spool.seek(0)
    return FileResponse(
        spool, as_attachment=True, filename=filename, content_type="text/csv; charset=utf-8"
    )
