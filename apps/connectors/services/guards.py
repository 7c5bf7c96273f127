"""What every change of a source begins and ends with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, NotFound
from apps.connectors import rules
from apps.connectors.models import Source
from apps.connectors.providers.registry import cadence_of
from apps.ledger.services import mark_coverage
from apps.outbox.services import enqueue

PULL_REQUESTED = "source.pull_requested"
TROUBLE = "source.trouble"
BLOCKED, SCHEMA_CHANGED = "blocked", "schema_changed"


def request_run(source: Source, actor: Actor, *, check: bool) -> None:
    """Ask a worker for a run, or for a connection test, once the transaction has committed."""
    payload: dict[str, str | int | None] = {
        "source_id": str(source.id),
        "check": int(check),
        "requested_by": actor.name[:200],
    }
    enqueue(PULL_REQUESTED, key=f"source:{source.id}", payload=payload)


def report_trouble(source: Source, what: str, occasion: UUID) -> None:
    """Tell those who look after sources, once per occasion, after the transaction committed."""
    payload: dict[str, str | int | None] = {
        "source_id": str(source.id),
        "what": what,
        "occasion": str(occasion),
    }
    enqueue(TROUBLE, key=f"source:{source.id}", payload=payload)


def managed_source(actor: Actor, source_id: UUID) -> Source:
    """The source, for somebody who may change it. Raises Forbidden, NotFound."""
    require(actor, P.SOURCE_MANAGE)
    source = Source.objects.filter(id=source_id).first()
    if source is None:
        raise NotFound("There is no such source.", code="source_not_found")
    return source


def pulled_source(actor: Actor, source_id: UUID) -> Source:
    """The same for a source that is pulled. Raises Conflict for one that is handed in."""
    source = managed_source(actor, source_id)
    if not source.is_pulled:
        raise Conflict(
            "Nothing is pulled from this source: its records are handed in.",
            code="source_not_pulled",
        )
    return source


def apply_changes(source: Source, version: int, **values: Any) -> None:
    """Apply to the version that was read. Raises Conflict for another one."""
    changed = Source.objects.filter(id=source.id, version=version).update(
        version=F("version") + 1, updated_at=clock.now(), **values
    )
    if not changed:
        raise Conflict(
            "Somebody changed this source meanwhile.",
            code="version_changed",
            fix="Load the page again and repeat your change.",
        )
    source.refresh_from_db()


def tell_ledger(source: Source, *, active: bool, data_as_of: datetime | None = None) -> None:
    """How complete a source is. One that is switched off no longer counts as lagging.

    A source that is only compared is no part of the ledger: nothing is told about it, unless it
    counted before.
    """
    if source.is_compared and not source.in_ledger:
        return
    lag = rules.expected_lag(source.schedule_minutes, cadence_of(source.kind, source.role))
    mark_coverage(
        source_id=source.id,
        complete_through=source.cursor,
        name=source.name,
        is_active=active and not source.is_compared,
        expected_lag_seconds=int(lag.total_seconds()),
        **({} if data_as_of is None else {"data_as_of": data_as_of}),
    )
