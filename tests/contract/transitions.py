"""States of what has a life, and the events of the trail while they change."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from apps.trail.models import TrailEvent
from apps.webhooks import rules
from apps.webhooks.services.reading import told as words

STATES = {
    "stories.TokenStory": ("status",),
    "approvals.ApprovalRequest": ("status",),
    "approvals.ApprovalCondition": ("status",),
    "asks.Ask": ("status",),
    "budgets.Budget": ("status",),
    "entitlements.Entitlement": ("ended_on", "lapsed_at"),
    "planning.PlanningCycle": ("status", "round_number"),
    "planning.Envelope": ("requested_nanos", "allocated_nanos"),
    "sprints.Sprint": ("starts_on", "ends_on"),
    "audits.Audit": ("status",),
    "audits.Finding": ("status",),
}
"""Columns that say where a row is in its life."""

PARTS = frozenset({"planning.Envelope", "approvals.ApprovalCondition", "audits.Finding"})
"""Rows that also begin as part of a whole: a cycle, an answer, the checks of an audit."""


@dataclass(frozen=True)
class Move:
    """A row's state before and after; None where there was no row, or is none."""

    model: str
    row: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Event:
    """An event about a row, as a webhook tells it."""

    row: str
    payload: Any


def _states() -> dict[tuple[str, str], Any]:
    return {
        (label, str(row[0])): row[1:]
        for label, columns in STATES.items()
        for row in apps.get_model(label).objects.values_list("id", *columns)
    }


@contextmanager
def watched(org: Any, told: Any) -> Iterator[None]:
    """Note what moves, and what is told of it."""
    with org.scope():
        before = _states()
        known = set(TrailEvent.objects.values_list("id", flat=True))
    yield
    with org.scope():
        after = _states()
        told.moves = [
            Move(*key, before.get(key), after.get(key))
            for key in before.keys() | after.keys()
            if before.get(key) != after.get(key)
        ]
        told.events = [
            Event(str(event.object_id), json.loads(rules.signed_body(words(event))))
            for event in TrailEvent.objects.exclude(id__in=known).order_by("id")
        ]
