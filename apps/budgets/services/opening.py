"""Opening budgets: by hand, and as the consequence of an approval."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals.selectors import approved_request
from apps.budgets import events
from apps.budgets.enums import Basis, BudgetStatus, EntryKind, PeriodKind, Scope
from apps.budgets.models import Budget, BudgetEntry, BudgetThreshold
from apps.budgets.rules.periods import known_zones
from apps.budgets.services.entries import add_entry, amount_errors, announce, described
from apps.budgets.services.thresholds import threshold_errors
from apps.common.errors import Conflict, FieldError, Invalid
from apps.organizations.selectors import membership_by_id, organization, unit_by_id
from apps.portfolio.models import Capability
from apps.portfolio.rules import normalise
from apps.portfolio.selectors import capability_by_id
from apps.trail.services import record

HAND_MADE = (Scope.ORGANIZATION, Scope.UNIT, Scope.CAPABILITY)
"""Scopes a person opens a budget for. A story's budget comes from its approval."""


@transaction.atomic
def create_budget(
    *,
    actor: Actor,
    name: str,
    scope: str,
    starts_on: date,
    amount_nanos: int | None,
    amount_tokens: int | None = None,
    unit_id: UUID | None = None,
    capability_id: UUID | None = None,
    period_kind: str = PeriodKind.MONTH,
    ends_on: date | None = None,
    timezone: str = "",
    owner_membership_id: UUID | None = None,
    note: str = "",
    thresholds: Iterable[tuple[Basis, int]] | None = None,
) -> Budget:
    """A budget of the organization, a unit or a capability, in its reporting currency.

    Amounts are per period; 0 is a limit, None unlimited. `ends_on` is the day after the last.
    Without `thresholds` of its own it speaks up at the organization's.
    Raises Forbidden, Invalid with each wrong field, NotFound for a unit, capability or person.
    """
    target = _target(actor, scope, unit_id, capability_id)
    require(actor, P.BUDGET_MANAGE, unit_id=target.unit_id)
    home = organization()
    zone = timezone or home.timezone
    errors = amount_errors(amount_nanos, amount_tokens)
    errors += _plan_errors(name, period_kind, starts_on, ends_on, zone)
    wanted = None if thresholds is None else sorted(set(thresholds))
    errors += threshold_errors(wanted or ())
    if errors:
        raise Invalid("The budget cannot be opened like this.", errors=errors)
    if owner_membership_id is not None:
        membership_by_id(owner_membership_id)
    target.name, target.name_norm = name.strip(), normalise(name)
    target.period_kind, target.starts_on, target.ends_on = period_kind, starts_on, ends_on
    target.timezone, target.currency = zone, home.currency
    target.year_starts_in = home.fiscal_year_start
    target.owner_membership_id = owner_membership_id
    return _store(
        actor,
        target,
        amount_nanos=amount_nanos,
        amount_tokens=amount_tokens,
        note=note,
        thresholds=wanted,
    )


@transaction.atomic
def open_budget(
    *,
    actor: Actor,
    name: str,
    unit_id: UUID,
    capability_id: UUID | None,
    story_id: UUID,
    monthly_cap_nanos: int | None,
    currency: str,
    starts_on: date,
    source_request_id: UUID,
    story_ref: str = "",
    owner_membership_id: UUID | None = None,
) -> Budget:
    """The monthly budget of an approved story; for a story that has one, a revision of it.

    Needs no permission of its own: the approved request is the authority, and the cap may not be
    above what it approved. Idempotent per approval: a second call returns the first one's budget;
    an approval that was undone and given again opens or revises again.
    Raises Conflict when the request is not approved, Invalid when the cap exceeds it.
    """
    request = approved_request(source_request_id)
    if request is None:
        raise Conflict(
            "The budget's request is not approved.",
            code="not_approved",
            fix="A budget of a story opens with its approval.",
        )
    _within_approval(monthly_cap_nanos, request.approved_nanos)
    done = BudgetEntry.objects.filter(
        source_request_id=source_request_id, source_version=request.version
    ).first()
    if done is not None:
        return Budget.objects.get(id=done.budget_id)
    existing = Budget.objects.filter(
        story_id=story_id, scope=Scope.STORY, status=BudgetStatus.ACTIVE
    ).first()
    note = f"Approved by {request.closed_by_name} in {request.label}."
    if existing is not None:
        return _revise_approved(
            actor,
            existing,
            cap=monthly_cap_nanos,
            starts_on=starts_on,
            note=note,
            source_request_id=source_request_id,
            source_version=request.version,
        )
    home = organization()
    budget = Budget(
        name=name.strip()[:160],
        name_norm=normalise(name)[:160],
        scope=Scope.STORY,
        unit_id=unit_id,
        capability_id=capability_id,
        story_id=story_id,
        story_ref=story_ref or request.subject_ref,
        currency=currency,
        period_kind=PeriodKind.MONTH,
        starts_on=starts_on,
        timezone=home.timezone,
        year_starts_in=home.fiscal_year_start,
        owner_membership_id=owner_membership_id or request.requester_id,
    )
    try:
        with transaction.atomic():
            return _store(
                actor,
                budget,
                amount_nanos=monthly_cap_nanos,
                amount_tokens=None,
                note=note,
                source_request_id=source_request_id,
                source_version=request.version,
            )
    except IntegrityError as error:
        done = BudgetEntry.objects.filter(
            source_request_id=source_request_id, source_version=request.version
        ).first()
        if done is None:
            raise Conflict(
                "Another budget for this story was opened in the same moment.",
                code="budget_race",
                fix="Try again.",
            ) from error
        return Budget.objects.get(id=done.budget_id)


def _revise_approved(
    actor: Actor,
    budget: Budget,
    *,
    cap: int | None,
    starts_on: date,
    note: str,
    source_request_id: UUID,
    source_version: int,
) -> Budget:
    entry = add_entry(
        actor=actor,
        budget=budget,
        version=budget.version,
        kind=EntryKind.REVISION,
        effective_on=max(starts_on, budget.starts_on),
        amount_nanos=cap,
        amount_tokens=None,
        note=note,
        source_request_id=source_request_id,
        source_version=source_version,
    )
    record(
        actor=actor,
        action=events.BUDGET_REVISED,
        obj=budget,
        after={
            **described(cap, None, budget.currency),
            "effective_on": entry.effective_on.isoformat(),
        },
        reason=note,
    )
    return budget


def _store(
    actor: Actor,
    budget: Budget,
    *,
    amount_nanos: int | None,
    amount_tokens: int | None,
    note: str,
    source_request_id: UUID | None = None,
    source_version: int = 0,
    thresholds: Iterable[tuple[Basis, int]] | None = None,
) -> Budget:
    budget.own_thresholds = thresholds is not None
    budget.save(force_insert=True)
    entry = BudgetEntry.objects.create(
        budget_id=budget.id,
        kind=EntryKind.INITIAL,
        effective_on=budget.starts_on,
        amount_nanos=amount_nanos,
        amount_tokens=amount_tokens,
        note=note.strip(),
        budget_version=1,
        source_request_id=source_request_id,
        source_version=source_version,
        actor_name=actor.name[:200],
    )
    BudgetThreshold.objects.bulk_create(
        [
            BudgetThreshold(budget_id=budget.id, basis=basis, percent=percent)
            for basis, percent in thresholds or ()
        ]
    )
    announce(budget, entry)
    record(
        actor=actor,
        action=events.BUDGET_OPENED,
        obj=budget,
        after={
            **described(amount_nanos, amount_tokens, budget.currency),
            "scope": budget.scope,
            "period": budget.period_kind,
            "starts_on": budget.starts_on.isoformat(),
            "ends_on": budget.ends_on.isoformat() if budget.ends_on else None,
        },
        reason=note.strip(),
    )
    return budget


def _target(actor: Actor, scope: str, unit_id: UUID | None, capability_id: UUID | None) -> Budget:
    """An unsaved budget at its place in the tree."""
    if scope not in [each.value for each in HAND_MADE]:
        allowed = ", ".join(each.value for each in HAND_MADE)
        raise Invalid("A budget is opened for another scope.", field="scope", fix=f"Use {allowed}.")
    if scope == Scope.ORGANIZATION:
        return Budget(scope=scope)
    if scope == Scope.UNIT:
        if unit_id is None:
            raise Invalid("A team's budget needs the team.", field="unit", fix="Choose one.")
        return Budget(scope=scope, unit_id=unit_by_id(unit_id).id)
    if capability_id is None:
        raise Invalid("The budget needs its capability.", field="capability", fix="Choose one.")
    capability: Capability = capability_by_id(actor, capability_id)
    return Budget(scope=scope, unit_id=capability.unit_id, capability_id=capability.id)


def _plan_errors(
    name: str, period_kind: str, starts_on: date, ends_on: date | None, zone: str
) -> list[FieldError]:
    errors = []
    if not name.strip():
        errors.append(FieldError("name", "A budget needs a name.", "Enter a short name."))
    elif len(name.strip()) > 160:
        errors.append(FieldError("name", "The name is too long.", "Use at most 160 characters."))
    kinds = [kind.value for kind in PeriodKind]
    if period_kind not in kinds:
        errors.append(
            FieldError("period_kind", "Not a kind of period.", f"Use {', '.join(kinds)}.")
        )
    if period_kind == PeriodKind.CUSTOM and ends_on is None:
        errors.append(FieldError("ends_on", "Fixed dates need an end.", "Enter the last day."))
    if ends_on is not None and ends_on <= starts_on:
        errors.append(
            FieldError("ends_on", "The end is not after the start.", "Enter a later day.")
        )
    if zone not in known_zones():
        errors.append(
            FieldError("timezone", f"{zone} is not a time zone.", "Use one like Europe/Berlin.")
        )
    return errors


def _within_approval(cap: int | None, approved: int | None) -> None:
    if approved is None:
        return
    if cap is None or cap > approved:
        raise Invalid(
            "The cap is above what was approved.",
            field="monthly_cap_nanos",
            fix="Use the approved cap, or ask again.",
        )
    if cap < 0:
        raise Invalid("A cap cannot be negative.", field="monthly_cap_nanos", fix="Use 0 or more.")
