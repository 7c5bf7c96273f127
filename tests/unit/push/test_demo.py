"""The demonstration's telemetry is what its clients send: most of it counts, some says why not."""

import json
from collections import Counter
from datetime import UTC, datetime
from random import Random

from apps.connectors.push.otlp import wire
from apps.connectors.push.rules.calls import Call
from tests.property.push.test_fuzz import decide
from tokenops.demo import telemetry

DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


def outcomes(kind, body):
    found = decide(wire.read(kind, wire.JSON, json.dumps(body).encode()))
    return Counter("call" if isinstance(one, Call) else one.reason.value for one in found), found


def test_events_count_and_prompts_do_not():
    counts, found = outcomes(wire.Kind.LOGS, telemetry._events(Random(1), DAY))
    assert counts["call"] == counts["not_usage"] >= 36
    calls = [one for one in found if isinstance(one, Call)]
    assert {call.dialect.value for call in calls} == {"gemini_cli"}
    assert len({call.event_id for call in calls}) == len(calls)


def test_spans_of_the_service_count_without_the_requests_around_them():
    counts, _ = outcomes(wire.Kind.TRACES, telemetry._spans(Random(1), DAY))
    assert counts["call"] + counts["no_model"] == counts["not_usage"]
    assert 1 <= counts["no_model"] <= 2


def test_the_counter_meets_its_sessions():
    _, events = outcomes(wire.Kind.LOGS, telemetry._events(Random(1), DAY))
    _, points = outcomes(wire.Kind.METRICS, telemetry._points(DAY))
    claimed = {key for one in events if isinstance(one, Call) for key in one.claims}
    assert {key for point in points for key in point.checks} <= claimed
