"""Reads of the rules; the compiled form is cached per process and version."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.attribution import moves, ports
from apps.attribution.enums import RuleStatus
from apps.attribution.models import AttributionRule, AttributionState, RuleUse
from apps.attribution.rules import Owner, Rule, RuleSet
from apps.common import clock
from apps.common.errors import NotFound
from apps.organizations.selectors import units
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capability_ids_by_slug
from apps.tenancy.scope import require_organization_id

REFRESH_SECONDS = 10.0
PREVIEW_DAYS = 30
_SETS = 200
_lock = threading.Lock()
_compiled: dict[UUID, RuleSet] = {}


@dataclass(slots=True)
class CodeBook:
    """What unit, capability and story codes mean; read again when an unknown one comes."""

    _units: dict[str, Owner] = field(default_factory=dict)
    _capabilities: dict[str, Owner] = field(default_factory=dict)
    _read_at: float = float("-inf")

    def unit(self, code: str) -> Owner | None:
        return self._find(lambda: self._units, code)

    def capability(self, code: str) -> Owner | None:
        return self._find(lambda: self._capabilities, code)

    def story(self, code: str) -> Owner | None:
        return ports.find_story(code)

    def _find(self, book: Callable[[], dict[str, Owner]], code: str) -> Owner | None:
        wanted = code.strip().casefold()
        if wanted not in book() and time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._read()
        return book().get(wanted)

    def _read(self) -> None:
        self._units = {unit.code.casefold(): Owner(unit.id) for unit in units()}
        owners = unit_ids_of_capabilities()
        self._capabilities = {
            slug.casefold(): Owner(owners[found], found)
            for slug, found in capability_ids_by_slug().items()
            if found in owners
        }
        self._read_at = time.monotonic()


def unit_ids_of_capabilities() -> dict[UUID, UUID]:
    """The owning unit of every capability, retired ones included."""
    return dict(Capability.objects.values_list("id", "unit_id"))


def rules_version() -> int:
    """Counts the changes to the rules of the organization in scope."""
    return AttributionState.objects.values_list("version", flat=True).first() or 0


def rule_set() -> RuleSet:
    """The active rules of the organization in scope, ready to ask. Cached until one changes."""
    organization_id = require_organization_id()
    version = rules_version()
    found = _compiled.get(organization_id)
    if found and found.version == version:
        return found
    compiled = build_rules(active_rules(), version)
    with _lock:
        if len(_compiled) >= _SETS:
            _compiled.clear()
        _compiled[organization_id] = compiled
    return compiled


def build_rules(rows: Iterable[AttributionRule], version: int = 0) -> RuleSet:
    """Compile rows in the given order, saved or not."""
    owners = unit_ids_of_capabilities()
    compiled = tuple(_compiled_rule(row, owners) for row in rows)
    return RuleSet(compiled, CodeBook(), version, ports.stories_of_capabilities())


def _compiled_rule(row: AttributionRule, owners: dict[UUID, UUID]) -> Rule:
    story = ports.find_story(row.story_code) if row.story_code else None
    capability_id = row.capability_id or (story.capability_id if story else None)
    unit_id = row.unit_id or (story.unit_id if story else None)
    if capability_id is not None:
        unit_id = owners.get(capability_id)
    return Rule(
        id=row.id,
        conditions=row.parsed_conditions,
        owner=Owner(unit_id, capability_id, row.story_id),
        phase=row.phase,
        work_item=row.work_item,
        confidence=row.confidence,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def active_rules() -> QuerySet[AttributionRule]:
    """Rules that decide, in their order."""
    return (
        AttributionRule.objects.filter(status=RuleStatus.ACTIVE)
        .select_related("unit", "capability")
        .order_by("position", "id")
    )


def all_rules() -> QuerySet[AttributionRule]:
    return AttributionRule.objects.select_related("unit", "capability").order_by(
        "status", "position", "id"
    )


def rule(rule_id: UUID) -> AttributionRule:
    """NotFound for one of another organization as for none at all."""
    found = all_rules().filter(id=rule_id).first()
    if found is None:
        raise NotFound("There is no such rule.", code="rule_not_found")
    return found


def rule_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of rules, retired ones included."""
    return dict(AttributionRule.objects.filter(id__in=list(ids)).values_list("id", "name"))


def rule_uses() -> dict[UUID, RuleUse]:
    """What each rule decided as of the last count; one that decided nothing is absent."""
    return {row.rule_id: row for row in RuleUse.objects.all()}


def preview_change(
    proposed: RuleSet, start: date | None = None, end: date | None = None
) -> moves.Preview | None:
    """Which recorded usage of [start, end) would move; by default the last 30 days.

    None while no usage is recorded anywhere. Writes nothing.
    """
    reader = ports.usage_reader()
    if reader is None:
        return None
    end = end or clock.today() + timedelta(days=1)
    start = start or end - timedelta(days=PREVIEW_DAYS)
    return moves.preview(rule_set(), proposed, reader(start, end))
