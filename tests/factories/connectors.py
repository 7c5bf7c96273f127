"""Sources, and a provider to pull them from without a network."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx

from apps.access.actors import system_actor
from apps.connectors import services
from apps.connectors.models import Source
from tokenops.simulator.faults import Schedule
from tokenops.simulator.http import Request
from tokenops.simulator.server import ANTHROPIC_KEY, LITELLM_KEY, OPENAI_KEY, Simulator

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
ANCHOR = date(2026, 11, 23)
SIMULATOR_URL = "http://127.0.0.1:8099"
KEYS = {
    "openai": OPENAI_KEY,
    "anthropic": ANTHROPIC_KEY,
    "claude_analytics": ANTHROPIC_KEY,
    "claude_code": ANTHROPIC_KEY,
    "litellm": LITELLM_KEY,
}

_numbers = itertools.count(1)


def make_source(kind: str = "openai", **fields: Any) -> Source:
    """A pulled source of the simulator in the open scope, made by the service."""
    given: dict[str, Any] = {
        "name": f"{kind} {next(_numbers)}",
        "base_url": SIMULATOR_URL,
        "credential": KEYS.get(kind, ""),
        "history_from": date(2026, 11, 19),
    }
    return services.create_source(actor=system_actor("tests"), kind=kind, **{**given, **fields})


@dataclass
class Provider(httpx.BaseTransport):
    """The simulator behind httpx: `now` may move, `interfere` may answer instead of it."""

    now: datetime = NOW
    schedule: Schedule = field(default_factory=lambda: Schedule(0, 0))
    interfere: Callable[[httpx.Request, int], httpx.Response | None] = lambda request, call: None
    calls: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.simulator = Simulator(anchor=ANCHOR, clock=lambda: self.now, faults=self.schedule)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        found = self.interfere(request, len(self.calls))
        if found is not None:
            return found
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode()
        answer = self.simulator.answer(Request.of(target, headers))
        return httpx.Response(answer.status, headers=answer.headers, content=answer.encode())
