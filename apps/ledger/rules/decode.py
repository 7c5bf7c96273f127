"""Bytes to usage: a JSON array or newline-delimited JSON, strict, one error per bad record."""

import zlib
from hashlib import sha256

import msgspec

from apps.ledger.rules.validation import explain
from apps.ledger.schema import RecordError, UsageIn

MAX_RECORDS = 10_000
MAX_BYTES = 20 * 1024 * 1024
"""Largest body after decompression: 10,000 records of 2 kB."""
_ONE = msgspec.json.Decoder(UsageIn)
_MANY = msgspec.json.Decoder(list[UsageIn])
_RAW = msgspec.json.Decoder(list[msgspec.Raw])


class BadBody(ValueError):
    """The body as a whole cannot be read; `fix` says what to send instead."""

    def __init__(self, message: str, fix: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.message, self.fix, self.too_large = message, fix, too_large


def inflate(body: bytes, encoding: str, *, limit: int = MAX_BYTES) -> bytes:
    """The body without its content encoding. Stops at the limit: a bomb costs no memory."""
    if encoding in ("", "identity"):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    if encoding != "gzip":
        raise BadBody(f"content encoding {encoding!r} is not understood", "Use gzip or none.")
    inflater = zlib.decompressobj(wbits=31)
    try:
        data = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadBody(
            f"the gzip body is damaged: {error}", "Send a complete gzip stream."
        ) from None
    if len(data) > limit:
        raise _too_large(limit)
    if not inflater.eof:
        raise BadBody("the gzip body ends too early", "Send a complete gzip stream.")
    if inflater.unused_data:
        raise BadBody("bytes follow the gzip body", "Send one gzip stream.")
    return data


def _too_large(limit: int) -> BadBody:
    return BadBody(
        f"the body is larger than {limit // 1024 // 1024} MB",
        "Split it into several requests.",
        too_large=True,
    )


def digest(data: bytes) -> str:
    """SHA-256 of the uncompressed body: the same records are accepted once."""
    return sha256(data).hexdigest()


def decode(
    data: bytes, *, limit: int = MAX_RECORDS
) -> tuple[list[UsageIn], list[int], list[RecordError]]:
    """Usage, the position of each in the body, and the refusals.

    A body that is no list of JSON values at all raises BadBody; a bad record among good ones is
    a refusal.
    """
    text = data.strip()
    if not text:
        raise BadBody("the body is empty", "Send a JSON array or one JSON object per line.")
    is_array = text[:1] == b"["
    try:
        usages = _MANY.decode(text) if is_array else _ONE.decode_lines(text)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
        return _decode_each(text, is_array=is_array, limit=limit)
    _limit(len(usages), limit)
    return usages, list(range(len(usages))), []


def _decode_each(
    text: bytes, *, is_array: bool, limit: int
) -> tuple[list[UsageIn], list[int], list[RecordError]]:
    if is_array:
        try:
            raws = [bytes(raw) for raw in _RAW.decode(text)]
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadBody(f"the body is not valid JSON: {error}", "Send a JSON array.") from None
    else:
        raws = [line for line in text.splitlines() if line.strip()]
    _limit(len(raws), limit)
    usages: list[UsageIn] = []
    positions: list[int] = []
    errors: list[RecordError] = []
    for index, raw in enumerate(raws):
        try:
            usages.append(_ONE.decode(raw))
            positions.append(index)
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
            errors.append(explain(index, error))
    return usages, positions, errors


def _limit(found: int, limit: int) -> None:
    if found > limit:
        raise BadBody(
            f"{found:,} records are more than {limit:,}",
            f"Send at most {limit:,} records per request.",
            too_large=True,
        )
