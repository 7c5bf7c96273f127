"""Changing budgets: a new amount from a date, more for one period, money moved, an end."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.budgets import events
from apps.budgets.enums import Basis, BudgetStatus, EntryKind
from apps.budgets.models import Budget, BudgetEntry, BudgetThreshold
from apps.budgets.rules.periods import Period, period_on
from apps.budgets.selectors.budgets import entries_of, get_budget, limit_for
from apps.budgets.selectors.thresholds import thresholds_of
from apps.budgets.services.entries import (
    add_entry,
    amount_errors,
    announce,
    bump_version,
    described,
    require_note,
)
from apps.budgets.services.thresholds import threshold_errors
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.ids import uuid7
from apps.organizations.selectors import membership_by_id
from apps.portfolio.rules import normalise
from apps.trail.services import record


@transaction.atomic
def revise_budget(
    *,
    actor: Actor,
    budget_id: UUID,
    version: int,
    effective_on: date,
    amount_nanos: int | None,
    amount_tokens: int | None,
    note: str,
    source_request_id: UUID | None = None,
    source_version: int = 0,
) -> BudgetEntry:
    """Replace the amount of every period from a date. None is unlimited, 0 is nothing.

    The period the date lies in takes the new amount as a whole; periods before keep theirs.
    Raises Forbidden, NotFound, Invalid, and Conflict when it was changed since `version`.
    """
    budget = get_budget(budget_id)
    require(actor, P.BUDGET_MANAGE, unit_id=budget.unit_id)
    require_note(note)
    errors = amount_errors(amount_nanos, amount_tokens)
    if period_on(budget.plan, effective_on) is None:
        errors.append(_outside(budget))
    if errors:
        raise Invalid("The budget cannot be revised like this.", errors=errors)
    last = [e for e in entries_of(budget) if e.kind in {EntryKind.INITIAL, EntryKind.REVISION}][-1]
    entry = add_entry(
        actor=actor,
        budget=budget,
        version=version,
        kind=EntryKind.REVISION,
        effective_on=effective_on,
        amount_nanos=amount_nanos,
        amount_tokens=amount_tokens,
        note=note,
        source_request_id=source_request_id,
        source_version=source_version,
    )
    record(
        actor=actor,
        action=events.BUDGET_REVISED,
        obj=budget,
        before=described(last.amount_nanos, last.amount_tokens, budget.currency),
        after={
            **described(amount_nanos, amount_tokens, budget.currency),
            "effective_on": effective_on.isoformat(),
        },
        reason=note.strip(),
    )
    return entry


@transaction.atomic
def grant_budget(
    *,
    actor: Actor,
    budget_id: UUID,
    version: int,
    on: date,
    amount_nanos: int | None,
    amount_tokens: int | None = None,
    note: str,
    source_request_id: UUID | None = None,
    source_version: int = 0,
) -> BudgetEntry:
    """Add an amount to the one period that `on` lies in.

    Raises Forbidden, NotFound, Invalid, and Conflict when it was changed since `version`.
    """
    budget = get_budget(budget_id)
    require(actor, P.BUDGET_MANAGE, unit_id=budget.unit_id)
    require_note(note)
    period = period_on(budget.plan, on)
    errors = amount_errors(amount_nanos, amount_tokens)
    if period is None:
        errors.append(_outside(budget, "on"))
    if not amount_nanos and not amount_tokens:
        errors.append(FieldError("amount", "A grant adds something.", "Enter more than 0."))
    if errors or period is None:
        raise Invalid("The budget cannot be raised like this.", errors=errors)
    entry = add_entry(
        actor=actor,
        budget=budget,
        version=version,
        kind=EntryKind.GRANT,
        effective_on=period.start,
        amount_nanos=amount_nanos,
        amount_tokens=amount_tokens,
        note=note,
        source_request_id=source_request_id,
        source_version=source_version,
    )
    record(
        actor=actor,
        action=events.BUDGET_GRANTED,
        obj=budget,
        after={
            **described(amount_nanos, amount_tokens, budget.currency),
            "period": period.start.isoformat(),
        },
        reason=note.strip(),
    )
    return entry


@transaction.atomic
def move_budget(
    *,
    actor: Actor,
    from_id: UUID,
    from_version: int,
    to_id: UUID,
    on: date,
    amount_nanos: int,
    note: str,
    source_request_id: UUID | None = None,
    source_version: int = 0,
) -> tuple[BudgetEntry, BudgetEntry]:
    """Move money between the periods of two budgets that a day lies in: what one loses the other
    gains, and the source keeps 0 or more.

    Raises Forbidden for either budget, NotFound, Invalid, Conflict.
    """
    source, target = get_budget(from_id), get_budget(to_id)
    require(actor, P.BUDGET_MANAGE, unit_id=source.unit_id)
    require(actor, P.BUDGET_MANAGE, unit_id=target.unit_id)
    require_note(note)
    periods = _periods_of_move(source, target, on, amount_nanos)
    left = limit_for(source, periods[0], on).nanos
    if left is not None and amount_nanos > left:
        raise Invalid(
            "The budget holds less than that in this period.",
            field="amount",
            fix="Enter a smaller amount.",
        )
    transfer_id = uuid7()
    versions = {source.id: from_version, target.id: target.version}
    signed = {
        source.id: (source, periods[0], EntryKind.TRANSFER_OUT, -amount_nanos),
        target.id: (target, periods[1], EntryKind.TRANSFER_IN, amount_nanos),
    }
    entries = {}
    for budget_id in sorted(signed):
        budget, period, kind, amount = signed[budget_id]
        entries[budget_id] = add_entry(
            actor=actor,
            budget=budget,
            version=versions[budget_id],
            kind=kind,
            effective_on=period.start,
            amount_nanos=amount,
            amount_tokens=None,
            note=note,
            transfer_id=transfer_id,
            source_request_id=source_request_id if budget is target else None,
            source_version=source_version,
        )
        other = target if budget is source else source
        record(
            actor=actor,
            action=events.BUDGET_MOVED,
            obj=budget,
            after={**described(amount, None, budget.currency), "with": other.name},
            reason=note.strip(),
        )
    return entries[source.id], entries[target.id]


@transaction.atomic
def change_budget(
    *,
    actor: Actor,
    budget_id: UUID,
    version: int,
    name: str,
    owner_membership_id: UUID | None,
    thresholds: Iterable[tuple[Basis, int]] | None,
) -> Budget:
    """Change what is not an amount: name, owner, the shares at which it speaks up (None: those of
    the organization).

    Raises Forbidden, NotFound, Invalid, and Conflict when it was changed since `version`.
    """
    budget = get_budget(budget_id)
    require(actor, P.BUDGET_MANAGE, unit_id=budget.unit_id)
    wanted = None if thresholds is None else sorted(set(thresholds))
    errors = threshold_errors(wanted or ())
    if not name.strip() or len(name.strip()) > 160:
        errors.append(FieldError("name", "A name has 1 to 160 characters.", "Shorten it."))
    if errors:
        raise Invalid("The budget cannot be changed like this.", errors=errors)
    if owner_membership_id is not None:
        membership_by_id(owner_membership_id)
    before = _details(budget)
    values = {
        "name": name.strip(),
        "name_norm": normalise(name),
        "owner_membership_id": owner_membership_id,
        "own_thresholds": wanted is not None,
    }
    bump_version(budget, version, values)
    if before["thresholds"] != _listed(wanted):
        BudgetThreshold.objects.filter(budget=budget).delete()
        BudgetThreshold.objects.bulk_create(
            [BudgetThreshold(budget=budget, basis=b, percent=p) for b, p in wanted or ()]
        )
    record(
        actor=actor, action=events.BUDGET_CHANGED, obj=budget, before=before, after=_details(budget)
    )
    return budget


def _details(budget: Budget) -> dict[str, Any]:
    """As the trail keeps them; thresholds are null where the organization's apply."""
    own = thresholds_of([budget]).get(budget.id, []) if budget.own_thresholds else None
    return {"name": budget.name, "thresholds": _listed(own)}


def _listed(thresholds: Iterable[tuple[Basis, int]] | None) -> list[list[Any]] | None:
    return None if thresholds is None else sorted([b.value, p] for b, p in thresholds)


@transaction.atomic
def close_budget(*, actor: Actor, budget_id: UUID, version: int, note: str) -> Budget:
    """End a budget now. Its entries and past periods stay readable."""
    budget = get_budget(budget_id)
    require(actor, P.BUDGET_MANAGE, unit_id=budget.unit_id)
    require_note(note)
    bump_version(budget, version, {"status": BudgetStatus.CLOSED, "closed_at": clock.now()})
    record(actor=actor, action=events.BUDGET_CLOSED, obj=budget, reason=note.strip())
    announce(budget, None)
    return budget


def _periods_of_move(
    source: Budget, target: Budget, on: date, amount_nanos: int
) -> tuple[Period, Period]:
    if source.id == target.id:
        raise Invalid("Money moves between two budgets.", field="to", fix="Choose another.")
    if source.currency != target.currency:
        raise Conflict("The budgets are in different currencies.", code="currency_differs")
    if amount_nanos <= 0:
        raise Invalid("A move is more than 0.", field="amount", fix="Enter an amount.")
    periods = period_on(source.plan, on), period_on(target.plan, on)
    if periods[0] is None or periods[1] is None:
        raise Invalid("Both budgets must run on that day.", errors=[_outside(source, "on")])
    return periods[0], periods[1]


def _outside(budget: Budget, field: str = "effective_on") -> FieldError:
    end = f" and before {budget.ends_on.isoformat()}" if budget.ends_on else ""
    return FieldError(
        field,
        "The budget does not run on that day.",
        f"Use a day from {budget.starts_on.isoformat()}{end}.",
    )
