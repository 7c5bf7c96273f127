"""Requests at the same instant: a call told twice is counted once, a counter adds up exactly."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from apps.connectors.models import Source
from apps.connectors.push.models import PushTally
from apps.ledger.models import UsageRecord
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import fold
from tests.api.push.conftest import tokens
from tests.factories.otlp import (
    CUMULATIVE,
    PROTOBUF,
    SECOND,
    ago,
    claude_event,
    claude_points,
    logs,
    metrics,
)
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db(transaction=True)
SIGNALS = {"ExportTraceServiceRequest": "traces", "ExportLogsServiceRequest": "logs"}
HOUR = 3600 * SECOND
NOON = (ago(0) // HOUR - 3) * HOUR + 60 * SECOND


def at_once(world, bodies, *, workers=4):
    """Send all bodies from several threads in random order; the statuses."""
    headers = world.a.key_headers
    random.Random(3).shuffle(bodies)

    def send(message):
        try:
            signal = SIGNALS.get(type(message).__name__, "metrics")
            url = f"/api/v1/otlp/v1/{signal}"
            data = message.SerializeToString()
            return Client().post(url, data, content_type=PROTOBUF, headers=headers).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return set(pool.map(send, bodies, timeout=60))


def counted(world):
    fold(organization_id=world.a.id)
    with world.a.scope():
        assert verify_rollups().ok
        return sum(tokens(record) for record in UsageRecord.objects.all())


def test_event_and_metric_of_many_sessions_at_once(world):
    load_prices()
    bodies = []
    for number in range(6):
        session = f"s-{number}"
        event = claude_event(
            f"req-{number}",
            attributes={"session.id": session, "user.email": f"u{number}@example.com"},
            time=NOON,
        )
        points = claude_points(
            NOON + 20 * SECOND, session, input=10, output=200, cacheRead=3000, cacheCreation=400
        )
        for _ in range(2):
            bodies += [logs(event), metrics("claude_code.token.usage", *points)]
    assert at_once(world, bodies) == {200}
    assert counted(world) == 6 * 3610
    with world.a.scope():
        assert Source.objects.count() == 1


def test_a_cumulative_counter_sent_by_many_at_once_adds_up(world):
    load_prices()
    bodies = []
    for step in range(1, 13):
        points = [
            {
                "time": NOON + step * SECOND,
                "start": NOON,
                "value": float(step * amount),
                "count": step,
                "attributes": {
                    "gen_ai.provider.name": "openai",
                    "gen_ai.response.model": "gpt-5",
                    "gen_ai.token.type": kind,
                },
            }
            for kind, amount in (("input", 100), ("output", 7))
        ]
        body = metrics(
            "gen_ai.client.token.usage",
            *points,
            resource={"service.name": "shop"},
            temporality=CUMULATIVE,
            histogram=True,
        )
        bodies += [body, body]
    assert at_once(world, bodies) == {200}
    assert counted(world) == 12 * 107
    with world.a.scope():
        seen = PushTally.objects.filter(dialect="genai")
        assert sum(row.items for row in seen) == 24
