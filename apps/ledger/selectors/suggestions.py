"""Suggested owners of usage without one: from tags, from the past of its project, from names."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from apps.attribution.suggest import Candidate, Suggestion, suggest
from apps.common import clock
from apps.ledger.models import DimensionSet
from apps.ledger.query import Query, Row, run
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import units
from apps.portfolio.selectors import active_capabilities

DAYS = 90


@dataclass(frozen=True, slots=True)
class Unattributed:
    """Usage of [start, end) that belongs to nobody, by API key and project, the dearest first."""

    rows: list[Row]
    total: Row
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Orphan:
    """Unattributed usage of one key (or project), and its likeliest owner."""

    row: Row
    suggestion: Suggestion | None

    @property
    def field(self) -> str:
        """What a rule would compare."""
        return "api_key" if self.row.keys[0] else "project"

    @property
    def value(self) -> str:
        return self.row.keys[0] or self.row.keys[1] or ""


def unattributed(unit_ids: frozenset[UUID] | None) -> Unattributed:
    """The queue of the last 90 days."""
    today = clock.today(ledger_settings().timezone)
    start, end = today - timedelta(days=DAYS), today + timedelta(days=2)
    found = run(
        Query(
            start=start,
            end=end,
            group_by=("api_key", "project"),
            filters={"confidence": ["none"]},
            unit_ids=unit_ids,
        )
    )
    return Unattributed(found.rows, found.total, start, end)


def candidates() -> list[Candidate]:
    """Every active capability and unit."""
    found = [
        Candidate("capability", row.id, row.name, (row.slug,)) for row in active_capabilities()
    ]
    return found + [
        Candidate("unit", unit.id, unit.name, (unit.code, unit.cost_centre))
        for unit in units().filter(is_active=True, parent__isnull=False)
    ]


def orphans(rows: Sequence[Row], start: date, end: date) -> list[Orphan]:
    """Rows grouped by (api_key, project) with their suggestions; the past is [start, end)."""
    known = candidates()
    past = _past(start, end)
    tags = _tags([row.keys[0] for row in rows if row.keys[0]])
    return [
        Orphan(
            row,
            suggest(
                names=[text for text in (row.labels[0], row.labels[1]) if text],
                tags=tags.get(row.keys[0] or "", {}),
                candidates=known,
                past=past.get(row.keys[1] or "", {}),
                place=row.labels[1],
            ),
        )
        for row in rows
    ]


def _past(start: date, end: date) -> Mapping[str, Mapping[UUID, float]]:
    """By project, the share of its owned cost that each capability and each unit has."""
    found: dict[str, dict[UUID, float]] = defaultdict(dict)
    for axis in ("capability", "unit"):
        costs: dict[str, dict[UUID, int]] = defaultdict(dict)
        for row in run(Query(start=start, end=end, group_by=("project", axis))).rows:
            project, owner = row.keys
            if project and owner and row.cost_nanos:
                costs[project][UUID(owner)] = row.cost_nanos
        for project, mine in costs.items():
            whole = sum(mine.values())
            found[project] |= {owner: nanos / whole for owner, nanos in mine.items()}
    return found


def _tags(keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags that a key's usage carries, as far as they always say the same."""
    found: dict[str, dict[str, str]] = {}
    rows = DimensionSet.objects.filter(api_key_id__in=keys).values_list("api_key_id", "tags")
    for key, raw in rows:
        tags = json.loads(raw) if isinstance(raw, str) else raw
        if key not in found:
            found[key] = dict(tags)
        else:
            found[key] = {k: v for k, v in found[key].items() if tags.get(k) == v}
    return found
