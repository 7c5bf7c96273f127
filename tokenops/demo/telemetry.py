"""A week of telemetry, as clients would send it over OTLP: a coding agent told twice, a service.

Their providers are not pulled from the simulator, so nothing of it is counted elsewhere.
"""

import datetime as dt
import json
from random import Random
from typing import Any

from apps.access.roles import Role
from apps.attribution.services import RuleDraft, create_rule
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.push import services
from apps.connectors.push.otlp import wire
from apps.ledger.services import fold
from apps.portfolio.services import create_capability
from apps.tenancy.scope import tenant_scope
from tokenops.demo.organization import Demo
from tokenops.simulator.company import COMPANY

DAYS = 7
SEED = 20_262
DEVELOPERS = ("arjun.bhatt", "zofia.nowak", "levi.stroud")
MODELS = ("gemini-2.5-pro", "gemini-2.5-flash")
OWNED = (
    ("intranet-search", "Intranet search", "production", "PLT"),
    ("gemini-cli", "Gemini CLI", "development", "DVX"),
)
"""Project of the telemetry (the capability's code as well), name, kind and team."""
Attributes = dict[str, Any]


def push_telemetry(demo: Demo, now: dt.datetime) -> None:
    """The last seven days, once."""
    with tenant_scope(demo.organization.id):
        if Source.objects.filter(kind=SourceKind.OTLP).exists():
            return
        _owned(demo)
        actor = demo.role(Role.ADMIN)
        random = Random(SEED)  # noqa: S311 -- invented data, the same every time
        for ago in range(DAYS, 0, -1):
            day = (now - dt.timedelta(days=ago)).replace(hour=9, minute=0, second=0, microsecond=0)
            for kind, body in (
                (wire.Kind.LOGS, _events(random, day)),
                (wire.Kind.TRACES, _spans(random, day)),
                (wire.Kind.METRICS, _points(day)),
            ):
                data = json.dumps(body).encode()
                services.accept_otlp(actor=actor, kind=kind, media=wire.JSON, data=data)
    fold(organization_id=demo.organization.id)


def _owned(demo: Demo) -> None:
    """Whose it is: the search of the intranet, and the agents of engineers."""
    for project, name, kind, team in OWNED:
        capability = create_capability(
            actor=demo.role(Role.TOKENOPS_LEAD),
            name=name,
            slug=project,
            kind=kind,
            unit_id=demo.units[team],
            stage="pilot",
            owner_membership_id=demo.lead_of(team).membership_id,
        )
        condition = {"field": "project", "operator": "equals", "values": [project]}
        create_rule(
            actor=demo.role(Role.TOKENOPS_LEAD),
            draft=RuleDraft(
                name=f"{name}, by its telemetry",
                conditions=[condition],
                unit_id=demo.units[team],
                capability_id=capability.id,
            ),
        )


def _events(random: Random, day: dt.datetime) -> dict[str, Any]:
    """Responses of Gemini CLI, and the prompts around them that are dropped."""
    records = []
    for developer in DEVELOPERS:
        for number in range(random.randint(12, 24)):
            at = day + dt.timedelta(minutes=random.randint(0, 8 * 60), seconds=number)
            size, cached = random.randint(4_000, 60_000), random.randint(0, 3_500)
            common = _who(developer, day)
            records.append(_log(at, {**common, "event.name": "gemini_cli.user_prompt"}))
            answer = {
                **common,
                "event.name": "gemini_cli.api_response",
                "model": random.choice(MODELS),
                "prompt_id": f"{day:%m%d}-{developer}-{number}",
                "input_token_count": size,
                "cached_content_token_count": cached,
                "output_token_count": random.randint(80, 1_800),
                "thoughts_token_count": random.randint(0, 2_500),
            }
            records.append(_log(at, answer))
    resource = {"service.name": "gemini-cli", "team.id": "developer-experience"}
    group = {"resource": _pairs(resource), "scopeLogs": [{"logRecords": records}]}
    return {"resourceLogs": [group]}


def _points(day: dt.datetime) -> dict[str, Any]:
    """The same sessions as counters: told better by the events."""
    end = day + dt.timedelta(hours=8)
    points = [
        {
            "startTimeUnixNano": _nanos(day),
            "timeUnixNano": _nanos(end),
            "asInt": "250000",
            **_pairs({**_who(developer, day), "model": MODELS[0], "type": "input"}),
        }
        for developer in DEVELOPERS
    ]
    sums = {"dataPoints": points, "aggregationTemporality": 1, "isMonotonic": True}
    metric = {"name": "gemini_cli.token.usage", "sum": sums}
    resource = {"service.name": "gemini-cli", "team.id": "developer-experience"}
    group = {"resource": _pairs(resource), "scopeMetrics": [{"metrics": [metric]}]}
    return {"resourceMetrics": [group]}


def _spans(random: Random, day: dt.datetime) -> dict[str, Any]:
    """A service's calls, the requests around them, and now and then a span without a model."""
    spans = []
    for number in range(random.randint(60, 90)):
        at = day + dt.timedelta(minutes=random.randint(0, 9 * 60), seconds=number)
        trace = f"{random.getrandbits(128):032x}"
        root = f"{random.getrandbits(64):016x}"
        call = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "gcp.vertex_ai",
            "gen_ai.request.model": MODELS[1],
            "gen_ai.usage.input_tokens": random.randint(900, 6_000),
            "gen_ai.usage.output_tokens": random.randint(60, 700),
        }
        if number % 40 == 39:
            del call["gen_ai.request.model"]
        spans.append(_span(trace, f"{random.getrandbits(64):016x}", root, at, call))
        spans.append(_span(trace, root, "", at, {"http.route": "/search"}))
    resource = {"service.name": "intranet-search", "team.id": "workplace"}
    group = {"resource": _pairs(resource), "scopeSpans": [{"spans": spans}]}
    return {"resourceSpans": [group]}


def _who(developer: str, day: dt.datetime) -> Attributes:
    return {
        "session.id": f"{day:%Y%m%d}-{developer}",
        "user.email": f"{developer}@{COMPANY.domain}",
    }


def _log(at: dt.datetime, attributes: Attributes) -> dict[str, Any]:
    return {"timeUnixNano": _nanos(at), **_pairs(attributes)}


def _span(
    trace: str, span: str, parent: str, at: dt.datetime, attributes: Attributes
) -> dict[str, Any]:
    return {
        "traceId": trace,
        "spanId": span,
        "parentSpanId": parent,
        "kind": 3 if parent else 2,
        "startTimeUnixNano": _nanos(at),
        "endTimeUnixNano": _nanos(at + dt.timedelta(seconds=2)),
        **_pairs(attributes),
    }


def _pairs(attributes: Attributes) -> dict[str, Any]:
    return {
        "attributes": [
            {
                "key": key,
                "value": {"intValue": str(value)}
                if isinstance(value, int)
                else {"stringValue": value},
            }
            for key, value in attributes.items()
        ]
    }


def _nanos(at: dt.datetime) -> str:
    return str(int(at.timestamp()) * 1_000_000_000)
