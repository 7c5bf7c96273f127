"""Each record of a pushed body is judged alone, and told what is wrong."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from apps.common.errors import DomainError, TooLarge
from apps.connectors.push.records import MAX_RECORDS, parse_array, parse_lines

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CANARY = "canary-7f3a-prompt-text"


def usage(**fields):
    return {
        "event_id": "e-1",
        "occurred_at": "2026-11-24T09:30:00Z",
        "provider": "openai",
        "model": "gpt-5",
        "input_uncached": 10,
        **fields,
    }


def only(**fields):
    """The refusal of one record."""
    parsed = parse_array(json.dumps([usage(**fields)]).encode(), NOW)
    assert not parsed.records
    (error,) = parsed.errors
    assert error.index == 0
    assert error.fix
    return error


def test_a_good_record_is_taken_as_it_is():
    parsed = parse_array(json.dumps([usage(cost="0.25", tags={"team": "a"})]).encode(), NOW)
    assert parsed.total == 1
    assert parsed.records[0].tags == {"team": "a"}
    assert str(parsed.records[0].cost) == "0.25"


def test_one_bad_record_does_not_cost_the_others():
    body = json.dumps([usage(), usage(event_id="e-2", output=-1), usage(event_id="e-3")])
    parsed = parse_array(body.encode(), NOW)
    assert [r.event_id for r in parsed.records] == ["e-1", "e-3"]
    assert [(e.index, e.field) for e in parsed.errors] == [(1, "output")]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"output": -1}, "output", "negative"),
        ({"output": 1.5}, "output", "whole number"),
        ({"output": "5"}, "output", "whole number"),
        ({"output": True}, "output", "whole number"),
        ({"output": None}, "output", "null"),
        ({"output": 10**14}, "output", "larger than"),
        ({"event_id": "x" * 256}, "event_id", "longer than 255"),
        ({"user": "x" * 256}, "user", "longer than 255"),
        ({"user": "a\x00b"}, "user", "control characters"),
        ({"user": "a\nb"}, "user", "control characters"),
        ({"tags": {"a": 1}}, "tags", "a text"),
        ({"tags": {"a": {"b": "c"}}}, "tags", "a text"),
        ({"tags": {str(n): "" for n in range(33)}}, "tags", "longer than 32"),
        ({"provider": ""}, "provider", "empty"),
        ({"event_id": None}, "event_id", "missing"),
        ({"event_id": ""}, "event_id", "missing"),
        ({"occurred_at": "2026-11-24T09:30:00"}, "occurred_at", "time zone"),
        ({"occurred_at": 1795373056}, "occurred_at", "an instant"),
        ({"occurred_at": "yesterday"}, "occurred_at", "ISO 8601"),
        ({"occurred_at": (NOW + timedelta(hours=2)).isoformat()}, "occurred_at", "future"),
        ({"occurred_at": "1970-01-01T00:00:00Z"}, "occurred_at", "before"),
        ({"currency": "usd"}, "currency", "currency code"),
        ({"phase": "later"}, "phase", "allowed words"),
        ({"granularity": "week"}, "granularity", "allowed words"),
        ({"cost": "NaN"}, "cost", "not an amount"),
        ({"cost": "1e30"}, "cost", "more than one record"),
        ({"organization": "borealis"}, "organization", "Unknown field"),
    ],
)
def test_what_is_wrong_is_named(fields, field, words):
    error = only(**fields)
    assert error.field == field
    assert words in error.message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prompt_tokens", "`input_uncached`"),
        ("completion_tokens", "`output`"),
        ("outputt", "`output`"),
        ("capabilty", "`capability`"),
        ("timestamp", "`occurred_at`"),
        ("organization_id", "API key decides"),
        ("flavour", "tags"),
    ],
)
def test_an_unknown_field_suggests_the_nearest(name, hint):
    error = only(**{name: "x"})
    assert (error.field, error.message) == (name, f"Unknown field `{name}`.")
    assert hint in error.fix


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_costs_only_its_record(word):
    bad = json.dumps(usage(event_id="e-2", output=0)).replace('"output": 0', f'"output": {word}')
    body = f"[{json.dumps(usage())},{bad}]".encode()
    for parsed in (parse_array(body, NOW), parse_lines(b"\n".join([b"", bad.encode()]), NOW)):
        (error,) = parsed.errors
        assert error.field == "output"
        assert "not a number" in error.message


def test_the_same_event_twice_in_a_body_is_refused_once():
    parsed = parse_array(json.dumps([usage(), usage(output=3)]).encode(), NOW)
    assert len(parsed.records) == 1
    assert parsed.errors[0].message == "Record 0 of this body has the same `event_id`."


@pytest.mark.parametrize("name", ["prompt", "messages", "completion", "content", "response"])
def test_content_is_refused_and_never_repeated(name):
    error = only(**{name: CANARY})
    assert "not accepted" in error.message
    assert CANARY not in repr(error)
    assert CANARY not in repr(only(tags={"prompt": CANARY}))


@pytest.mark.parametrize(
    "fields",
    [
        {"output": CANARY},
        {"occurred_at": CANARY},
        {"tags": CANARY},
        {"phase": CANARY},
        {"currency": CANARY},
        {"user": f"{CANARY}\n"},
        {f"{CANARY} " * 3: 1},
    ],
)
def test_no_refusal_repeats_what_was_sent(fields):
    assert CANARY not in repr(only(**fields))


@pytest.mark.parametrize(
    "body", [b"[{]", b"[1,2", b"not json", b'[{"a":1}] trailing', b"\xff\xfe[\x00", b"[" * 5000]
)
def test_a_body_that_is_no_json_is_refused_whole(body):
    with pytest.raises(DomainError) as refused:
        parse_array(body, NOW)
    assert refused.value.status == 400
    assert refused.value.fix


def test_a_bad_line_costs_only_itself():
    body = b"\n".join([json.dumps(usage()).encode(), b"{oops", b"", b"[]", b'"text"'])
    parsed = parse_lines(body, NOW)
    assert [r.event_id for r in parsed.records] == ["e-1"]
    assert [e.index for e in parsed.errors] == [1, 2, 3]


def test_too_many_records_are_refused_whole():
    for parse, body in (
        (parse_array, b"[" + b",".join([b"{}"] * (MAX_RECORDS + 1)) + b"]"),
        (parse_lines, b"{}\n" * (MAX_RECORDS + 1)),
    ):
        with pytest.raises(TooLarge):
            parse(body, NOW)


@pytest.mark.parametrize(
    ("run", "field", "fix"),
    [
        ({"idd": "r"}, "run.idd", "Did you mean `run.id`?"),
        ({"id": ""}, "run.id", "The run's own id, 1 to 255 characters."),
        ({"agent": "a"}, "run.id", "Add `run.id`."),
        ({"id": "r", "retry": "yes"}, "run.retry", "true or false."),
        (
            {"id": "r", "outcome": "boom"},
            "run.outcome",
            "One of success, error, timeout, cancelled, or leave it out.",
        ),
        (
            {"id": "r", "prompt_tokens": {"user_text": -1}},
            "run.prompt_tokens.user_text",
            "Send a whole number of tokens or calls, 0 or more, without quotes.",
        ),
        (
            {"id": "r", "prompt_tokens": {"system": 5}},
            "run.prompt_tokens.system",
            "Send the record without `run.prompt_tokens.system`.",
        ),
        ({"id": "a\u0007b"}, "run.id", "Remove line breaks, tabs and NULs."),
        (7, "run", 'An object like {"id": "run-81", "agent": "planner"}, or leave it out.'),
    ],
)
def test_runs_are_refused_by_field(run, field, fix):
    error = only(run=run)
    assert (error.field, error.fix) == (field, fix)


def test_a_bucket_belongs_to_no_run():
    assert only(granularity="hour", run={"id": "r"}).field == "run"
