"""Which policy holds for a subject, and the steps it gives. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.approvals.rules.policy import ORDERED_OPS, Condition, Fact, PolicyDocument, StepSpec


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


def broken_guardrail(
    document: PolicyDocument, facts: Mapping[str, Fact], approved_in_unit: int
) -> str:
    """Why the automatic lane must leave this to people; empty when it need not.

    An unknown amount is never small: without a figure people decide.
    """
    rails = document.guardrails
    if rails is None:
        return "The lane has no guardrails."
    month, lifetime = facts.get("amount_month_nanos"), facts.get("amount_lifetime_nanos")
    if not isinstance(month, int):
        return "No monthly amount is known."
    if month > rails.max_month_nanos:
        return "The monthly amount is above the lane's limit."
    if rails.max_lifetime_nanos is not None:
        if not isinstance(lifetime, int):
            return "No lifetime amount is known."
        if lifetime > rails.max_lifetime_nanos:
            return "The lifetime amount is above the lane's limit."
    if approved_in_unit >= rails.max_per_unit:
        return f"The team has {approved_in_unit} automatic approvals in 30 days."
    return ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy as the choice among several sees it."""

    name: str
    priority: int
    is_default: bool
    subject_type: str
    document: PolicyDocument


def choose(
    candidates: Iterable[Candidate],
    subject_type: str,
    facts: Mapping[str, Fact],
    approved_in_unit: int = 0,
    *,
    by_rule: bool = True,
) -> tuple[Candidate | None, str]:
    """The candidate that holds, and why an automatic one before it did not.

    By priority, then by name; the default one last, whatever its conditions. Without `by_rule`
    automatic ones are passed over: people decide such a subject.
    """
    skipped = ""
    for each in sorted(candidates, key=lambda c: (c.is_default, c.priority, c.name)):
        if each.subject_type not in {"", subject_type}:
            continue
        if not each.is_default and not applies(each.document, facts):
            continue
        if each.document.is_auto and not by_rule:
            skipped = skipped or "People decide this, never a rule."
            continue
        if each.document.is_auto:
            broken = broken_guardrail(each.document, facts, approved_in_unit)
            if broken:
                skipped = skipped or broken
                continue
        return each, skipped
    return None, skipped
