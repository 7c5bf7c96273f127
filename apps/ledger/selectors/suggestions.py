"""Suggested owners of usage without one: from tags, from the past of its project or user, from
names, from what other usage with the same tags belongs to."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Q

from apps.access.actors import Actor
from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.attribution.suggest import Candidate, Suggestion, suggest
from apps.common import clock
from apps.ledger.models import AttributionSpan, DimensionSet
from apps.ledger.query import Query, Row, costs, run
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import units
from apps.portfolio.selectors import active_capabilities

DAYS = 90


@dataclass(frozen=True, slots=True)
class Part:
    """Unattributed usage of one API key and project, or, where no key is stated, of one project and
    user. A key is None where usage states none; `label`s are what people call it. `named`: whether
    the user is told; unless they are, `user` is another word for them and no rule can name them."""

    row: Row
    api_key: str | None
    project: str | None
    user: str | None
    api_key_label: str
    project_label: str
    user_label: str = ""
    named: bool = True

    @property
    def field(self) -> str:
        """What a rule would compare: the narrowest thing that is stated."""
        return "api_key" if self.api_key else "user" if self.user else "project"

    @property
    def value(self) -> str:
        if self.field == "user" and not self.named:
            return ""
        return self.api_key or self.user or self.project or ""

    @property
    def label(self) -> str:
        return self.api_key_label if self.api_key else self.user_label or self.project_label


@dataclass(frozen=True, slots=True)
class Unattributed:
    """Usage of [start, end) that belongs to nobody, the dearest first."""

    rows: list[Part]
    total: Row
    start: date
    end: date


@dataclass(frozen=True)
class Orphan:
    """A part of the queue, and its likeliest owner, looked for when first asked."""

    part: Part
    clues: "Clues"

    @cached_property
    def suggestion(self) -> Suggestion | None:
        return self.clues.suggest(self.part)

    @property
    def row(self) -> Row:
        return self.part.row


def unattributed(actor: Actor) -> Unattributed:
    """The queue of the last 90 days, as far as the actor sees usage."""
    unit_ids = visible_unit_ids(actor, P.USAGE_VIEW)
    named = may_see_people(actor, unit_ids)
    today = clock.today(ledger_settings().timezone)
    start, end = today - timedelta(days=DAYS), today + timedelta(days=2)
    asked = Query(
        start=start,
        end=end,
        group_by=("api_key", "project"),
        filters={"confidence": ["none"]},
        unit_ids=unit_ids,
        people=named,
    )
    found = run(asked)
    parts = [_of_key(row) for row in found.rows if row.keys[0]]
    if len(parts) < len(found.rows):
        without = replace(
            asked, group_by=("project", "user"), filters={**asked.filters, "api_key": [""]}
        )
        parts += [_of_user(row, named) for row in run(without).rows]
        parts.sort(key=lambda part: -(part.row.cost_nanos or 0))
    return Unattributed(parts, found.total, start, end)


def _of_key(row: Row) -> Part:
    return Part(row, row.keys[0], row.keys[1], None, row.labels[0], row.labels[1])


def _of_user(row: Row, named: bool) -> Part:
    label = row.labels[1] if row.keys[1] else ""
    return Part(row, None, row.keys[0], row.keys[1], "", row.labels[0], label, named)


def candidates() -> list[Candidate]:
    """Every active capability and unit."""
    found = [
        Candidate("capability", row.id, row.name, (row.slug,)) for row in active_capabilities()
    ]
    return found + [
        Candidate("unit", unit.id, unit.name, (unit.code, unit.cost_centre))
        for unit in units().filter(is_active=True, parent__isnull=False)
    ]


def orphans(parts: Sequence[Part], start: date, end: date) -> list[Orphan]:
    """The parts with their suggestions; the past is [start, end)."""
    clues = Clues(parts, start, end)
    return [Orphan(part, clues) for part in parts]


Shares = Mapping[UUID, float]
Place = tuple[str, str, str]
"""An API key, or without one a project and a user."""


@dataclass(frozen=True)
class Clues:
    """What suggests owners of the parts: read once, when the first suggestion is asked for."""

    parts: Sequence[Part]
    start: date
    end: date

    def suggest(self, part: Part) -> Suggestion | None:
        own = self._tags.get(_place(part), {})
        past, place = self._by_project.get(part.project or "", {}), part.project_label
        if part.user and part.user in self._by_user:
            past, place = self._by_user[part.user], part.user
        return suggest(
            names=[text for text in (part.api_key_label, part.project_label) if text],
            tags=own,
            candidates=self._candidates,
            past=past,
            place=place,
            shared={
                f"{name}={own[name]}": self._shared[name, own[name]]
                for name in own
                if (name, own[name]) in self._shared
            },
        )

    @cached_property
    def _candidates(self) -> list[Candidate]:
        return candidates()

    @cached_property
    def _tags(self) -> dict[Place, dict[str, str]]:
        return _tags(self.parts)

    @cached_property
    def _shared(self) -> dict[tuple[str, str], dict[UUID, float]]:
        return _shared({pair for own in self._tags.values() for pair in own.items()})

    @cached_property
    def _by_project(self) -> Mapping[str, Shares]:
        return _past("project", {part.project for part in self.parts}, self.start, self.end)

    @cached_property
    def _by_user(self) -> Mapping[str, Shares]:
        known = {part.user for part in self.parts if part.named}
        return _past("user", known, self.start, self.end)


def _past(axis: str, places: Iterable[str | None], start: date, end: date) -> Mapping[str, Shares]:
    """Of these projects or users, the share of its owned cost that each capability and each unit
    has."""
    found: dict[str, dict[UUID, float]] = defaultdict(dict)
    wanted = sorted({place for place in places if place})
    if not wanted:
        return found
    for owner_axis in ("capability", "unit"):
        mine: dict[str, dict[UUID, int]] = defaultdict(dict)
        query = Query(
            start=start,
            end=end,
            group_by=(axis, owner_axis),
            filters={axis: wanted},
            people=True,
        )
        for ((place, owner), _), nanos in costs(query).items():
            if place and owner and nanos:
                mine[place][UUID(owner)] = nanos
        for place, owners in mine.items():
            whole = sum(owners.values())
            found[place] |= {owner: nanos / whole for owner, nanos in owners.items()}
    return found


def _place(part: Part) -> Place:
    if part.api_key:
        return part.api_key, "", ""
    return "", part.project or "", part.user or ""


def _tags(parts: Sequence[Part]) -> dict[Place, dict[str, str]]:
    """The tags that the usage of a part carries, as far as they always say the same."""
    places = {_place(part) for part in parts}
    projects = {project for key, project, _ in places if not key}
    wanted = Q(api_key_id__in={key for key, _, _ in places if key})
    if projects:
        wanted |= Q(api_key_id="", project_id__in=projects)
    found: dict[Place, dict[str, str]] = {}
    rows = DimensionSet.objects.filter(wanted).values_list(
        "api_key_id", "project_id", "user", "tags"
    )
    for key, project, user, raw in rows:
        place = (key, "", "") if key else ("", project, user)
        if place not in places:
            continue
        tags = json.loads(raw) if isinstance(raw, str) else raw
        if place not in found:
            found[place] = dict(tags)
        else:
            found[place] = {k: v for k, v in found[place].items() if tags.get(k) == v}
    return found


SAMPLE = 2_000
"""Owned sets that are looked at: their ids are hashes, so that the first ones are a sample."""


def _shared(pairs: set[tuple[str, str]]) -> dict[tuple[str, str], dict[UUID, float]]:
    """By tag, the share of the owned sets carrying it that each capability and each unit has."""
    if not pairs:
        return {}
    today = clock.today(ledger_settings().timezone)
    owners = {
        row[0]: [owner for owner in row[1:] if owner]
        for row in AttributionSpan.objects.filter(valid_from__lte=today, valid_to__gt=today)
        .exclude(unit_id=None)
        .order_by("dimset_id")
        .values_list("dimset_id", "unit_id", "capability_id")[:SAMPLE]
    }
    counts: dict[tuple[str, str], Counter[UUID]] = defaultdict(Counter)
    whole: Counter[tuple[str, str]] = Counter()
    for dimset_id, raw in DimensionSet.objects.filter(id__in=owners).values_list("id", "tags"):
        tags = json.loads(raw) if isinstance(raw, str) else raw
        for pair in pairs & set(tags.items()):
            whole[pair] += 1
            counts[pair].update(owners[dimset_id])
    return {
        pair: {owner: n / whole[pair] for owner, n in mine.items()} for pair, mine in counts.items()
    }
