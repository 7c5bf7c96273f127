"""What a body may look like, and how a refusal reads."""

import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.common.ids import uuid7
from apps.ledger.rules import columns, decode
from apps.ledger.schema import UsageIn

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = b'{"occurred_at":"2026-11-23T10:00:00Z","provider":"openai","model":"gpt-5"'


@pytest.mark.parametrize(
    ("tail", "field", "words"),
    [
        (b',"output":-1}', "output", "0 or more"),
        (b',"output":1.5}', "output", "whole number"),
        (b',"output":"7"}', "output", "without quotes"),
        (b',"output":99999999999999999999}', "output", "unit"),
        (b',"output":NaN}', "", "NaN"),
        (b',"prompt":"secret"}', "prompt", "Remove the field"),
        (b',"granularity":"week"}', "granularity", "documented values"),
        (b',"currency":"usd"}', "currency", "ISO 4217"),
    ],
)
def test_a_bad_record_is_named_and_the_good_ones_stay(tail, field, words):
    body = b"\n".join([GOOD + b"}", GOOD + tail, GOOD + b"}"])
    usages, positions, errors = decode.decode(body)
    assert (len(usages), positions) == (2, [0, 2])
    assert [(error.index, error.field) for error in errors] == [(1, field)]
    assert words in errors[0].fix


def test_missing_model_and_instant_without_offset():
    no_model = b'{"occurred_at":"2026-11-23T10:00:00Z","provider":"openai"}'
    no_offset = b'{"occurred_at":"2026-11-23T10:00:00","provider":"openai","model":"m"}'
    _, _, errors = decode.decode(b"[" + no_model + b"," + no_offset + b"]")
    assert [error.field for error in errors] == ["model", "occurred_at"]
    assert "offset" in errors[1].fix


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (b"", "identity", "empty"),
        (b"[{]", "identity", "not valid JSON"),
        (b"[" * 100_000, "identity", "not valid JSON"),
        (gzip.compress(b"[]" * 50, mtime=0)[:-12], "gzip", "too early"),
        (b"not gzip", "gzip", "damaged"),
        (gzip.compress(b" " * (decode.MAX_BYTES + 1), mtime=0), "gzip", "larger than 20 MB"),
        (b"[]", "br", "not understood"),
    ],
)
def test_a_body_that_cannot_be_read(body, encoding, words):
    with pytest.raises(decode.BadBody, match=words):
        decode.decode(decode.inflate(body, encoding))


def test_more_records_than_allowed():
    with pytest.raises(decode.BadBody, match="more than 2") as caught:
        decode.decode(b"\n".join([GOOD + b"}"] * 3), limit=2)
    assert caught.value.too_large


def _usage(**fields):
    fields = {"occurred_at": NOW, "provider": "p", "model": "m", "event_id": "e"} | fields
    return UsageIn(**fields)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"output": -1}, "output"),
        ({"output": 1.5}, "output"),
        ({"output": 10**14}, "output"),
        ({"model": ""}, "model"),
        ({"user": "x" * 300}, "user"),
        ({"phase": "holiday"}, "phase"),
        ({"granularity": "minute"}, "granularity"),
        ({"occurred_at": NOW + timedelta(hours=25)}, "occurred_at"),
        ({"occurred_at": datetime(1999, 1, 1, tzinfo=UTC)}, "occurred_at"),
        ({"occurred_at": datetime(2026, 1, 1)}, "occurred_at"),
        ({"cost": Decimal("NaN")}, "cost"),
        ({"cost": Decimal("Infinity")}, "cost"),
        ({"cost": Decimal(-1)}, "cost"),
        ({"cost": Decimal(10) ** 12}, "cost"),
        ({"tags": {"a": 1}}, "tags[...]"),
    ],
)
def test_connectors_are_held_to_the_same_rules(fields, field):
    found = columns.read([_usage(), _usage(**fields)], uuid7(), accepted_at=NOW, position=40)
    assert len(found) == 1
    assert [(error.index, error.field) for error in found.errors] == [(41, field)]
    assert found.errors[0].fix


def test_identity_has_no_cost_arrival_or_name():
    source = uuid7()

    def key(**fields):
        fields = {"granularity": "hour", "event_id": None, "api_key_id": "k"} | fields
        return columns.read([_usage(**fields)], source, accepted_at=NOW).key_bytes()[0].tobytes()

    same = key()
    assert same == key(cost=Decimal(1), observed_at=NOW + timedelta(days=1), output=7)
    assert same == key(api_key="renamed")
    assert len({same, key(api_key_id="other"), key(granularity="day"), key(tags={"a": "b"})}) == 4
