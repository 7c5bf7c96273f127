"""Approval policies as data: conditions over facts about the subject, giving ordered steps.

A policy document is JSON (API, database) and is parsed into these classes once, with an error for
every field that is wrong. Facts are what the subject says about itself when it is submitted.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from apps.approvals.enums import StepMode
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
    "unit": "text",
}
"""What a condition may ask about. `unit` is a unit id and matches the unit and all below it."""

ORDERED_OPS = ("lt", "le", "gt", "ge")
OPS_BY_TYPE: Mapping[FactType, tuple[str, ...]] = {
    "int": ("eq", "ne", *ORDERED_OPS),
    "text": ("eq", "ne", "in"),
    "bool": ("eq",),
}
MAX_STEPS = 12
MAX_DUE_DAYS = 60

Fact = int | str | bool | tuple[str, ...] | None


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`fact op value`. A fact the subject did not give never matches, except with `ne`."""

    fact: str
    op: str
    value: int | str | bool | list[str]


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: who decides, how many of them, and by when (working days)."""

    name: str
    roles: list[str]
    mode: str = "any"
    quorum: int = 1
    due_working_days: int = 3
    fallback_roles: list[str] = []
    when: list[Condition] = []


class PolicyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy applies when all its conditions hold; its steps run in order."""

    steps: list[StepSpec]
    when: list[Condition] = []


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
    if not 1 <= len(document.steps) <= MAX_STEPS:
        errors.append(
            FieldError("steps", f"A policy has 1 to {MAX_STEPS} steps.", "Add or remove steps.")
        )
    errors += _condition_errors("when", document.when)
    for i, step in enumerate(document.steps):
        errors += _step_errors(f"steps[{i}]", step, roles)
    return errors


def _step_errors(path: str, step: StepSpec, roles: frozenset[str]) -> list[FieldError]:
    errors = []
    if not step.name.strip():
        errors.append(FieldError(f"{path}.name", "A step needs a name.", "Name who decides."))
    if not step.roles:
        errors.append(FieldError(f"{path}.roles", "A step needs a role.", "Name one or more."))
    for field in ("roles", "fallback_roles"):
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
    return errors + _condition_errors(f"{path}.when", step.when)


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


def holds(condition: Condition, facts: Mapping[str, Fact]) -> bool:
    """Whether a condition is true. A tuple fact (a unit and those above it) matches any member."""
    fact = facts.get(condition.fact)
    if fact is None:
        return condition.op == "ne"
    if condition.op in ORDERED_OPS:
        return _ordered(condition, fact)
    values = fact if isinstance(fact, tuple) else (fact,)
    wanted = condition.value if isinstance(condition.value, list) else [condition.value]
    found = any(value in wanted for value in values)
    return not found if condition.op == "ne" else found


def _ordered(condition: Condition, fact: Fact) -> bool:
    if not isinstance(fact, int) or not isinstance(condition.value, int):
        return False
    limit = condition.value
    if condition.op == "lt":
        return fact < limit
    if condition.op == "le":
        return fact <= limit
    return fact > limit if condition.op == "gt" else fact >= limit


def applies(document: PolicyDocument, facts: Mapping[str, Fact]) -> bool:
    return all(holds(condition, facts) for condition in document.when)


def route(document: PolicyDocument, facts: Mapping[str, Fact]) -> list[StepSpec]:
    """The steps a subject with these facts must pass, in order; at least the first one."""
    steps = [s for s in document.steps if all(holds(c, facts) for c in s.when)]
    return steps or list(document.steps[:1])
