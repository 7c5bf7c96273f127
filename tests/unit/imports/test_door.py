"""Packed and foreign files at the door: read piece by piece, bounded after unpacking."""

import gzip
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.common.errors import Invalid, TooLarge
from apps.connectors.imports import door

LIMIT = 1 << 20


def through(data: bytes, limit: int = LIMIT, size: int = 1000) -> bytes:
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return b"".join(door.as_csv(pieces, limit=limit))


def parquet(table: pa.Table, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_gzip_of_one_or_many_members_is_unpacked(size):
    text = b"a,b\n" + b"1,2\n" * 20_000
    assert through(gzip.compress(text), size=size) == text
    assert through(gzip.compress(text[:9]) + gzip.compress(text[9:]), size=size) == text
    assert through(gzip.compress(text) + b"\0" * 100, size=size) == text


def test_plain_text_passes_as_it_is():
    assert through(b"a,b\n1,2\n") == b"a,b\n1,2\n"
    assert through(b"") == b""


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_refused_before_it_unfolds(layers):
    bomb = b"a,b\n" + b"0" * (64 << 20)
    for _ in range(layers):
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    with pytest.raises((TooLarge, Invalid)):
        through(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_ratio_beyond_any_table_is_a_bomb_within_the_limit_too():
    with pytest.raises(TooLarge):
        through(gzip.compress(b"0" * (32 << 20)), limit=1 << 30)


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd", "none"])
def test_parquet_becomes_the_same_text_as_csv(codec):
    table = pa.table(
        {
            "when": pa.array([1_800_000_000_000_000, None], pa.timestamp("us", "UTC")),
            "cost": pa.array(["0.00000080000", "12.30"]).cast(pa.decimal128(20, 11)),
            "count": pa.array([5, None], pa.int64()),
            "name": pa.array(["a,b", None]),
            "tags": pa.array([[("team", "x")], None], pa.map_(pa.string(), pa.string())),
            "yes": pa.array([True, False]),
        }
    )
    lines = through(parquet(table, compression=codec)).decode().splitlines()
    assert lines == [
        "when,cost,count,name,tags,yes",
        '2027-01-15T08:00:00+00:00,0.00000080000,5,"a,b","{""team"": ""x""}",true',
        ",12.30000000000,,,,false",
    ]


def test_content_columns_of_parquet_are_not_read():
    table = pa.table({"time": ["x"], "Prompt": ["canary"], "n": [1]})
    assert through(parquet(table)) == b"time,Prompt,n\nx,,1\n"


@pytest.mark.parametrize("kept", [True, False])
def test_a_long_text_that_repeats_does_not_unfold(kept):
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000), pa.array(["x" * 200_000]))
    data = parquet(pa.table({"a": repeated}), compression="zstd", store_schema=kept)
    assert len(data) < 10_000
    with pytest.raises(TooLarge):
        through(data, limit=100)
    found = through(data, limit=64 << 20)
    assert found.count(b"\n") == 20_001
    assert len(found) < 2 << 20


@pytest.mark.parametrize("cut", [10, 100, -20])
def test_a_cut_parquet_file_says_so(cut):
    data = parquet(pa.table({"a": list(range(1000))}))
    with pytest.raises(Invalid, match="cannot be read"):
        through(data[:cut])


def test_invocation_lines_lose_their_bodies():
    call = {
        "timestamp": "2026-11-03T10:15:02Z", "requestId": "r", "modelId": "m", "region": "eu",
        "input": {"inputTokenCount": 1, "inputBodyJson": {"messages": "canary"}},
        "output": {"outputTokenCount": 2, "outputBodyJson": "canary"},
    }  # fmt: skip
    found = through(json.dumps(call).encode() + b"\n\n", size=11)
    assert b"canary" not in found
    assert found.splitlines()[1] == b"r,2026-11-03T10:15:02Z,,eu,m,,,1,0,0,2,,,,"
