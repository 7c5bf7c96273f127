"""The unit tree. Changes of its shape go one after the other (the organization's row is locked)."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.organizations import events, rules, selectors
from apps.organizations.enums import UnitKind
from apps.organizations.models import Unit
from apps.organizations.ports import people_changed
from apps.organizations.refs import unit_ref
from apps.organizations.services.organization import lock_organization
from apps.trail.services import record


def add_unit(
    *,
    actor: Actor,
    name: str,
    parent_id: UUID,
    kind: str = UnitKind.TEAM,
    code: str = "",
    cost_centre: str = "",
) -> Unit:
    """A new unit below an active one. `code` names it in usage records; empty: made from the name.

    Raises Forbidden, NotFound, Invalid, or Conflict for a taken code.
    """
    require(actor, P.UNIT_MANAGE, unit_id=parent_id)
    lock_organization()
    parent = selectors.unit_by_id(parent_id)
    values = {"name": " ".join(name.split()), "kind": kind, "cost_centre": cost_centre.strip()}
    wanted = code.strip().lower() or slugify(name)[:50].strip("-_")
    problems = _problems(values)
    if rules.slug_problem(wanted) and wanted not in rules.RESERVED_SLUGS:
        problems.append(FieldError("code", rules.slug_problem(wanted)))
    if not parent.is_active:
        problems.append(FieldError("parent", "This unit is retired."))
    if rules.depth(selectors.parents(), parent_id) >= rules.MAX_DEPTH:
        problems.append(FieldError("parent", f"The tree has at most {rules.MAX_DEPTH} levels."))
    if problems:
        raise Invalid("The unit was not added.", errors=problems)
    try:
        with transaction.atomic():
            unit = Unit.objects.create(code=wanted, parent=parent, **values)
    except IntegrityError:
        raise Conflict(
            "Another unit has this code.",
            code="unit_code_taken",
            fix="Choose another.",
            field="code",
        ) from None
    record(
        actor=actor,
        action=events.UNIT_ADDED,
        obj=unit_ref(unit),
        after={**values, "code": wanted, "parent": parent.name},
    )
    return unit


def change_unit(
    *, actor: Actor, unit_id: UUID, name: str, kind: str, cost_centre: str = ""
) -> Unit:
    """Rename, or change kind and cost centre. The code stays: past usage names it."""
    require(actor, P.UNIT_MANAGE, unit_id=unit_id)
    unit = _locked(unit_id)
    values = {"name": " ".join(name.split()), "kind": kind, "cost_centre": cost_centre.strip()}
    problems = _problems(values, root=unit.parent_id is None)
    if problems:
        raise Invalid("The unit was not changed.", errors=problems)
    before = {field: getattr(unit, field) for field in values}
    changed = {field: value for field, value in values.items() if before[field] != value}
    if changed:
        for field, value in changed.items():
            setattr(unit, field, value)
        unit.save(update_fields=list(changed))
        record(
            actor=actor,
            action=events.UNIT_CHANGED,
            obj=unit_ref(unit),
            before={field: before[field] for field in changed},
            after=changed,
        )
    return unit


def move_unit(*, actor: Actor, unit_id: UUID, parent_id: UUID) -> Unit:
    """Hang a unit, with everything below it, under another one.

    Needs the permission at the unit's old and new parent. Raises Invalid for a cycle, too deep a
    tree, or a retired parent.
    """
    lock_organization()
    unit = _locked(unit_id)
    require(actor, P.UNIT_MANAGE, unit_id=unit.parent_id)
    require(actor, P.UNIT_MANAGE, unit_id=parent_id)
    parent = selectors.unit_by_id(parent_id)
    problem = rules.move_problem(selectors.parents(), unit.id, parent.id)
    if not problem and not parent.is_active:
        problem = "This unit is retired."
    if problem:
        raise Invalid("The unit was not moved.", errors=[FieldError("parent", problem)])
    if unit.parent_id == parent.id:
        return unit
    old = unit.parent
    unit.parent = parent
    unit.save(update_fields=["parent"])
    record(
        actor=actor,
        action=events.UNIT_MOVED,
        obj=unit_ref(unit),
        before={"parent": old.name if old else None},
        after={"parent": parent.name},
    )
    people_changed()
    return unit


def retire_unit(*, actor: Actor, unit_id: UUID, reason: str = "") -> Unit:
    """Take a unit out of use; its past stays. Raises Conflict while active units hang below it."""
    return _switch(actor, unit_id, reason, active=False)


def restore_unit(*, actor: Actor, unit_id: UUID, reason: str = "") -> Unit:
    """Take a retired unit back into use. Raises Conflict while its parent is retired."""
    return _switch(actor, unit_id, reason, active=True)


def _switch(actor: Actor, unit_id: UUID, reason: str, *, active: bool) -> Unit:
    lock_organization()
    unit = _locked(unit_id)
    require(actor, P.UNIT_MANAGE, unit_id=unit.parent_id)
    if unit.parent_id is None:
        raise Conflict("The root unit is the organization itself and stays.", code="root_unit")
    if unit.is_active == active:
        return unit
    if active and unit.parent is not None and not unit.parent.is_active:
        raise Conflict("The unit above is retired.", code="parent_retired", fix="Restore it first.")
    if not active and Unit.objects.filter(parent=unit, is_active=True).exists():
        raise Conflict(
            "Active units hang below this one.", code="unit_has_children", fix="Move them first."
        )
    unit.is_active, unit.retired_at = active, None if active else clock.now()
    unit.save(update_fields=["is_active", "retired_at"])
    record(
        actor=actor,
        action=events.UNIT_RESTORED if active else events.UNIT_RETIRED,
        obj=unit_ref(unit),
        before={"is_active": not active},
        after={"is_active": active},
        reason=reason.strip(),
    )
    return unit


def _locked(unit_id: UUID) -> Unit:
    selectors.unit_by_id(unit_id)
    # No key changes: rows that point at the unit need not wait, nor be waited for.
    return Unit.objects.select_for_update(no_key=True).get(id=unit_id)


def _problems(values: dict[str, Any], *, root: bool = False) -> list[FieldError]:
    problems: list[FieldError] = []
    if not values["name"] or len(values["name"]) > 120:
        problems.append(FieldError("name", "Give a name of 1 to 120 characters."))
    if values["kind"] not in UnitKind.values:
        problems.append(FieldError("kind", "Choose one of: " + ", ".join(UnitKind.values)))
    if (values["kind"] == UnitKind.ORGANIZATION) != root:
        problems.append(FieldError("kind", "Only the root is the organization itself."))
    if len(values["cost_centre"]) > 40:
        problems.append(FieldError("cost_centre", "At most 40 characters."))
    return problems
