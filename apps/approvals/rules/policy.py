"""Approval policies as data: conditions over facts about the subject, giving ordered steps.

A policy document is JSON (API, database) and is parsed into these classes once, with an error for
every field that is wrong. Facts are what the subject says about itself when it is submitted.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from apps.approvals.enums import Lane, StepMode
from apps.common.errors import FieldError, Invalid

FactType = Literal["int", "text", "bool"]

FACTS: Mapping[str, FactType] = {
    "amount_month_nanos": "int",
    "amount_lifetime_nanos": "int",
    "tier": "text",
    "kind": "text",
    "stage": "text",
    "data_class": "text",
    "model_standard": "bool",
    "model_status": "text",
    "design_score": "int",
    "design_reviewed": "bool",
    "over_entitlement": "bool",
    "unit": "text",
}
"""What a condition may ask about. `unit` is a unit id and matches the unit and all below it.

`model_status` is the worst standing of the subject's models; `model_standard` whether all of them
are the organization's standards. `design_score` is 0 to 100, `design_reviewed` whether every
question of the design review is answered and the architecture described. `over_entitlement`: its
models or the input of a call go beyond what its tier and entitlements give.
"""

ORDERED_OPS = ("lt", "le", "gt", "ge")
OPS_BY_TYPE: Mapping[FactType, tuple[str, ...]] = {
    "int": ("eq", "ne", *ORDERED_OPS),
    "text": ("eq", "ne", "in"),
    "bool": ("eq",),
}
MAX_STEPS = 12
MAX_DUE_DAYS = 60
MAX_CONDITIONS = 5
CONDITION_LIMIT = 300

Fact = int | str | bool | tuple[str, ...] | None


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`fact op value`. A fact the subject did not give never matches, except with `ne`."""

    fact: str
    op: str
    value: int | str | bool | list[str]


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: who decides, how many of them, and by when (working days).

    People are reminded `remind_working_days` before the due time (0: not). Where
    `escalate_working_days` is given, holders of `escalate_roles` join that long after it.
    `distinct`: nobody who answered an earlier step answers this one.
    """

    name: str
    roles: list[str]
    mode: str = "any"
    quorum: int = 1
    due_working_days: int = 3
    fallback_roles: list[str] = []
    when: list[Condition] = []
    remind_working_days: int = 1
    escalate_working_days: int | None = None
    escalate_roles: list[str] = []
    distinct: bool = False


class Guardrails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an automatic approval must keep to; where it does not, people decide.

    Amounts are hard limits whatever the conditions say; `max_per_unit` counts automatic approvals
    of the same unit in the last 30 days. `review_after_days` and `conditions` become tracked
    conditions of the approval; `sample_percent` of them are looked at by a person.
    """

    max_month_nanos: int
    max_lifetime_nanos: int | None = None
    max_per_unit: int = 10
    review_after_days: int = 90
    conditions: list[str] = []
    sample_percent: int = 10


class PolicyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy applies when all its conditions hold; its steps run in order.

    The automatic lane has no steps: within its guardrails the rule itself approves.
    """

    steps: list[StepSpec] = []
    when: list[Condition] = []
    lane: str = Lane.PEOPLE.value
    guardrails: Guardrails | None = None

    @property
    def is_auto(self) -> bool:
        return self.lane == Lane.AUTO


DEFAULT_POLICY = PolicyDocument(
    steps=[
        StepSpec(
            name="Approval",
            roles=["cfo", "cio", "cto", "tokenops_lead"],
            mode="any",
            due_working_days=3,
            fallback_roles=["owner"],
        )
    ]
)
"""What every organization starts with: one step, any one of the people who answer for spend."""


NANOS = 1_000_000_000

AUTO_POLICY = PolicyDocument(
    lane=Lane.AUTO.value,
    when=[
        Condition("amount_month_nanos", "le", 500 * NANOS),
        Condition("tier", "in", ["light", "standard"]),
        Condition("data_class", "in", ["public", "internal"]),
    ],
    guardrails=Guardrails(max_month_nanos=500 * NANOS, max_lifetime_nanos=15_000 * NANOS),
)
"""The pattern of a lane for what is small and harmless, to be adjusted before it is switched on."""


def parse_policy(raw: object, *, roles: Sequence[str]) -> PolicyDocument:
    """The policy of a JSON document; Invalid with one error per wrong field."""
    try:
        document = msgspec.convert(raw, PolicyDocument)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$.") or "document"
        raise Invalid(
            "The policy document has the wrong shape.",
            errors=[FieldError(field, message, "See the policy schema in the API reference.")],
        ) from error
    errors = _document_errors(document, frozenset(roles))
    if errors:
        raise Invalid("The policy cannot be used as it is.", errors=errors)
    return document


def _document_errors(document: PolicyDocument, roles: frozenset[str]) -> list[FieldError]:
    errors = []
    if document.lane not in {Lane.PEOPLE.value, Lane.AUTO.value}:
        errors.append(FieldError("lane", f"{document.lane} is not a lane.", "Use people or auto."))
    if document.is_auto:
        errors += _auto_errors(document)
    elif not 1 <= len(document.steps) <= MAX_STEPS:
        errors.append(
            FieldError("steps", f"A policy has 1 to {MAX_STEPS} steps.", "Add or remove steps.")
        )
    errors += _condition_errors("when", document.when)
    for i, step in enumerate(document.steps):
        errors += _step_errors(f"steps[{i}]", step, roles)
    return errors


def _auto_errors(document: PolicyDocument) -> list[FieldError]:
    """The automatic lane is bounded: conditions on what it takes, limits on money."""
    errors = []
    if document.steps:
        errors.append(
            FieldError(
                "steps", "The automatic lane has no steps.", "Remove them, or let people decide."
            )
        )
    if not document.when:
        errors.append(
            FieldError(
                "when", "The automatic lane needs a condition.", "Say what is small and low risk."
            )
        )
    rails = document.guardrails
    if rails is None:
        return [
            *errors,
            FieldError("guardrails", "Guardrails are missing.", "Set max_month_nanos."),
        ]
    for field, value, low, high in (
        ("max_month_nanos", rails.max_month_nanos, 1, 1 << 62),
        ("max_lifetime_nanos", rails.max_lifetime_nanos, 1, 1 << 62),
        ("max_per_unit", rails.max_per_unit, 1, 1000),
        ("review_after_days", rails.review_after_days, 1, 730),
        ("sample_percent", rails.sample_percent, 0, 100),
    ):
        if value is not None and not low <= value <= high:
            errors.append(
                FieldError(f"guardrails.{field}", "Out of range.", f"Use {low} to {high}.")
            )
    if len(rails.conditions) > MAX_CONDITIONS or any(
        not text.strip() or len(text) > CONDITION_LIMIT for text in rails.conditions
    ):
        errors.append(
            FieldError(
                "guardrails.conditions",
                f"At most {MAX_CONDITIONS} conditions of 1 to {CONDITION_LIMIT} characters.",
                "Shorten them.",
            )
        )
    return errors


def _step_errors(path: str, step: StepSpec, roles: frozenset[str]) -> list[FieldError]:
    errors = []
    if not step.name.strip():
        errors.append(FieldError(f"{path}.name", "A step needs a name.", "Name who decides."))
    if not step.roles:
        errors.append(FieldError(f"{path}.roles", "A step needs a role.", "Name one or more."))
    for field in ("roles", "fallback_roles", "escalate_roles"):
        for role in getattr(step, field):
            if role not in roles:
                known = ", ".join(sorted(roles))
                errors.append(
                    FieldError(f"{path}.{field}", f"{role} is not a role.", f"Use one of {known}.")
                )
    modes = [mode.value for mode in StepMode]
    if step.mode not in modes:
        errors.append(
            FieldError(f"{path}.mode", f"{step.mode} is not a mode.", f"Use {', '.join(modes)}.")
        )
    if step.mode == StepMode.QUORUM and step.quorum < 1:
        errors.append(FieldError(f"{path}.quorum", "A quorum is at least 1.", "Enter 1 or more."))
    if not 0 <= step.due_working_days <= MAX_DUE_DAYS:
        errors.append(
            FieldError(
                f"{path}.due_working_days",
                "The due time is out of range.",
                f"Enter 0 to {MAX_DUE_DAYS} working days.",
            )
        )
    errors += _deadline_errors(path, step)
    return errors + _condition_errors(f"{path}.when", step.when)


def _deadline_errors(path: str, step: StepSpec) -> list[FieldError]:
    errors = []
    if not 0 <= step.remind_working_days <= MAX_DUE_DAYS:
        errors.append(
            FieldError(
                f"{path}.remind_working_days",
                "The reminder is out of range.",
                f"Enter 0 to {MAX_DUE_DAYS} working days.",
            )
        )
    if step.escalate_working_days is not None:
        if not 0 <= step.escalate_working_days <= MAX_DUE_DAYS:
            errors.append(
                FieldError(
                    f"{path}.escalate_working_days",
                    "The time until others join is out of range.",
                    f"Enter 0 to {MAX_DUE_DAYS} working days.",
                )
            )
        if not step.escalate_roles:
            errors.append(
                FieldError(
                    f"{path}.escalate_roles", "Nobody would join.", "Name a role, or leave it out."
                )
            )
    return errors


def _condition_errors(path: str, conditions: Sequence[Condition]) -> list[FieldError]:
    errors = []
    for i, condition in enumerate(conditions):
        at = f"{path}[{i}]"
        kind = FACTS.get(condition.fact)
        if kind is None:
            known = ", ".join(FACTS)
            errors.append(
                FieldError(f"{at}.fact", f"{condition.fact} is not a fact.", f"Use {known}.")
            )
        elif condition.op not in OPS_BY_TYPE[kind]:
            allowed = ", ".join(OPS_BY_TYPE[kind])
            errors.append(
                FieldError(
                    f"{at}.op",
                    f"{condition.fact} has no operator {condition.op}.",
                    f"Use {allowed}.",
                )
            )
        elif not _value_fits(kind, condition):
            errors.append(
                FieldError(
                    f"{at}.value", f"The value does not fit {condition.fact}.", f"Give {kind}."
                )
            )
    return errors


def _value_fits(kind: FactType, condition: Condition) -> bool:
    value = condition.value
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if condition.op == "in":
        return isinstance(value, list) and bool(value)
    return isinstance(value, str)
