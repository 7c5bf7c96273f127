"""Rules in words."""

from apps.attribution.enums import Field, Operator, Phase
from apps.attribution.models import AttributionRule
from apps.attribution.rules import Condition
from apps.common import fmt

_SHOWN_VALUES = 4


def condition_text(condition: Condition) -> str:
    """`Tag “team” is one of a, b and 3 more`."""
    name = Field(condition.field).label.split(" (")[0]
    if condition.tag:
        name = f"Tag “{condition.tag}”"
    shown = ", ".join(condition.values[:_SHOWN_VALUES])
    more = len(condition.values) - _SHOWN_VALUES
    tail = f" and {more} more" if more > 0 else ""
    return f"{name} {Operator(condition.operator).label} {shown}{tail}"


def conditions_text(rule: AttributionRule) -> str:
    parts = [condition_text(condition) for condition in rule.parsed_conditions]
    return "; ".join(parts) if parts else "All usage"


def target_text(rule: AttributionRule) -> str:
    """What the rule assigns."""
    parts = []
    if rule.story_code:
        parts.append(f"story {rule.story_code}")
    if rule.capability:
        parts.append(f"capability {rule.capability.name}")
    elif rule.unit:
        parts.append(f"team {rule.unit.name}")
    if rule.phase:
        parts.append(Phase(rule.phase).label.lower())
    if rule.work_item:
        parts.append(f"work item {rule.work_item}")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def search_text(rule: AttributionRule) -> str:
    """What a search looks through: name, every condition with all its values, and target."""
    parts = [rule.name, target_text(rule), rule.unit.name if rule.unit else ""]
    for condition in rule.parsed_conditions:
        parts += [condition_text(condition), *condition.values]
    return " ".join(parts).casefold()


def dates_text(rule: AttributionRule) -> str:
    """The days of a rule in words."""
    if rule.starts_on and rule.ends_on:
        return f"{fmt.long_day(rule.starts_on)} to before {fmt.long_day(rule.ends_on)}"
    if rule.starts_on:
        return f"From {fmt.long_day(rule.starts_on)}"
    if rule.ends_on:
        return f"Before {fmt.long_day(rule.ends_on)}"
    return "Always"
