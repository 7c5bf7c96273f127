"""What a team plans, as input: checked once, for the form, the API and the demonstration seed."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from apps.access.actors import Actor
from apps.common.errors import FieldError, Invalid, NotFound
from apps.organizations import selectors as organizations
from apps.portfolio import selectors as portfolio
from apps.portfolio.enums import CapabilityKind
from apps.stories.design import NO_DESIGN, Design, dump_design, load_design, settle
from apps.stories.enums import Confidence, Pattern, ValuePer
from apps.stories.estimator import Assumptions, dump, load
from apps.stories.models import PLAN_FIELDS, Plan
from apps.stories.selectors.design import checklist_in_force

MAX_MONEY_NANOS = 10**18  # a billion of the currency's unit
LENGTHS = {
    "title": 160,
    "summary": 2000,
    "work_item_url": 500,
    "value_metric": 120,
    "value_unit": 60,
    "value_evidence_url": 500,
    "value_why": 4000,
}


@dataclass(frozen=True, slots=True)
class PlanInput:
    """A working copy to store. Money is nanos of the price book's currency.

    With a capability, unit and kind are the capability's: usage is attributed to it.
    """

    title: str
    unit_id: UUID
    assumptions: Assumptions
    kind: str = CapabilityKind.PRODUCTION.value
    pattern: str = ""
    capability_id: UUID | None = None
    summary: str = ""
    work_item_url: str = ""
    cap_nanos: int | None = None
    value_metric: str = ""
    value_unit: str = ""
    value_baseline: Decimal | None = None
    value_change: Decimal | None = None
    value_per: str = ValuePer.INTERACTION.value
    value_adoption: Decimal = Decimal(100)
    value_money_nanos: int | None = None
    value_confidence: str = ""
    value_measure_on: dt.date | None = None
    value_evidence_url: str = ""
    value_owner_id: UUID | None = None
    value_why: str = ""
    design: Design = NO_DESIGN


def column_values(actor: Actor, plan: PlanInput, *, currency: str) -> dict[str, Any]:
    """Columns of a draft. Raises Invalid with every wrong field, not only the first."""
    errors = [*_texts(plan), *_choices(plan), *_amounts(plan)]
    unit_id, kind = plan.unit_id, plan.kind
    if plan.capability_id is not None:
        try:
            capability = portfolio.capability_by_id(actor, plan.capability_id)
        except NotFound:
            errors.append(
                FieldError("capability", "There is no such capability.", "Choose one of the list.")
            )
        else:
            unit_id, kind = capability.unit_id, capability.kind
            if capability.is_retired:
                errors.append(
                    FieldError(
                        "capability", "This capability is retired.", "Choose one that is in use."
                    )
                )
    errors += _references(plan, unit_id)
    review = None if plan.design.is_empty else settle(checklist_in_force()[0], plan.design)
    if errors:
        raise Invalid("The story cannot be saved as it is.", errors=errors)
    return {
        **{name: getattr(plan, name) for name in PLAN_FIELDS if hasattr(plan, name)},
        "title": " ".join(plan.title.split()),
        "unit_id": unit_id,
        "kind": kind,
        "currency": currency,
        "assumptions": dump(plan.assumptions),
        "design": dump_design(review) if review else {},
    }


def _texts(plan: PlanInput) -> list[FieldError]:
    errors = [
        FieldError(name, "The text is too long.", f"Use at most {limit} characters.")
        for name, limit in LENGTHS.items()
        if len(getattr(plan, name)) > limit
    ]
    if not plan.title.strip():
        errors.append(FieldError("title", "The story has no name.", "Name what you are building."))
    if any("\x00" in getattr(plan, name) for name in LENGTHS):
        errors.append(FieldError("title", "A text holds a NUL character.", "Remove it."))
    for name in ("work_item_url", "value_evidence_url"):
        url = getattr(plan, name)
        if url and not _is_web_address(url):
            errors.append(
                FieldError(name, "This is not a web address.", "Start it with https:// or http://.")
            )
    return errors


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _choices(plan: PlanInput) -> list[FieldError]:
    allowed = {
        "kind": [m.value for m in CapabilityKind],
        "pattern": ["", *(m.value for m in Pattern)],
        "value_per": [m.value for m in ValuePer],
        "value_confidence": ["", *(m.value for m in Confidence)],
    }
    return [
        FieldError(
            name,
            f"{getattr(plan, name)} is not one of the choices.",
            f"Use {', '.join(option for option in options if option)}.",
        )
        for name, options in allowed.items()
        if getattr(plan, name) not in options
    ]


def _amounts(plan: PlanInput) -> list[FieldError]:
    errors = []
    for name, field in (("cap_nanos", "cap"), ("value_money_nanos", "value_money")):
        amount = getattr(plan, name)
        if amount is not None and not 0 <= amount <= MAX_MONEY_NANOS:
            errors.append(
                FieldError(field, "The amount is out of range.", "Enter 0 to 1,000,000,000.")
            )
    for name in ("value_baseline", "value_change"):
        value = getattr(plan, name)
        if value is not None and (not value.is_finite() or abs(value) >= Decimal(10) ** 15):
            errors.append(FieldError(name, "The number is out of range.", "Enter fewer digits."))
    if not plan.value_adoption.is_finite() or not 0 <= plan.value_adoption <= 100:
        errors.append(FieldError("value_adoption", "The share is out of range.", "Enter 0 to 100."))
    return errors


def _references(plan: PlanInput, unit_id: UUID) -> list[FieldError]:
    errors = []
    try:
        if not organizations.unit_by_id(unit_id).is_active:
            errors.append(FieldError("unit", "This team is retired.", "Choose an active team."))
    except NotFound:
        errors.append(FieldError("unit", "There is no such team.", "Choose one of the list."))
    if plan.value_owner_id is not None:
        try:
            organizations.membership_by_id(plan.value_owner_id)
        except NotFound:
            errors.append(
                FieldError("value_owner", "There is no such person.", "Choose one of the list.")
            )
    return errors


def plan_of(row: Plan) -> PlanInput:
    """The plan of a draft or a revision."""
    values = {name: getattr(row, name) for name in PLAN_FIELDS if name != "currency"}
    return PlanInput(
        **{**values, "assumptions": load(row.assumptions), "design": load_design(row.design)}
    )
