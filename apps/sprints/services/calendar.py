"""Adding, changing and removing sprints."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import Conflict, Invalid
from apps.organizations.selectors import unit_by_id
from apps.organizations.services.organization import lock_organization
from apps.portfolio.rules import normalise
from apps.sprints import events, rules
from apps.sprints.models import Sprint
from apps.sprints.rules import Dates
from apps.sprints.selectors import sprint_by_id
from apps.trail.services import record


@transaction.atomic
def add_sprints(*, actor: Actor, unit_id: UUID, wanted: Sequence[Dates]) -> list[Sprint]:
    """Add sprints to a unit's calendar: all of them, or none.

    Raises Forbidden, NotFound, Invalid naming each that is wrong or overlaps another.
    """
    unit = unit_by_id(unit_id)
    require(actor, P.SPRINT_MANAGE, unit_id=unit.id)
    if not 1 <= len(wanted) <= rules.MOST_SPRINTS:
        raise Invalid(
            f"From 1 to {rules.MOST_SPRINTS} sprints at once.", field="count", fix="Add fewer."
        )
    if not unit.is_active:
        raise Invalid("A retired team has no sprints.", field="unit", fix="Choose another.")
    lock_organization()
    wanted = [
        Dates(_clean(one.name), one.starts_on, one.ends_on, _clean(one.goal), one.line)
        for one in wanted
    ]
    errors = rules.problems(wanted, _calendar(unit.id))
    if errors:
        raise Invalid("These sprints do not fit the calendar.", errors=errors[:20])
    made = Sprint.objects.bulk_create(
        [
            Sprint(
                unit=unit,
                name=one.name,
                name_norm=normalise(one.name),
                starts_on=one.starts_on,
                ends_on=one.ends_on,
                goal=one.goal,
                added_by_name=actor.name[:200],
            )
            for one in wanted
        ]
    )
    for sprint in made:
        record(actor=actor, action=events.SPRINTS_ADDED, obj=sprint, after=_described(sprint))
    return made


@transaction.atomic
def change_sprint(
    *,
    actor: Actor,
    sprint_id: UUID,
    version: int,
    name: str,
    starts_on: date,
    ends_on: date,
    goal: str = "",
) -> Sprint:
    """Rename or move a sprint; `ends_on` is the day after the last.

    Raises Forbidden, NotFound, Invalid, Conflict when it was changed since.
    """
    sprint = sprint_by_id(actor, sprint_id)
    require(actor, P.SPRINT_MANAGE, unit_id=sprint.unit_id)
    lock_organization()
    wanted = Dates(_clean(name), starts_on, ends_on, _clean(goal))
    errors = rules.problems([wanted], _calendar(sprint.unit_id, without=sprint.id))
    if errors:
        raise Invalid("The sprint does not fit the calendar.", errors=errors)
    before = _described(sprint)
    changed = Sprint.objects.filter(id=sprint.id, version=version).update(
        version=F("version") + 1,
        name=wanted.name,
        name_norm=normalise(wanted.name),
        starts_on=starts_on,
        ends_on=ends_on,
        goal=wanted.goal,
    )
    if not changed:
        raise _stale()
    sprint.refresh_from_db()
    record(
        actor=actor,
        action=events.SPRINT_CHANGED,
        obj=sprint,
        before=before,
        after=_described(sprint),
    )
    return sprint


@transaction.atomic
def remove_sprint(*, actor: Actor, sprint_id: UUID, version: int) -> None:
    """Take a sprint out of the calendar; stories and usage stay. The trail keeps its dates.

    Raises Forbidden, NotFound, Conflict when it was changed since.
    """
    sprint = sprint_by_id(actor, sprint_id)
    require(actor, P.SPRINT_MANAGE, unit_id=sprint.unit_id)
    held = Sprint.objects.select_for_update().filter(id=sprint.id, version=version).first()
    if held is None:
        raise _stale()
    record(actor=actor, action=events.SPRINT_REMOVED, obj=sprint, before=_described(sprint))
    held.delete()


def _clean(text: str) -> str:
    return " ".join(text.split())


def _calendar(unit_id: UUID, without: UUID | None = None) -> list[tuple[str, date, date]]:
    rows = Sprint.objects.filter(unit_id=unit_id)
    if without is not None:
        rows = rows.exclude(id=without)
    return list(rows.values_list("name", "starts_on", "ends_on"))


def _described(sprint: Sprint) -> dict[str, Any]:
    return {
        "name": sprint.name,
        "from": sprint.starts_on.isoformat(),
        "to": (sprint.ends_on - timedelta(days=1)).isoformat(),
        "goal": sprint.goal,
    }


def _stale() -> Conflict:
    return Conflict(
        "Somebody changed this sprint since you opened it.",
        code="stale_version",
        fix="Load it again and repeat your change.",
    )
