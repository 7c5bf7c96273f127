"""Who handles which topic."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Message:
    """What a handler receives. It may come more than once: handlers are idempotent."""

    id: UUID
    organization_id: UUID
    topic: str
    key: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime


Handler = Callable[[Message], None]
_handlers: dict[str, list[Handler]] = {}


def handler(topic: str) -> Callable[[Handler], Handler]:
    """Register a function of `<app>/tasks.py` for a topic.

    It runs in a worker outside any transaction; it opens `tenant_scope` itself where it writes,
    and may talk to the network between scopes.
    """

    def add(function: Handler) -> Handler:
        known = _handlers.setdefault(topic, [])
        if function not in known:
            known.append(function)
        return function

    return add


def handlers_of(topic: str) -> list[Handler]:
    return list(_handlers.get(topic, ()))
