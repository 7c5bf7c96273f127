"""Reading a request body within bounds, before and after decompression."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.common.errors import DomainError, TooLarge
from apps.ledger.rules.decode import MAX_BYTES

MAX_BODY = MAX_BYTES
MAX_UNPACKED = MAX_BYTES
"""The inbox keeps bodies up to this size, unpacked."""
_CHUNK = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS
Reader = Callable[[int], bytes]


class UnsupportedMedia(DomainError):
    """A content type or encoding the endpoint does not read."""

    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


@dataclass(frozen=True, slots=True)
class Body:
    """A whole body. `packed` is it as it was sent, where that is one complete gzip stream."""

    plain: bytes
    packed: bytes | None = None


def read_body(read: Reader, encoding: str, declared: int | None = None) -> Body:
    """The whole body, unpacked. 413 over a limit, 400 for damaged gzip, 415 for other encodings.

    Memory is bounded by MAX_BODY and MAX_UNPACKED whatever the body claims to be.
    """
    if declared is not None and declared > MAX_BODY:
        raise _too_large("body", MAX_BODY)
    kind = encoding.strip().lower()
    if kind in ("", "identity"):
        return Body(b"".join(_bounded(read)))
    if kind not in ("gzip", "x-gzip"):
        raise UnsupportedMedia(
            "This Content-Encoding is not supported.",
            code="unsupported_encoding",
            fix="Send gzip, or no Content-Encoding.",
        )
    return _unpack(_bounded(read))


def _bounded(read: Reader) -> Iterator[bytes]:
    size = 0
    while chunk := read(_CHUNK):
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large("body", MAX_BODY)
        yield chunk


def _unpack(chunks: Iterator[bytes]) -> Body:
    """All members of a gzip stream; a stream that stops early is refused."""
    sent: list[bytes] = []
    parts: list[bytes] = []
    size, members = 0, 1
    unpacker = zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            sent.append(chunk)
            rest = chunk
            while rest:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP)
                    members += 1
                part = unpacker.decompress(rest, MAX_UNPACKED - size + 1)
                size += len(part)
                if size > MAX_UNPACKED:
                    raise _too_large("unpacked body", MAX_UNPACKED)
                parts.append(part)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    except zlib.error:
        raise _damaged("The body is not valid gzip.") from None
    if sent and not unpacker.eof:
        raise _damaged("The gzip body is cut off: its end is missing.")
    return Body(b"".join(parts), b"".join(sent) if sent and members == 1 else None)


def _too_large(what: str, limit: int) -> TooLarge:
    return TooLarge(
        f"The {what} is larger than {limit // 1024 // 1024} MiB.",
        code="body_too_large",
        fix="Split it into smaller bodies.",
    )


def _damaged(message: str) -> DomainError:
    return DomainError(message, code="damaged_gzip", fix="Compress and send the body again.")
