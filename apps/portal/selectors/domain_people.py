"""Who is behind the use of a domain: spreads, tools and a heavy tail, with names only for those
who may see people.

Everybody else gets a word that stays the same for a person and does not tell who it is, and
nothing at all about groups of fewer than five.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from apps.access.actors import Actor
from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import can
from apps.connectors.seats import coding
from apps.ledger.enums import NO_KEY, Axis
from apps.ledger.query import AXES, People, Query, Use, labels, people
from apps.ledger.query.persons import pseudonym
from apps.organizations.selectors import units
from apps.portal.rules import domains as rules
from apps.portal.selectors.domains import DomainFigures
from apps.portal.selectors.slices import Slice, reached_units

OTHER_TOOLS = "Keys and gateways"


@dataclass(frozen=True, slots=True)
class Person:
    """One person's use. `name` is a pseudonym unless the actor may see people."""

    key: str
    name: str
    use: Use
    share: Decimal | None

    @property
    def tokens(self) -> int:
        return self.use.tokens

    @property
    def cost_nanos(self) -> int | None:
        return self.use.known_cost

    @property
    def requests(self) -> int | None:
        """None where no source of this person's use counts calls."""
        return self.use.requests or None

    @property
    def tokens_each(self) -> int | None:
        """Tokens a call, of use whose sources count calls."""
        return rules.whole(rules.ratio(self.use.counted_tokens, self.use.requests))


@dataclass(frozen=True, slots=True)
class ToolLine:
    """One tool: what the ledger counted, and what its seats and reports tell beside it.

    None is unknown: `people` where several of its channels name people, `seats` where no list has
    any, `beside` where no report tells tokens.
    """

    name: str
    tokens: int | None
    cost_nanos: int | None
    people: int | None
    seats: int | None
    active: int | None
    beside: int | None


@dataclass(frozen=True, slots=True)
class Adoption:
    """People who used a tool, in the ledger or as it tells, against those who hold a seat."""

    active: int
    seats: int
    active_seats: int

    @property
    def share(self) -> Decimal | None:
        return rules.ratio(self.active_seats, self.seats)

    @property
    def without_seat(self) -> int:
        return self.active - self.active_seats


@dataclass(frozen=True)
class Crowd:
    """People of a domain. `hidden`: fewer than five, and the actor may not see people."""

    named: bool
    persons: Sequence[Person]
    groups: Sequence[Use]
    unnamed_tokens: int
    hidden: bool
    count: int
    per_day: Sequence[int]
    tools: Sequence[ToolLine] = ()
    adoption: Adoption | None = None

    @property
    def spread(self) -> rules.Spread | None:
        """Tokens of a person on a day on which they used any."""
        return None if self.hidden else rules.spread(self.per_day)

    @property
    def buckets(self) -> list[rules.Bucket]:
        return [] if self.hidden else rules.buckets(self.per_day)

    @property
    def inside_band(self) -> int:
        low, high = rules.BAND
        return sum(low <= value < high for value in self.per_day)


def crowd(
    actor: Actor, inside: Slice, view: DomainFigures, beside: Sequence[str] = ("capability",)
) -> Crowd:
    """People of a domain whose slice is `inside`, and the same use grouped by `beside`."""
    return _crowd(actor, inside, _read(inside, view, beside))


def developers(actor: Actor, inside: Slice, view: DomainFigures, *, narrowed: bool) -> Crowd:
    """Developers, their tools, and adoption against seats.

    Seats belong to tools, not to capabilities: with a capability chosen (`narrowed`), or for those
    who may not see sources, there are none. Nobody is ranked: the list of persons stays empty.
    """
    found = _read(inside, view, ("source", "project"))
    told: dict[str, coding.Told] = {}
    if can(actor, P.SOURCE_VIEW) and not narrowed:
        w = view.window
        told = coding.told(w.start, w.end, _teams(reached_units(inside)))
    active = {user.lower() for user in _users(found.persons).values()} if told else set()
    return replace(
        _crowd(actor, inside, found),
        persons=(),
        tools=_tools(found.groups, told),
        adoption=_adoption(active, told),
    )


def askers(actor: Actor, inside: Slice, view: DomainFigures) -> tuple[DomainFigures, Crowd]:
    """Business users, and the figures with each capability's use by people."""
    found = crowd(actor, inside, view)
    used = {use.key[0]: use for use in found.groups}
    lines = [replace(line, use=used.get(line.key)) for line in view.lines]
    return replace(view, lines=lines), found


def _read(inside: Slice, view: DomainFigures, beside: Sequence[str]) -> People:
    if not view.has_use:
        return People([], [])
    w = view.window
    asked = Query(start=w.start, end=w.end, filters=inside.filters, unit_ids=inside.unit_ids)
    return people(asked, beside, view.counting)


def _crowd(actor: Actor, inside: Slice, found: People) -> Crowd:
    named = may_see_people(actor, reached_units(inside))
    hidden = not named and 0 < len(found.persons) < rules.SMALLEST_GROUP
    total = sum(use.tokens for use in found.persons)
    users = _users(found.persons) if named else {}
    persons = [
        Person(
            key=use.key[0],
            name=users.get(use.key[0]) or pseudonym(use.key[0]),
            use=use,
            share=rules.ratio(use.tokens, total),
        )
        for use in found.persons
    ]
    persons.sort(key=lambda person: (-person.tokens, person.key))
    return Crowd(
        named=named,
        persons=[] if hidden else persons,
        groups=found.groups,
        unnamed_tokens=sum(use.tokens - use.named_tokens for use in found.groups),
        hidden=hidden,
        count=len(found.persons),
        per_day=[
            rules.whole(Decimal(use.tokens) / use.days) or 0 for use in found.persons if use.days
        ],
    )


def _users(uses: Sequence[Use]) -> dict[str, str]:
    """What sources call the persons, by key."""
    found = labels.names_of(Axis.USER, [UUID(use.key[0]) for use in uses])
    return {str(key): label for key, (_, label) in found.items()}


def _teams(reached: frozenset[UUID] | None) -> set[str] | None:
    """Names and codes of the units reached, as seat lists write teams."""
    if reached is None:
        return None
    rows = units().filter(id__in=reached).values_list("name", "code")
    return {text.lower() for row in rows for text in row if text}


def _adoption(active: set[str], told: dict[str, coding.Told]) -> Adoption | None:
    holders = {person for line in told.values() for person in line.people}
    if not holders:
        return None
    everyone = active.union(*(line.active for line in told.values()))
    return Adoption(len(everyone), len(holders), len(everyone & holders))


def _tools(groups: Sequence[Use], told: dict[str, coding.Told]) -> list[ToolLine]:
    """Each tool with tokens or seats, the largest first; what no tool claims comes last."""
    kinds = coding.kinds_of_sources({use.key[0] for use in groups})
    projects = labels.names_of(
        AXES["project"], {UUID(use.key[1]) for use in groups if use.key[1] != NO_KEY}
    )
    named = {str(key): value for key, (value, _) in projects.items()}
    by_tool: dict[str, list[Use]] = defaultdict(list)
    for use in groups:
        tool = coding.tool_of(kinds.get(use.key[0], ""), named.get(use.key[1], ""))
        by_tool[tool or OTHER_TOOLS].append(use)
    lines = [_tool(name, by_tool.get(name, []), told.get(name)) for name in {**by_tool, **told}]
    lines.sort(key=lambda line: (line.name == OTHER_TOOLS, -(line.tokens or 0), line.name))
    return lines


def _tool(name: str, uses: Sequence[Use], told: coding.Told | None) -> ToolLine:
    known = [use.known_cost for use in uses if use.known_cost is not None]
    return ToolLine(
        name=name,
        tokens=sum(use.tokens for use in uses) if uses else None,
        cost_nanos=sum(known) if known else None,
        people=(uses[0].people or None) if len(uses) == 1 else None,
        seats=(len(told.people) or None) if told else None,
        active=len(told.active & told.people) if told and told.people else None,
        beside=told.tokens if told else None,
    )
