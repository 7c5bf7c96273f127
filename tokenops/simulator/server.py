"""The HTTP server: all APIs on one loopback port, with a clock and scheduled trouble."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tokenops.simulator.anthropic_api import AnthropicAPI
from tokenops.simulator.engine import UsageModel
from tokenops.simulator.faults import Faults, Schedule
from tokenops.simulator.http import Answer, Request
from tokenops.simulator.litellm_api import LiteLLMAPI
from tokenops.simulator.openai_api import OpenAIAPI

log = logging.getLogger("tokenops.simulator")

OPENAI_KEY = "sk-admin-simulator-merrowdale-0001"
ANTHROPIC_KEY = "sk-ant-admin01-simulator-merrowdale-0001"
LITELLM_KEY = "sk-master-simulator-merrowdale-0001"
"""Keys of the simulated administrators: they open nothing but this simulator."""

Clock = Callable[[], datetime]


class Simulator:
    """Routes requests to the APIs. Without a network it is called directly by tests."""

    def __init__(
        self,
        *,
        seed: int = 7,
        anchor: date | None = None,
        clock: Clock | None = None,
        faults: Schedule | None = None,
    ) -> None:
        self.clock: Clock = clock or (lambda: datetime.now(UTC))
        self.model = UsageModel(seed=seed, anchor=anchor or self.clock().date())
        self.openai = OpenAIAPI(self.model, OPENAI_KEY)
        self.anthropic = AnthropicAPI(self.model, ANTHROPIC_KEY)
        self.litellm = LiteLLMAPI(self.model, LITELLM_KEY)
        self.faults = Faults(faults or Schedule())

    def answer(self, request: Request) -> Answer:
        """The answer to one GET request at the clock's time."""
        now = self.clock()
        if request.path in ("", "/healthz"):
            anchor = self.model.anchor.isoformat()
            return Answer({"status": "ok", "now": now.isoformat(), "anchor": anchor})
        api: OpenAIAPI | AnthropicAPI | LiteLLMAPI
        if request.path.startswith("/v1/organization/"):
            api = self.openai
        elif request.path.startswith("/v1/organizations/"):
            api = self.anthropic
        elif request.path.startswith(("/user/", "/team/", "/spend/")):
            api = self.litellm
        else:
            return Answer({"error": {"message": f"Unknown path {request.path}"}}, 404)
        found = api.handle(request, now)
        if found.status == 401:
            return found
        status = self.faults.next_status(type(api).__name__)
        if status == 429:
            wait = {"retry-after": str(self.faults.schedule.retry_after)}
            return api.problem(429, "Rate limit reached for the administration API.", headers=wait)
        if status == 500:
            return api.problem(500, "The server had an error processing your request.")
        return found


def _handler(simulator: Simulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "tokenops-simulator"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                found = simulator.answer(Request.of(self.path, headers))
            except Exception:
                log.exception("simulator failed on %s", self.path)
                found = Answer({"error": {"message": "simulator error"}}, 500)
            body = found.encode()
            self.send_response(found.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            log.debug(format, *args)

    return Handler


class Server(ThreadingHTTPServer):
    """Loopback server; `request_queue_size` and Nagle off keep small answers quick."""

    daemon_threads = True
    allow_reuse_address = True
    disable_nagle_algorithm = True


def serve(simulator: Simulator, port: int, host: str = "127.0.0.1") -> Server:
    """A bound server; the caller runs `serve_forever`. Port 0 picks a free one."""
    return Server((host, port), _handler(simulator))
