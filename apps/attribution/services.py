"""Changing the rules: every change is evidence, moves the version and wakes the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.attribution import events, ports, selectors
from apps.attribution.enums import Phase, RuleConfidence, RuleStatus
from apps.attribution.models import AttributionRule, AttributionState, RuleUse
from apps.attribution.rules import RuleSet, conditions_json, parse_conditions
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.organizations.selectors import units
from apps.outbox.services import enqueue
from apps.portfolio.models import Capability
from apps.tenancy.scope import require_organization_id
from apps.trail.refs import ObjectRef
from apps.trail.services import record

MAX_RULES = 2_000


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What a rule says. `conditions` is the JSON form; `story` is a Token Story's code."""

    name: str
    conditions: list[dict[str, Any]] = field(default_factory=list)
    unit_id: UUID | None = None
    capability_id: UUID | None = None
    story: str = ""
    phase: str = ""
    work_item: str = ""
    confidence: str = RuleConfidence.RULE
    starts_on: date | None = None
    ends_on: date | None = None


def create_rule(*, actor: Actor, draft: RuleDraft, position: int | None = None) -> AttributionRule:
    """Add a rule at a position (1 is first); by default last."""
    require(actor, P.ATTRIBUTION_MANAGE)
    state = _locked_state()
    values = _values(draft)
    rows = list(selectors.active_rules())
    if len(rows) >= MAX_RULES:
        raise Invalid(f"An organization has at most {MAX_RULES} active rules.")
    place = len(rows) + 1 if position is None else max(1, min(position, len(rows) + 1))
    row = AttributionRule.objects.create(**values, position=place)
    rows.insert(place - 1, row)
    _number(rows)
    _changed(state)
    record(actor=actor, action=events.RULE_ADDED, obj=row, after=_snapshot(row))
    return row


def change_rule(*, actor: Actor, rule_id: UUID, version: int, draft: RuleDraft) -> AttributionRule:
    """Rewrite an active rule. Conflict when somebody else changed it meanwhile."""
    require(actor, P.ATTRIBUTION_MANAGE)
    state = _locked_state()
    row = selectors.rule(rule_id)
    before = _snapshot(row)
    _conditional(row, version, **_values(draft))
    row = selectors.rule(rule_id)
    _changed(state)
    record(actor=actor, action=events.RULE_CHANGED, obj=row, before=before, after=_snapshot(row))
    return row


def retire_rule(*, actor: Actor, rule_id: UUID, version: int, reason: str = "") -> None:
    """Let a rule decide nothing any more, also not for past days of open periods."""
    require(actor, P.ATTRIBUTION_MANAGE)
    state = _locked_state()
    row = selectors.rule(rule_id)
    before = _snapshot(row)
    _conditional(row, version, status=RuleStatus.RETIRED, retired_at=clock.now())
    _number(list(selectors.active_rules()))
    _changed(state)
    record(actor=actor, action=events.RULE_RETIRED, obj=row, before=before, reason=reason)


def move_rule(*, actor: Actor, rule_id: UUID, position: int, expected: int | None = None) -> None:
    """Put one active rule at a position (1 is first); the others keep their order. Conflict where
    it is retired, or no longer at the `expected` position."""
    require(actor, P.ATTRIBUTION_MANAGE)
    _locked_state()
    ids = [row.id for row in selectors.active_rules()]
    selectors.rule(rule_id)
    if rule_id not in ids:
        raise Conflict("The rule is retired.", code="rule_retired")
    if expected is not None and ids.index(rule_id) + 1 != expected:
        raise Conflict(
            "The order has changed meanwhile.",
            code="rules_changed",
            fix="Load the list again and repeat the move.",
        )
    ids.remove(rule_id)
    ids.insert(max(0, min(position - 1, len(ids))), rule_id)
    reorder_rules(actor=actor, rule_ids=ids)


def reorder_rules(*, actor: Actor, rule_ids: Sequence[UUID]) -> None:
    """Put all active rules in the given order. Conflict unless it names each exactly once."""
    require(actor, P.ATTRIBUTION_MANAGE)
    state = _locked_state()
    rows = {row.id: row for row in selectors.active_rules()}
    if len(rule_ids) != len(rows) or set(rule_ids) != set(rows):
        raise Conflict(
            "The list of rules has changed meanwhile.",
            code="rules_changed",
            fix="Load the list again and repeat the move.",
        )
    before = [row.name for row in rows.values()]
    ordered = [rows[rule_id] for rule_id in rule_ids]
    if not _number(ordered):
        return
    _changed(state)
    record(
        actor=actor,
        action=events.RULES_REORDERED,
        obj=ObjectRef("attribution_rules", None, "Attribution rules"),
        before={"order": before},
        after={"order": [row.name for row in ordered]},
    )


def proposed_rules(
    *, actor: Actor, draft: RuleDraft | None, rule_id: UUID | None = None, position: int = 0
) -> RuleSet:
    """The rules as they would be with a draft added or in the place of a rule. Writes nothing.

    `draft` None with `rule_id`: without that rule. `position` 0 is last, or the rule's own.
    """
    require(actor, P.ATTRIBUTION_VIEW)
    rows = list(selectors.active_rules())
    place = next((n for n, row in enumerate(rows) if row.id == rule_id), None)
    if place is not None:
        rows.pop(place)
    if draft is not None:
        drafted = AttributionRule(**_values(draft), position=0)
        if rule_id is not None:
            drafted.id = rule_id
        target = position - 1 if position else (len(rows) if place is None else place)
        rows.insert(max(0, min(target, len(rows))), drafted)
    return selectors.build_rules(rows)


def _locked_state() -> AttributionState:
    """The organization's state row, locked: positions and versions change one after another."""
    AttributionState.objects.bulk_create([AttributionState()], ignore_conflicts=True)
    return AttributionState.objects.select_for_update().get()


def _changed(state: AttributionState) -> None:
    state.version += 1
    AttributionState.objects.filter(id=state.id).update(version=state.version)
    enqueue(
        events.ATTRIBUTION_CHANGED,
        key=f"attribution:{require_organization_id()}",
        payload={"version": state.version},
    )


@transaction.atomic
def store_rule_use(uses: Iterable[RuleUse]) -> int:
    """Replace the counts of what rules decided; how many rules decided something. For the ledger,
    which counts."""
    rows = list(uses)
    RuleUse.objects.exclude(rule_id__in=[row.rule_id for row in rows]).delete()
    counted = [field.name for field in RuleUse._meta.local_fields]
    RuleUse.objects.bulk_create(
        sorted(rows, key=lambda row: row.rule_id),
        update_conflicts=True,
        unique_fields=["organization_id", "rule_id"],
        update_fields=[n for n in counted if n not in {"id", "organization_id", "rule_id"}],
    )
    return len(rows)


def stories_changed() -> None:
    """A story began or stopped to own a capability's usage: attribute it anew.

    For the app that registered the stories; it has checked who may do this.
    """
    _changed(_locked_state())


def _number(rows: Sequence[AttributionRule]) -> int:
    """Write positions 1..n; how many rules moved."""
    moved = [row for place, row in enumerate(rows, 1) if row.position != place]
    for place, row in enumerate(rows, 1):
        row.position = place
    AttributionRule.objects.bulk_update(moved, ["position"])
    return len(moved)


def _conditional(row: AttributionRule, version: int, **values: Any) -> None:
    changed = AttributionRule.objects.filter(
        id=row.id, version=version, status=RuleStatus.ACTIVE
    ).update(**values, version=version + 1, updated_at=clock.now())
    if not changed:
        raise Conflict(
            "The rule was changed or retired by somebody else.",
            code="version_changed",
            fix="Load it again and repeat the change.",
        )


def _values(draft: RuleDraft) -> dict[str, Any]:
    """Checked column values of a rule."""
    errors: list[FieldError] = []
    conditions: list[dict[str, object]] = []
    try:
        conditions = conditions_json(parse_conditions(draft.conditions))
    except ValueError as error:
        errors.append(FieldError("conditions", str(error), ""))
    if not draft.name.strip():
        errors.append(FieldError("name", "Give the rule a name.", ""))
    if draft.phase and draft.phase not in Phase.__members__.values():
        errors.append(FieldError("phase", "Unknown phase.", "Choose one of the list."))
    if draft.confidence not in RuleConfidence.__members__.values():
        errors.append(FieldError("confidence", "Unknown confidence.", "rule or allocated"))
    if draft.starts_on and draft.ends_on and draft.ends_on <= draft.starts_on:
        errors.append(FieldError("ends_on", "The rule ends before it begins.", "A later day."))
    owner = _owner(draft, errors)
    if not any((*owner.values(), draft.phase, draft.work_item.strip())):
        errors.append(
            FieldError("unit", "The rule assigns nothing.", "Choose a team, capability or phase.")
        )
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return {
        "name": draft.name.strip()[:120],
        "conditions": conditions,
        "phase": draft.phase,
        "work_item": draft.work_item.strip()[:120],
        "confidence": draft.confidence,
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        **owner,
    }


def _owner(draft: RuleDraft, errors: list[FieldError]) -> dict[str, Any]:
    unit_id, capability_id, story_id, story_code = draft.unit_id, draft.capability_id, None, ""
    if draft.story.strip():
        story_code = draft.story.strip()
        found = ports.find_story(story_code)
        if found is None:
            errors.append(FieldError("story", f"There is no Token Story {story_code}.", ""))
        else:
            story_id = found.story_id
            capability_id = capability_id or found.capability_id
            unit_id = unit_id or found.unit_id
    if capability_id:
        capability = Capability.objects.filter(id=capability_id).first()
        if capability is None:
            errors.append(FieldError("capability", "There is no such capability.", ""))
        elif unit_id and unit_id != capability.unit_id:
            errors.append(
                FieldError(
                    "unit",
                    f"{capability.name} belongs to another team.",
                    "Leave the team empty: the capability brings its own.",
                )
            )
        else:
            unit_id = capability.unit_id
    elif unit_id and not units().filter(id=unit_id).exists():
        errors.append(FieldError("unit", "There is no such team.", ""))
    return {
        "unit_id": unit_id,
        "capability_id": capability_id,
        "story_id": story_id,
        "story_code": story_code,
    }


def _snapshot(row: AttributionRule) -> dict[str, Any]:
    return {
        "name": row.name,
        "position": row.position,
        "conditions": row.conditions,
        "unit": str(row.unit_id) if row.unit_id else None,
        "capability": str(row.capability_id) if row.capability_id else None,
        "story": row.story_code or None,
        "phase": row.phase,
        "work_item": row.work_item,
        "confidence": row.confidence,
        "starts_on": str(row.starts_on) if row.starts_on else None,
        "ends_on": str(row.ends_on) if row.ends_on else None,
    }
