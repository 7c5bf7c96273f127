"""Bodies are bounded before and after decompression."""

import gzip
import io
import zlib

import pytest

from apps.common.errors import DomainError, TooLarge
from apps.connectors.push.body import MAX_BODY, MAX_UNPACKED, Body, UnsupportedMedia, read_body


def read(data: bytes, encoding: str = "", declared: int | None = None) -> bytes:
    return read_body(io.BytesIO(data).read, encoding, declared).plain


def test_plain_and_packed_bodies_arrive_whole():
    assert read(b"abc") == b"abc"
    assert read(gzip.compress(b"abc"), "gzip") == b"abc"
    assert read(gzip.compress(b"abc") + gzip.compress(b"def"), "gzip") == b"abcdef"
    assert read(b"") == b""
    assert read(b"", "gzip") == b""


def test_one_gzip_stream_is_kept_as_it_was_sent():
    one = gzip.compress(b"abc")
    assert read_body(io.BytesIO(one).read, "gzip") == Body(b"abc", one)
    assert read_body(io.BytesIO(one + one).read, "gzip") == Body(b"abcabc")
    assert read_body(io.BytesIO(b"").read, "gzip") == Body(b"")
    assert read_body(io.BytesIO(b"abc").read, "") == Body(b"abc")


@pytest.mark.parametrize("cut", [1, 8, 12])
def test_a_cut_gzip_is_refused(cut):
    with pytest.raises(DomainError) as refused:
        read(gzip.compress(b"a" * 1000)[:-cut], "gzip")
    assert (refused.value.status, refused.value.code) == (400, "damaged_gzip")


def test_bytes_that_are_no_gzip_are_refused():
    for body in (b"plain", zlib.compress(b"x"), gzip.compress(b"abc") + b"trailing"):
        with pytest.raises(DomainError) as refused:
            read(body, "gzip")
        assert refused.value.status == 400


def test_a_bomb_stops_at_the_limit():
    bomb = gzip.compress(b"\0" * (MAX_UNPACKED + 1), 9)
    assert len(bomb) < MAX_UNPACKED / 900
    with pytest.raises(TooLarge) as refused:
        read(bomb, "gzip")
    assert refused.value.status == 413


def test_too_long_bodies_are_refused_by_their_word_and_by_their_length():
    with pytest.raises(TooLarge):
        read(b"", "", MAX_BODY + 1)
    with pytest.raises(TooLarge):
        read(b"x" * (MAX_BODY + 1))


def test_other_encodings_are_refused():
    with pytest.raises(UnsupportedMedia):
        read(b"x", "br")
