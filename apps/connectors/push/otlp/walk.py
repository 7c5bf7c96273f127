"""Walking protobuf by hand, so that messages are parsed one at a time.

Two bytes of wire are an empty message, which costs over a hundred bytes once parsed: a body within
the limit could fill memory. Here only slices are handed out; what is parsed is small and dies at
once.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

MAX_ITEMS = 50_000
"""Spans, log records, metrics or points in one body; collectors send at most some thousands."""
MAX_ONE = 4 * 1024 * 1024
"""Largest span, log record or metric that is read."""
MAX_GROUPS = 10_000
"""Resources and scopes in one body."""
SMALL = 64 * 1024
"""Items up to this size are parsed as they are; of larger ones the parts are counted first."""
MAX_PARTS = 20_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_SHIFT = 63


class Malformed(ValueError):
    """The bytes are no protobuf message."""


class TooMany(ValueError):
    """More parts than a body may have."""


def parts(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """The values of a length-delimited field, in order. Raises Malformed."""
    for number, value in fields(data):
        if number == wanted:
            yield value


def is_dense(item: memoryview) -> bool:
    """Whether an item is too large, or made of more parts than real telemetry has."""
    if len(item) <= SMALL:
        return False
    return len(item) > MAX_ONE or more_than(MAX_PARTS, fields(item))


def more_than(limit: int, found: Iterable[object]) -> bool:
    """Whether there are more things than a limit; stops looking there."""
    return next(islice(found, limit, None), None) is not None


def fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """All length-delimited fields with their numbers; others are skipped. Raises Malformed."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if kind == _BYTES:
            size, at = _varint(data, at, end)
            if size > end - at:
                raise Malformed
            yield tag >> 3, data[at : at + size]
            at += size
        elif kind == _VARINT:
            _, at = _varint(data, at, end)
        elif kind == _FIXED64:
            at += 8
        elif kind == _FIXED32:
            at += 4
        else:
            raise Malformed
        if at > end or not tag >> 3:
            raise Malformed


def _varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    """A number and where it ends."""
    number = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > _MAX_SHIFT:
            raise Malformed
    raise Malformed
