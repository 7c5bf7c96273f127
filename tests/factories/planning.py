"""Planning cycles, made by the services."""

from datetime import date
from typing import Any
from uuid import UUID

from apps.access.actors import system_actor
from apps.planning.models import Envelope, PlanningCycle
from apps.planning.services import open_cycle


def make_cycle(*unit_ids: UUID, **fields: Any) -> PlanningCycle:
    """The second quarter of 2027 in the open scope."""
    values: dict[str, Any] = {"name": "2027 Q2", "kind": "quarter", "starts_on": date(2027, 4, 1)}
    return open_cycle(actor=system_actor("tests"), unit_ids=unit_ids, **values | fields)


def envelope_of(cycle: PlanningCycle, unit_id: UUID) -> Envelope:
    """The unit's envelope in the newest round."""
    cycle.refresh_from_db()
    return Envelope.objects.select_related("round").get(
        round__cycle_id=cycle.id, round__number=cycle.round_number, unit_id=unit_id
    )
