"""Webhooks, and a receiver that answers as told."""

from dataclasses import dataclass, field

import httpx

from apps.access.actors import Actor
from apps.webhooks import services
from apps.webhooks.models import WebhookEndpoint

ADDRESS = "https://hooks.example.com/in?token=a-token-of-the-channel"


def make_webhook(actor: Actor, **fields) -> tuple[WebhookEndpoint, str]:
    """An endpoint in the open scope, and its secret."""
    values = {"name": "Ticket system", "form": "signed", "address": ADDRESS, "actions": ()}
    return services.create_endpoint(actor=actor, **{**values, **fields})


@dataclass
class Receiver(httpx.BaseTransport):
    """The other side: `answers` in turn, the last one for good; an exception is raised."""

    answers: list = field(default_factory=lambda: [200])
    seen: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)
