"""Whatever bytes arrive: a decoder answers with a message or a refusal, in bounded memory."""

import gzip
import io
import json
import tracemalloc
import zlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.errors import DomainError
from apps.connectors.push.body import read_body
from apps.connectors.push.otlp import wire
from apps.connectors.push.otlp.told import Undecodable
from apps.connectors.push.otlp.walk import TooMany
from apps.connectors.push.rules.calls import Call, Dropped, Reason
from apps.connectors.push.rules.cloudevents import read_event
from apps.connectors.push.rules.events import read_events
from apps.connectors.push.rules.litellm import read_payload
from apps.connectors.push.rules.points import advance, read_points, to_call
from apps.connectors.push.rules.spans import drop_sums, read_spans
from apps.ledger.schema import RecordError, UsageIn
from tests.factories.otlp import as_json, claude_event, genai, logs, metrics, recorded, span, traces

KINDS = list(wire.Kind)
MEDIA = [wire.PROTOBUF, wire.JSON]
LATEST = 1 << 62
MIB = 1 << 20
point = {"value": 7, "attributes": {"gen_ai.token.type": "input", "gen_ai.request.model": "m"}}
MESSAGES = {
    wire.Kind.TRACES: traces(span(genai()), span({"a": [1, {"b": "c"}]}, parent=f"{1:016x}")),
    wire.Kind.LOGS: logs(claude_event(), {"attributes": {}, "body": {"a": ["b"]}}),
    wire.Kind.METRICS: metrics("gen_ai.client.token.usage", point, histogram=True),
}
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def decide(body):
    """Everything a body tells, as the service takes it."""
    found = []
    for resource, spans in body.spans:
        found += drop_sums(read_spans(resource, spans, LATEST), body.parents)
    for resource, events in body.events:
        found += read_events(resource, events, LATEST)
    for resource, points in body.points:
        groups, dropped = read_points(resource, points)
        found += dropped
        for group in groups:
            for series in group.series:
                if group.cumulative:
                    advance(series, None, oldest=0)
            found.append(to_call(group, LATEST))
    return found


def read(kind, media, data):
    """What was decided, every call of it storable; None for a refused body."""
    try:
        found = decide(wire.read(kind, media, data))
    except (Undecodable, TooMany):
        return None
    for one in found:
        if isinstance(one, Call):
            raw = msgspec.json.encode(one.usage())
            assert msgspec.json.decode(raw, type=UsageIn) == one.usage()
            assert one.counts.total > 0
        else:
            assert isinstance(one, Dropped)
    return found


@given(kind=st.sampled_from(KINDS), media=st.sampled_from(MEDIA), data=st.binary(max_size=200))
@settings(max_examples=80, deadline=None)
def test_noise_is_refused_or_means_nothing(kind, media, data):
    assert not [one for one in read(kind, media, data) or [] if isinstance(one, Call)]


@given(
    kind=st.sampled_from(KINDS),
    cut=st.integers(0, 400),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
)
@settings(max_examples=100, deadline=None)
def test_damaged_protobuf_is_refused_or_still_valid(kind, cut, flips):
    data = bytearray(MESSAGES[kind].SerializeToString())
    for at, value in flips:
        data[at % len(data)] = value
    read(kind, wire.PROTOBUF, bytes(data[: len(data) - cut % len(data)]))


@st.composite
def damaged_json(draw):
    """A valid message with one value, anywhere in it, replaced by anything."""
    kind = draw(st.sampled_from(KINDS))
    tree = json.loads(as_json(MESSAGES[kind]))
    node, depth = tree, draw(st.integers(1, 14))
    for _ in range(depth):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or draw(st.integers(0, 9)) == 0:
            node[key] = draw(junk)
            break
        node = node[key]
    return kind, json.dumps(tree).encode()


@given(damaged_json())
@settings(max_examples=100, deadline=None)
def test_json_with_a_wrong_value_is_refused_or_counted_right(case):
    read(case[0], wire.JSON, case[1])


PAYLOAD_FIELDS = (
    "prompt_tokens",
    "metadata",
    "model",
    "startTime",
    "response_cost",
    "request_tags",
    "litellm_call_id",
)


@given(raw=junk, change=st.dictionaries(st.sampled_from(PAYLOAD_FIELDS), junk))
@settings(max_examples=80, deadline=None)
def test_payloads_of_litellm_are_judged_whatever_they_hold(raw, change):
    payload = json.loads(recorded("litellm/generic_api_callback_batch_1.json.gz"))[0]
    for given_ in (raw, {**payload, **change}):
        found = read_payload(0, json.dumps(given_).encode())
        assert isinstance(found, UsageIn | Reason | RecordError)
        if isinstance(found, UsageIn):
            msgspec.json.decode(msgspec.json.encode(found), type=UsageIn)


CONTEXT = ("id", "source", "time", "data", "type", "specversion", "subject")
DATA = ("model", "tokens", "input_tokens", "output", "cost", "type", "provider", "cached_tokens")


@given(
    change=st.dictionaries(st.sampled_from(CONTEXT), junk),
    data=st.dictionaries(st.sampled_from(DATA), junk),
)
@settings(max_examples=100, deadline=None)
def test_events_are_judged_whatever_they_hold(change, data):
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "t",
        "time": "2026-11-20T10:00:00Z",
        "data": {"model": "gpt-5", "input_tokens": 5, **data},
        **change,
    }
    found = read_event(0, json.dumps(event).encode())
    assert isinstance(found, UsageIn | Reason | RecordError)
    if isinstance(found, UsageIn):
        msgspec.json.decode(msgspec.json.encode(found), type=UsageIn)


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def wrap(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def in_spans(data):
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + data + b"]}]}]}"


BOMBS = {
    "spans": (wire.Kind.TRACES, wire.PROTOBUF, wrap(1, wrap(2, wrap(2, b"") * 700_000))),
    "resources": (wire.Kind.LOGS, wire.PROTOBUF, wrap(1, b"") * 700_000),
    "attributes": (
        wire.Kind.TRACES,
        wire.PROTOBUF,
        wrap(1, wrap(2, wrap(2, wrap(9, b"") * 400_000) * 3)),
    ),
    "labels": (wire.Kind.TRACES, wire.PROTOBUF, wrap(1, wrap(1, wrap(1, b"") * 2_000_000))),
    "points": (
        wire.Kind.METRICS,
        wire.PROTOBUF,
        wrap(
            1,
            wrap(
                2, wrap(2, wrap(1, b"gen_ai.client.token.usage") + wrap(9, wrap(1, b"") * 300_000))
            ),
        ),
    ),
    "objects": (wire.Kind.TRACES, wire.JSON, in_spans(b"{}," * 800_000 + b"{}")),
    "brackets": (wire.Kind.TRACES, wire.JSON, b"[" * (8 * MIB)),
    "depth": (wire.Kind.LOGS, wire.JSON, b'{"a":' * 100_000),
    "deep values": (
        wire.Kind.TRACES,
        wire.JSON,
        in_spans(b'{"attributes":[{"key":"a","value":' + b'{"arrayValue":{"values":[' * 5000),
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_body_that_grows_when_parsed_does_not_fill_memory(name):
    kind, media, data = BOMBS[name]
    tracemalloc.start()
    try:
        read(kind, media, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 * MIB


@pytest.mark.parametrize("chunk", [1000, 256 * 1024])
def test_a_gzip_bomb_is_stopped_at_the_limit(chunk):
    """A gigabyte of nothing in a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(b"\0" * MIB) for _ in range(96)) + packer.flush()
    stream = io.BytesIO(packed * 4)
    tracemalloc.start()
    try:
        with pytest.raises(DomainError) as refused:
            read_body(lambda size: stream.read(min(size, chunk)), "gzip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.status == 413
    assert peak < 48 * MIB


@given(st.binary(max_size=300), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_any_bytes_under_gzip_are_a_body_or_a_refusal(data, cut):
    packed = gzip.compress(data)
    stream = io.BytesIO(packed[: len(packed) - cut] if cut % 2 else data)
    try:
        assert read_body(stream.read, "gzip").plain in (data, b"")
    except DomainError as refused:
        assert refused.status == 400
