"""What teams ask for and are given in the newest round, and the budgets that follow."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.budgets.enums import PeriodKind, Scope
from apps.budgets.models import Budget
from apps.budgets.selectors.limits import budgets_within
from apps.budgets.services import create_budget
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.organizations.selectors import unit_by_id
from apps.planning import events
from apps.planning.models import Envelope, PlanningCycle
from apps.planning.selectors import cycle_by_id, envelope_by_id, round_by_number
from apps.planning.services.cycles import locked
from apps.planning.services.telling import tell_opened
from apps.trail.services import record


@transaction.atomic
def request_envelope(
    *, actor: Actor, envelope_id: UUID, version: int, amount_nanos: int, note: str = ""
) -> Envelope:
    """Say what a team asks for over the whole cycle.

    Raises Forbidden, NotFound, Invalid, Conflict (locked, an earlier round, changed since).
    """
    return _state(
        actor, envelope_id, version, amount_nanos, note, "requested", P.PLANNING_REQUEST,
        events.ENVELOPE_REQUESTED,
    )  # fmt: skip


@transaction.atomic
def allocate_envelope(
    *, actor: Actor, envelope_id: UUID, version: int, amount_nanos: int, note: str = ""
) -> Envelope:
    """Say what a team is given over the whole cycle; 0 is nothing.

    Raises Forbidden, NotFound, Invalid, Conflict (locked, an earlier round, changed since).
    """
    return _state(
        actor, envelope_id, version, amount_nanos, note, "allocated", P.PLANNING_MANAGE,
        events.ENVELOPE_ALLOCATED,
    )  # fmt: skip


@transaction.atomic
def add_envelope(*, actor: Actor, cycle_id: UUID, unit_id: UUID) -> Envelope:
    """Let one more team plan. Raises Forbidden, NotFound, Invalid (retired), Conflict."""
    require(actor, P.PLANNING_MANAGE)
    cycle = _held(cycle_by_id(cycle_id))
    unit = unit_by_id(unit_id)
    if not unit.is_active:
        raise Invalid("A retired team plans nothing.", field="unit", fix="Choose another.")
    newest = round_by_number(cycle, cycle.round_number)
    try:
        with transaction.atomic():
            envelope = Envelope.objects.create(round=newest, unit=unit)
    except IntegrityError as error:
        raise Conflict(
            f"{unit.name} plans in this cycle already.", code="envelope_exists"
        ) from error
    tell_opened(cycle, [envelope])
    record(actor=actor, action=events.ENVELOPE_ADDED, obj=cycle, after={"team": unit.name})
    return envelope


@transaction.atomic
def open_envelope_budget(*, actor: Actor, envelope_id: UUID) -> Budget:
    """Open the team's budget over the days of a locked cycle, at what it was given.

    Raises Forbidden (may not manage budgets there), NotFound, Conflict while the cycle is open, for
    an earlier round, and where the team has a budget in those days.
    """
    envelope = envelope_by_id(actor, envelope_id)
    require(actor, P.BUDGET_MANAGE, unit_id=envelope.unit_id)
    cycle = PlanningCycle.objects.select_for_update().get(id=envelope.round.cycle_id)
    if cycle.is_open:
        raise Conflict(
            "Envelopes are not approved yet.", code="cycle_open", fix="Lock the planning cycle."
        )
    _newest(envelope, cycle)
    there = [
        budget
        for budget in budgets_within(cycle.starts_on, cycle.ends_on)
        if budget.scope == Scope.UNIT and budget.unit_id == envelope.unit_id
    ]
    if there:
        raise Conflict(
            f"{envelope.unit.name} has a budget in these days: {there[0].name}.",
            code="budget_exists",
            fix="Change that one.",
        )
    return create_budget(
        actor=actor,
        name=f"{envelope.unit.name}, {cycle.name}"[:160],
        scope=Scope.UNIT,
        unit_id=envelope.unit_id,
        period_kind=PeriodKind.CUSTOM,
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        amount_nanos=envelope.allocated_nanos,
        note=f"Envelope of {cycle.name}, locked by {cycle.locked_by_name}.",
    )


def _state(
    actor: Actor,
    envelope_id: UUID,
    version: int,
    amount_nanos: int,
    note: str,
    what: str,
    permission: P,
    action: str,
) -> Envelope:
    envelope = envelope_by_id(actor, envelope_id)
    if permission is P.PLANNING_REQUEST:
        require(actor, permission, unit_id=envelope.unit_id)
    else:
        require(actor, permission)
    if amount_nanos < 0:
        raise Invalid("An envelope cannot be negative.", field="amount", fix="Enter 0 or more.")
    if len(note.strip()) > 2000:
        raise Invalid("The note is too long.", field="note", fix="2,000 characters at most.")
    cycle = _held(envelope.round.cycle)
    _newest(envelope, cycle)
    before = _described(envelope, what)
    values: dict[str, Any] = {
        f"{what}_nanos": amount_nanos,
        f"{what}_note": note.strip(),
        f"{what}_by_name": actor.name[:200],
        f"{what}_at": clock.now(),
    }
    changed = Envelope.objects.filter(id=envelope.id, version=version).update(
        version=F("version") + 1, **values
    )
    if not changed:
        raise Conflict(
            "Somebody changed this envelope since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    envelope.refresh_from_db()
    record(
        actor=actor,
        action=action,
        obj=envelope,
        before=before,
        after={**_described(envelope, what), "round": envelope.round.name},
        reason=note.strip(),
    )
    return envelope


def _held(cycle: PlanningCycle) -> PlanningCycle:
    """The cycle, kept open until the end of the transaction: no lock or new round in between."""
    found = PlanningCycle.objects.select_for_update().get(id=cycle.id)
    if not found.is_open:
        raise locked(found)
    return found


def _newest(envelope: Envelope, cycle: PlanningCycle) -> None:
    if envelope.round.number != cycle.round_number:
        raise Conflict(
            f"{envelope.round.name} is over.",
            code="round_over",
            fix="Change the newest round; this one stays as it was.",
        )


def _described(envelope: Envelope, what: str) -> dict[str, Any]:
    return {f"{what}_nanos": getattr(envelope, f"{what}_nanos")}
