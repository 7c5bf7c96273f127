"""What may be asked for: the input, what it is about, and what is wrong with it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from apps.access.actors import Actor
from apps.asks import selectors
from apps.asks.enums import BUDGET_KINDS, AskKind, Rule
from apps.budgets.models import Budget
from apps.budgets.rules.periods import period_on
from apps.budgets.selectors import budget_by_id
from apps.common.errors import FieldError, Forbidden, Invalid
from apps.entitlements.enums import Gives
from apps.entitlements.rules import Wanted
from apps.entitlements.services import check_wanted
from apps.organizations.selectors import unit_by_id
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capability_by_id

LONGEST = 731
"""Days an exception or entitlement may last: it is renewed by asking again, not forgotten."""


@dataclass(frozen=True, slots=True)
class EntitlementInput:
    """To what: premium models (`reach`, or `models` as provider/model) or `context_tokens` of input
    a call. For whom: a capability, a person of the ask's unit, or without either the unit itself.
    """

    gives: str
    capability_id: UUID | None = None
    user: str = ""
    reach: str = ""
    models: tuple[str, ...] = ()
    context_tokens: int | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class AskInput:
    """What is asked for. Budget kinds need a budget, an exception a rule and a last day, an
    entitlement what it is to and a last day."""

    kind: str
    title: str
    reason: str
    starts_on: date
    ends_on: date | None = None
    amount_nanos: int | None = None
    budget_id: UUID | None = None
    source_budget_id: UUID | None = None
    unit_id: UUID | None = None
    rule: str = ""
    about: str = ""
    entitlement: EntitlementInput | None = None


@dataclass(frozen=True, slots=True)
class Target:
    unit_id: UUID | None
    budget: Budget | None = None
    source: Budget | None = None
    capability: Capability | None = None


def wanted_by(asked: EntitlementInput, unit_id: UUID | None) -> Wanted:
    premium = asked.gives == Gives.PREMIUM
    user = asked.user.strip()
    return Wanted(
        gives=asked.gives,
        unit_id=None if user or asked.capability_id else unit_id,
        capability_id=asked.capability_id,
        user=user,
        reach=asked.reach if premium else "",
        models=tuple(dict.fromkeys(name.strip() for name in asked.models if name.strip()))
        if premium
        else (),
        context_tokens=None if premium else asked.context_tokens,
    )


def target_of(actor: Actor, asked: AskInput) -> Target:
    if asked.kind not in {k.value for k in AskKind}:
        allowed = ", ".join(k.value for k in AskKind)
        raise Invalid("Not a kind of request.", field="kind", fix=f"Use {allowed}.")
    if asked.kind == AskKind.EXCEPTION:
        return Target(unit_by_id(asked.unit_id).id if asked.unit_id else None)
    if asked.kind == AskKind.ENTITLEMENT:
        return _entitlement_target(actor, asked)
    if asked.budget_id is None:
        raise Invalid("Which budget?", field="budget", fix="Choose one.")
    budget = budget_by_id(actor, asked.budget_id)
    source = budget_by_id(actor, asked.source_budget_id) if asked.source_budget_id else None
    return Target(budget.unit_id, budget, source)


def _entitlement_target(actor: Actor, asked: AskInput) -> Target:
    wanted = asked.entitlement
    if wanted is None:
        raise Invalid("Entitled to what?", field="entitlement", fix="Say to what, and for whom.")
    if wanted.capability_id is not None:
        capability = capability_by_id(actor, wanted.capability_id)
        return Target(capability.unit_id, capability=capability)
    if asked.unit_id is None:
        raise Invalid("Which team?", field="unit_id", fix="Choose the team it is for.")
    return Target(unit_by_id(asked.unit_id).id)


def require_may_ask(actor: Actor, unit_id: UUID | None) -> None:
    if not selectors.may_ask(actor, unit_id):
        raise Forbidden(
            "You may not ask for this team.",
            code="permission_required",
            fix="Ask somebody who files stories for it.",
        )


def errors_of(asked: AskInput, target: Target) -> list[FieldError]:
    errors = []
    if not 1 <= len(asked.title.strip()) <= 160:
        errors.append(FieldError("title", "A title has 1 to 160 characters.", "Shorten it."))
    if not asked.reason.strip():
        errors.append(FieldError("reason", "Nothing says why.", "Two sentences are enough."))
    if asked.amount_nanos is not None and asked.amount_nanos < 0:
        errors.append(FieldError("amount", "An amount cannot be negative.", "Enter 0 or more."))
    if asked.kind in BUDGET_KINDS:
        return errors + _budget_errors(asked, target)
    if asked.kind == AskKind.ENTITLEMENT:
        return errors + _entitlement_errors(asked, target)
    return errors + _exception_errors(asked)


def _budget_errors(asked: AskInput, target: Target) -> list[FieldError]:
    errors = []
    budget = target.budget
    if budget is not None and not budget.is_active:
        errors.append(FieldError("budget", "This budget is closed.", "Choose another."))
    if asked.amount_nanos is None or (not asked.amount_nanos and asked.kind != AskKind.AMOUNT):
        errors.append(FieldError("amount", "How much?", "Enter more than 0."))
    if budget is not None and period_on(budget.plan, asked.starts_on) is None:
        errors.append(FieldError("starts_on", "The budget does not run on that day.", "Move it."))
    if asked.kind == AskKind.TRANSFER:
        if target.source is None:
            errors.append(FieldError("source_budget", "From which budget?", "Choose one."))
        elif budget is not None and target.source.id == budget.id:
            errors.append(FieldError("source_budget", "The same budget.", "Choose another."))
    return errors


def _exception_errors(asked: AskInput) -> list[FieldError]:
    errors = []
    if asked.rule not in {r.value for r in Rule}:
        allowed = ", ".join(r.value for r in Rule)
        errors.append(FieldError("rule", "From which rule?", f"Use {allowed}."))
    return errors + _end_errors(asked, "An exception ends.")


def _entitlement_errors(asked: AskInput, target: Target) -> list[FieldError]:
    assert asked.entitlement is not None  # noqa: S101 -- _entitlement_target has refused otherwise
    errors = check_wanted(wanted_by(asked.entitlement, target.unit_id))
    if asked.entitlement.gives == Gives.CONTEXT and not asked.entitlement.evidence.strip():
        errors.append(
            FieldError(
                "evidence",
                "Long context needs evidence.",
                "Say what was measured: quality with and without it, on how many cases.",
            )
        )
    if target.capability is not None and target.capability.is_retired:
        errors.append(FieldError("capability_id", "It was retired.", "Choose another."))
    return errors + _end_errors(asked, "An entitlement ends.")


def _end_errors(asked: AskInput, ends: str) -> list[FieldError]:
    errors = []
    if asked.ends_on is None:
        errors.append(FieldError("ends_on", ends, "Enter its last day."))
    elif asked.ends_on < asked.starts_on:
        errors.append(FieldError("ends_on", "The end is before the start.", "Enter a later day."))
    elif (asked.ends_on - asked.starts_on).days > LONGEST:
        errors.append(FieldError("ends_on", "Longer than two years.", "Ask again then."))
    return errors
