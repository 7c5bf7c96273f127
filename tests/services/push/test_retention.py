"""What only decides about late telemetry is forgotten when it can no longer come."""

from datetime import timedelta

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.connectors.push import services
from apps.connectors.push.models import PushClaim, PushProvisional, PushSeries, PushTally
from apps.connectors.push.otlp import wire
from tests.factories.otlp import (
    CUMULATIVE,
    claude_event,
    claude_points,
    genai,
    logs,
    metrics,
    span,
    traces,
)

pytestmark = pytest.mark.django_db
TABLES = (PushClaim, PushProvisional, PushSeries, PushTally)


def push(actor, kind, message):
    data = message.SerializeToString()
    services.accept_otlp(actor=actor, kind=kind, media=wire.PROTOBUF, data=data)


def test_each_table_is_emptied_when_its_time_has_come(world, time_machine):
    now = clock.now()
    actor = world.a.person(Role.OWNER).actor
    point = {"value": 5, "attributes": {"gen_ai.token.type": "input", "gen_ai.request.model": "m"}}
    with world.a.scope():
        push(actor, wire.Kind.LOGS, logs(claude_event()))
        push(actor, wire.Kind.TRACES, traces(span(genai(), parent=f"{9:016x}")))
        push(actor, wire.Kind.METRICS, metrics(
            "gen_ai.client.token.usage", point, resource={"service.name": "x"},
            temporality=CUMULATIVE,
        ))  # fmt: skip
        points = claude_points(point_time(now), session="s-9", input=4)
        push(actor, wire.Kind.METRICS, metrics("claude_code.token.usage", *points))
        assert services.forget_expired() == 0
        assert all(table.objects.exists() for table in TABLES)
        time_machine.move_to(now + timedelta(days=5))
        assert services.forget_expired() == 1
        time_machine.move_to(now + timedelta(days=36))
        assert services.forget_expired() > 0
        assert [table.objects.exists() for table in TABLES] == [False, False, False, True]
        time_machine.move_to(now + timedelta(days=402))
        services.forget_expired()
        assert not PushTally.objects.exists()


def point_time(now):
    return int(now.timestamp()) * 1_000_000_000 - 600_000_000_000
