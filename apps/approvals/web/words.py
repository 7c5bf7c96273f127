"""Policies in sentences: what a condition, a step, a route says to a person."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.access.roles import LABELS, Role
from apps.approvals.enums import StepMode
from apps.approvals.rules.policy import FACTS, Condition, Guardrails, PolicyDocument, StepSpec
from apps.common import fmt
from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier
from apps.pricing.enums import Standing

FACT_LABELS: Mapping[str, str] = {
    "amount_month_nanos": "Amount a month",
    "amount_lifetime_nanos": "Amount over its life",
    "tier": "Tier",
    "kind": "Kind",
    "stage": "Stage",
    "data_class": "Data class",
    "model_standard": "Standard models only",
    "model_status": "Worst standing of its models",
    "design_score": "Score of its design review",
    "design_reviewed": "Design review complete",
    "over_entitlement": "Beyond its entitlements",
    "unit": "Team",
}
OP_LABELS: Mapping[str, str] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "gt": "is above",
    "ge": "is at least",
    "lt": "is below",
    "le": "is at most",
}
FACT_VALUES: Mapping[str, Mapping[str, str]] = {
    "tier": {c.value: str(c.label) for c in Tier},
    "kind": {c.value: str(c.label) for c in CapabilityKind},
    "stage": {c.value: str(c.label) for c in Stage},
    "data_class": {c.value: str(c.label) for c in DataClass},
    "model_status": {c.value: str(c.label) for c in Standing},
}
MONEY = frozenset({"amount_month_nanos", "amount_lifetime_nanos"})


def condition_words(condition: Condition, units: Mapping[str, str], currency: str) -> str:
    """`Amount a month is above $60,000`, `Data class is personal data or special category data`."""
    label = FACT_LABELS[condition.fact]
    if FACTS[condition.fact] == "bool":
        return label if condition.value else f"Not: {label.lower()}"
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    shown = [_value(condition.fact, value, units, currency) for value in values]
    verb = OP_LABELS["eq"] if condition.op == "in" else OP_LABELS[condition.op]
    return f"{label} {verb} {' or '.join(shown)}"


def _value(fact: str, value: Any, units: Mapping[str, str], currency: str) -> str:
    if fact in MONEY:
        return fmt.money(int(value), currency, style="exact")
    if fact == "unit":
        return units.get(str(value), "a team that is gone")
    return FACT_VALUES.get(fact, {}).get(str(value), str(value)).lower()


def when_words(
    conditions: Sequence[Condition], units: Mapping[str, str], currency: str, *, otherwise: str
) -> str:
    """`When …, and …`; the other text without conditions."""
    if not conditions:
        return otherwise
    parts = [condition_words(c, units, currency) for c in conditions]
    text = ", and ".join(p[0].lower() + p[1:] for p in parts)
    return f"When {text}"


def role_list(roles: Sequence[str], joined: str = "or") -> str:
    labels = [LABELS[Role(role)] for role in roles]
    if len(labels) < 2:
        return "".join(labels)
    return f"{', '.join(labels[:-1])} {joined} {labels[-1]}"


def step_words(step: StepSpec) -> str:
    """`CFO or CIO decides within 3 working days`."""
    mode = StepMode(step.mode)
    if mode is StepMode.ALL:
        who = f"{role_list(step.roles, 'and')}: all holders agree"
    elif mode is StepMode.QUORUM:
        who = f"{step.quorum} holders of {role_list(step.roles)} agree"
    else:
        who = f"{role_list(step.roles)} decides"
    if step.distinct:
        who += ", not by who answered before,"
    text = f"{who} within {fmt.plural(step.due_working_days, 'working day')}"
    if step.escalate_working_days is not None:
        text += (
            f"; {role_list(step.escalate_roles)} joins"
            f" {fmt.plural(step.escalate_working_days, 'working day')} after that"
        )
    return text


def guardrail_words(rails: Guardrails, currency: str) -> list[str]:
    """What an automatic approval keeps to, one line each."""
    lines = [f"At most {fmt.money(rails.max_month_nanos, currency, style='exact')} a month"]
    if rails.max_lifetime_nanos is not None:
        life = fmt.money(rails.max_lifetime_nanos, currency, style="exact")
        lines.append(f"At most {life} over its life")
    lines.append(f"At most {rails.max_per_unit} a team in 30 days")
    lines.append(f"Reviewed after {rails.review_after_days} days of use")
    lines += rails.conditions
    lines.append(f"{rails.sample_percent} % are looked at by a person")
    return lines


def route_words(document: PolicyDocument) -> str:
    """The route in one line: `TokenOps → CDO → CFO`."""
    if document.is_auto:
        return "Approved by rule"
    return " → ".join(step.name for step in document.steps)


def unit_names(units: Sequence[tuple[UUID, str]]) -> dict[str, str]:
    return {str(unit): name for unit, name in units}


def duration_words(seconds: int | None) -> str:
    """`45 minutes`, `5 hours`, `2.3 days`: one unit, as people say it."""
    if seconds is None:
        return fmt.DASH
    if seconds < 5400:
        return fmt.plural(max(1, round(seconds / 60)), "minute")
    if seconds < 36 * 3600:
        return fmt.plural(round(seconds / 3600), "hour")
    return f"{seconds / 86400:.1f} days"
