"""Usage held against tiers and entitlements: within, by which entitlement, outside."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from apps.access.actors import Actor
from apps.access.people import sees_people_of
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.entitlements import rules
from apps.entitlements.enums import Gives, Holder, Within
from apps.entitlements.rules import Held, Model
from apps.entitlements.selectors.catalogue import Catalogue
from apps.entitlements.selectors.held import held_between
from apps.entitlements.selectors.tiers import Book, tier_book
from apps.ledger.query import Query, crossed

GROUPS = ("unit", "capability", "provider", "model")


@dataclass(slots=True)
class Sum:
    """Tokens, and the known cost in nanos."""

    tokens: int = 0
    cost_nanos: int = 0

    def add(self, tokens: int, cost: int) -> None:
        self.tokens += tokens
        self.cost_nanos += cost


@dataclass(slots=True)
class Line:
    """Use of one model by one team: what its tier gave, what entitlements gave, and the rest."""

    unit_id: str
    unit: str
    provider: str
    model: str
    standing: str
    model_class: str
    tier: Sum = field(default_factory=Sum)
    entitled: Sum = field(default_factory=Sum)
    outside: Sum = field(default_factory=Sum)
    capabilities: set[str] = field(default_factory=set)

    @property
    def outside_cost(self) -> int:
        return self.outside.cost_nanos

    @property
    def outside_tokens(self) -> int:
        return self.outside.tokens

    @property
    def entitled_cost(self) -> int:
        return self.entitled.cost_nanos

    @property
    def total_cost(self) -> int:
        return self.tier.cost_nanos + self.entitled.cost_nanos + self.outside.cost_nanos

    def part(self, within: Within) -> Sum:
        return {
            Within.TIER: self.tier,
            Within.ENTITLED: self.entitled,
            Within.OUTSIDE: self.outside,
        }[within]


@dataclass(frozen=True)
class Use:
    """The report of the ledger's days [start, end): lines by team and model, what each premium
    entitlement was used for, and those that held and were not used."""

    lines: Sequence[Line]
    by_entitlement: dict[UUID, Sum]
    held: Sequence[Held]

    def without_people(self) -> "Use":
        """The same without what each person's entitlement was used for."""
        personal = {one.id for one in self.held if one.holder == Holder.USER}
        return Use(
            self.lines,
            {key: found for key, found in self.by_entitlement.items() if key not in personal},
            [one for one in self.held if one.id not in personal],
        )

    def total(self, within: Within) -> Sum:
        found = Sum()
        for line in self.lines:
            part = line.part(within)
            found.add(part.tokens, part.cost_nanos)
        return found

    @property
    def unused(self) -> list[Held]:
        """Premium entitlements that held and were not needed."""
        return [
            one
            for one in self.held
            if one.gives == Gives.PREMIUM and one.id not in self.by_entitlement
        ]


def use_seen(actor: Actor, start: date, end: date) -> Use:
    """`use` of the units whose usage the actor sees; of people only for those who may see them."""
    found = use(start, end, visible_unit_ids(actor, P.USAGE_VIEW))
    return found if sees_people_of(actor, P.USAGE_VIEW) else found.without_people()


def use(start: date, end: date, unit_ids: frozenset[UUID] | None) -> Use:
    """Every token of the days, held against the tier and the entitlements of its day.

    Cut into the windows between which no entitlement changes, and read in one statement; a second
    one reads the use of people who hold one or have a tier, which is counted under their name.
    """
    held = held_between(start, end)
    windows = rules.windows(held, start, end)
    book = tier_book()
    named = sorted({h.user for h in held if h.holder == Holder.USER} | set(book.by_user))
    query = Query(start=start, end=end, group_by=GROUPS, unit_ids=unit_ids)
    answers = crossed(query, windows)
    people: list[list[tuple[tuple[str | None, ...], tuple[str, ...], int, int]]] = []
    if named:
        personal = Query(
            start=start,
            end=end,
            group_by=(*GROUPS, "user"),
            filters={"user": named},
            unit_ids=unit_ids,
            people=True,
        )
        people = [
            [(r.keys, r.labels, r.tokens.total, r.cost_nanos or 0) for r in rows]
            for rows in crossed(personal, windows)
        ]
    report = _Report(book)
    for place, (low, _) in enumerate(windows):
        in_force = [one for one in held if one.on(low)]
        rest: dict[tuple[str | None, ...], list[int]] = defaultdict(lambda: [0, 0])
        for keys, labels, tokens, cost in people[place] if people else ():
            report.add(keys, labels, tokens, cost, in_force, user=keys[4] or "")
            rest[keys[:4]][0] += tokens
            rest[keys[:4]][1] += cost
        for row in answers[place]:
            tokens, cost = row.tokens.total, row.cost_nanos or 0
            if row.keys in rest:
                tokens -= rest[row.keys][0]
                cost -= rest[row.keys][1]
            if tokens or cost:
                report.add(row.keys, row.labels, tokens, cost, in_force)
    return Use(list(report.lines.values()), report.by_entitlement, held)


class _Report:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.catalogue = Catalogue()
        self.lines: dict[tuple[str, str, str], Line] = {}
        self.by_entitlement: dict[UUID, Sum] = {}

    def add(
        self,
        keys: tuple[str | None, ...],
        labels: tuple[str, ...],
        tokens: int,
        cost: int,
        held: Sequence[Held],
        user: str = "",
    ) -> None:
        unit_id, capability_id = (UUID(key) if key else None for key in keys[:2])
        model = self.catalogue.of(keys[2] or "", keys[3] or "")
        units = self.book.units_of(capability_id, unit_id)
        mine = [one for one in held if one.is_held_by(capability_id, units, user)]
        rule = self.book.of_use(capability_id, unit_id, user)
        within, by = rules.judge(rule, model, mine)
        line = self._line(keys, labels, model)
        line.part(within).add(tokens, cost)
        if keys[1]:
            line.capabilities.add(labels[1])
        if by is not None:
            self.by_entitlement.setdefault(by.id, Sum()).add(tokens, cost)

    def _line(self, keys: tuple[str | None, ...], labels: tuple[str, ...], model: Model) -> Line:
        place = (keys[0] or "", keys[2] or "", keys[3] or "")
        if place not in self.lines:
            self.lines[place] = Line(
                unit_id=place[0],
                unit=labels[0],
                provider=place[1],
                model=place[2],
                standing=model.standing,
                model_class=model.model_class,
            )
        return self.lines[place]
