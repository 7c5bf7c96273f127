"""Telemetry of a day's work, for the page of pushed usage."""

from datetime import timedelta

from apps.access.actors import system_actor
from apps.common import clock
from apps.connectors.push import services
from apps.connectors.push.otlp import wire
from apps.connectors.push.rules.calls import nanoseconds
from tests.factories.otlp import SECOND, claude_event, claude_points, genai, logs, metrics, traces
from tests.factories.otlp import span as one
from tests.world import OrganizationWorld


def build_pushes(org: OrganizationWorld) -> None:
    """Spans of a service, a coding agent told twice, and some of what goes wrong."""
    noon = nanoseconds(clock.now() - timedelta(hours=3))
    spans = [one(genai(900 + n, 80), start=noon + n * SECOND) for n in range(40)]
    wrong = [one(genai(-1)), one({**genai(), "gen_ai.response.model": ""})]
    others = [one({"http.route": "/"}) for _ in range(60)]
    events = [claude_event(f"req-{n}", time=noon + n * SECOND) for n in range(25)]
    points = claude_points(noon + 60 * SECOND, input=250, output=5000)
    with org.scope():
        actor = system_actor("tests", org.id)
        for kind, message in (
            (wire.Kind.TRACES, traces(*spans, *wrong, *others)),
            (wire.Kind.LOGS, logs(*events)),
            (wire.Kind.METRICS, metrics("claude_code.token.usage", *points)),
        ):
            data = message.SerializeToString()
            services.accept_otlp(actor=actor, kind=kind, media=wire.PROTOBUF, data=data)
