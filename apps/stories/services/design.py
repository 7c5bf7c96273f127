"""Changing the design review. Stories that are submitted keep the questions they answered."""

from typing import Any

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict
from apps.stories import design, events
from apps.stories.models import DesignChecklist
from apps.trail.services import record


@transaction.atomic
def change_design_checklist(
    *, actor: Actor, version: int, document: Any, reason: str = ""
) -> design.Checklist:
    """Replace the checklist that was read at `version` (0: the default was in force).

    Raises Forbidden, Invalid per wrong field, and Conflict when somebody changed it meanwhile.
    """
    require(actor, P.DESIGN_REVIEW_MANAGE)
    wanted = design.parse(document)
    DesignChecklist.objects.bulk_create(
        [DesignChecklist(document=design.dump(design.DEFAULT))], ignore_conflicts=True
    )
    before = DesignChecklist.objects.get()
    changed = DesignChecklist.objects.filter(version=version).update(
        document=design.dump(wanted),
        version=F("version") + 1,
        changed_at=clock.now(),
        changed_by_name=actor.name[:200],
    )
    if not changed:
        raise Conflict(
            "Somebody changed the design review since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    record(
        actor=actor,
        action=events.DESIGN_REVIEW_CHANGED,
        obj=before,
        before=before.document,
        after=design.dump(wanted),
        reason=reason.strip()[:2000],
    )
    return wanted
