"""Is this a CSV file we can read? Encoding, delimiter, header. Pure."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from apps.common.errors import FieldError, Invalid
from apps.connectors.imports.rules.mending import own_columns
from apps.connectors.push.checks import CONTENT_NAMES

BOM = b"\xef\xbb\xbf"
SAMPLE = 256 * 1024
MAX_COLUMNS = 200
MAX_FIELD = 65_536
MAX_LINE = 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SPACES = re.compile(r"[\s\-./]+")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written. `start` is the length of its byte order mark."""

    delimiter: str
    header: tuple[str, ...]
    start: int

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns that promise prompts or replies: their values are emptied at the door."""
        return tuple(name for name in self.header if normal(name) in CONTENT_NAMES)

    @property
    def digest(self) -> str:
        """The same for files with the same columns, in any order of writing them; refused rows have
        that of the file they are from."""
        return sha256("\x00".join(sorted(own_columns(self.header))).encode()).hexdigest()


def normal(name: str) -> str:
    """`Start Time` as `start_time`; `ContextTokens` as `context_tokens`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.strip())
    return _SPACES.sub("_", spaced).lower()


def inspect(sample: bytes) -> Shape:
    """The shape of a file from its first SAMPLE bytes. Invalid says what is wrong and the fix."""
    if not sample.strip():
        raise _refused("The file is empty.", "Choose a CSV file with a header and rows.")
    if sample[:2] == b"PK":
        raise _refused("This is a spreadsheet, not a CSV file.", "Save it as “CSV UTF-8”.")
    if sample[:2] in _UTF16 or b"\x00" in sample[:4096]:
        raise _refused(
            "The file is UTF-16 or not a text file.",
            "Save it as “CSV UTF-8”: in Excel, File, Save As, CSV UTF-8.",
        )
    if b"\r" in sample and b"\n" not in sample:
        raise _refused("The lines end in CR alone.", "Save the file with LF or CRLF line ends.")
    start = len(BOM) if sample.startswith(BOM) else 0
    text = decode(sample[start:], final=len(sample) < SAMPLE)
    first = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    delimiter = _delimiter(first)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = next(rows)
    except (csv.Error, StopIteration):
        raise _refused(
            "The first line is not a header.", "Start the file with column names."
        ) from None
    return Shape(delimiter, _header(header), start)


def first_row(sample: bytes, shape: Shape) -> list[str]:
    """The first row after the header, [] when there is none in the sample."""
    text = decode(sample[shape.start : SAMPLE], final=False)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=shape.delimiter)
    try:
        next(rows)
        return next((row for row in rows if row), [])
    except (csv.Error, StopIteration):
        return []


def decode(data: bytes, *, final: bool = True) -> str:
    """UTF-8 text; Invalid where it is not. `final=False` forgives a cut last character."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not final and error.start >= len(data) - 4:
            return data[: error.start].decode("utf-8")
        line = data[: error.start].count(b"\n") + 1
        raise _refused(
            f"The file is not UTF-8: line {line:,} holds other bytes.",
            "Save it as “CSV UTF-8”.",
        ) from None


def _delimiter(first: str) -> str:
    counts = {d: first.count(d) for d in DELIMITERS}
    best = max(counts, key=lambda d: counts[d])
    return best if counts[best] else ","


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    header = tuple(cell.strip() for cell in cells)
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise _refused("The first line is empty.", "Start the file with column names.")
    if len(header) > MAX_COLUMNS:
        raise _refused(f"The file has more than {MAX_COLUMNS} columns.", "Leave columns out.")
    if any(not name for name in header):
        raise _refused("A column has no name.", "Name every column in the first line.")
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise _refused(f"The column “{doubled[0][:60]}” occurs twice.", "Rename one of them.")
    if all(_looks_like_data(name) for name in header):
        raise _refused("The first line holds data, not names.", "Add a header line.")
    if any(len(name) > 120 for name in header):
        raise _refused("A column name is longer than 120 characters.", "Shorten it.")
    return header


def _looks_like_data(name: str) -> bool:
    return bool(re.match(r"^[\d\s.,:TZ+\-/]*$", name)) and any(c.isdigit() for c in name)


def _refused(message: str, fix: str) -> Invalid:
    return Invalid(message, code="unreadable_file", errors=[FieldError("file", message, fix)])
