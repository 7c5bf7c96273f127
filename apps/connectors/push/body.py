"""Reading a request body within bounds, before and after decompression."""

import zlib
from collections.abc import Callable, Iterator

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


def read_body(read: Reader, encoding: str, declared: int | None = None) -> bytes:
    """The whole body, unpacked. 413 over a limit, 400 for damaged gzip, 415 for other encodings.

    Memory is bounded by MAX_UNPACKED whatever the body claims to be.
    """
    if declared is not None and declared > MAX_BODY:
        raise _too_large("body", MAX_BODY)
    kind = encoding.strip().lower()
    if kind in ("", "identity"):
        return b"".join(_bounded(read))
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


def _unpack(chunks: Iterator[bytes]) -> bytes:
    """All members of a gzip stream; a stream that stops early is refused."""
    parts: list[bytes] = []
    size = 0
    unpacker = zlib.decompressobj(_GZIP)
    started = False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP)
                part = unpacker.decompress(rest, MAX_UNPACKED - size + 1)
                started = True
                size += len(part)
                if size > MAX_UNPACKED:
                    raise _too_large("unpacked body", MAX_UNPACKED)
                parts.append(part)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    except zlib.error:
        raise _damaged("The body is not valid gzip.") from None
    if started and not unpacker.eof:
        raise _damaged("The gzip body is cut off: its end is missing.")
    return b"".join(parts)


def _too_large(what: str, limit: int) -> TooLarge:
    return TooLarge(
        f"The {what} is larger than {limit // 1024 // 1024} MiB.",
        code="body_too_large",
        fix="Split it into smaller bodies.",
    )


def _damaged(message: str) -> DomainError:
    return DomainError(message, code="damaged_gzip", fix="Compress and send the body again.")
