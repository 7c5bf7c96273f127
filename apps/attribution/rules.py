"""To whom usage belongs: a compiled list of ordered, dated rules. Pure.

What the caller states (codes of a story, capability or unit) comes first. Otherwise the first rule
in force that matches and names an owner decides unit, capability and story together; phase and work
item are each filled by the first matching rule that sets them. Days are the organization's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from apps.attribution.enums import Confidence, Field, Operator

MAX_CONDITIONS = 12
MAX_VALUES = 500


class Dims(Protocol):
    """What is known about usage: a record on its way in, or a stored dimension set."""

    @property
    def provider(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def api_key_id(self) -> str: ...
    @property
    def api_key(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def service_tier(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def branch(self) -> str: ...
    @property
    def repository(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...
    @property
    def unit(self) -> str: ...
    @property
    def capability(self) -> str: ...
    @property
    def story(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def work_item(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """`Dims` by value."""

    provider: str = ""
    account: str = ""
    api_key_id: str = ""
    api_key: str = ""
    project_id: str = ""
    project: str = ""
    user: str = ""
    model: str = ""
    service_tier: str = ""
    region: str = ""
    branch: str = ""
    repository: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    capability: str = ""
    story: str = ""
    phase: str = ""
    work_item: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one field; `tag` is the tag's name where the field is a tag."""

    field: str
    operator: str
    values: tuple[str, ...]
    tag: str = ""

    def matches(self, dims: Dims) -> bool:
        found = values_of(dims, self.field, self.tag)
        if self.operator == Operator.PREFIX:
            return any(value.startswith(self.values[0]) for value in found if value)
        return any(value in self.values for value in found if value)


def values_of(dims: Dims, field_name: str, tag: str = "") -> tuple[str, ...]:
    """The values a condition compares, case-folded: a key or project by name and by id."""
    if field_name == Field.TAG:
        return (dims.tags.get(tag, "").casefold(),)
    if field_name == Field.API_KEY:
        return dims.api_key.casefold(), dims.api_key_id.casefold()
    if field_name == Field.PROJECT:
        return dims.project.casefold(), dims.project_id.casefold()
    return (str(getattr(dims, field_name)).casefold(),)


@dataclass(frozen=True, slots=True)
class Owner:
    """Unit, capability and story, consistent with each other."""

    unit_id: UUID | None = None
    capability_id: UUID | None = None
    story_id: UUID | None = None

    def __bool__(self) -> bool:
        return any((self.unit_id, self.capability_id, self.story_id))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: all conditions must hold. No conditions: every record matches.

    In force on the days [starts_on, ends_on). The owner is complete: a rule that names a story
    carries the story's capability and unit.
    """

    id: UUID
    conditions: tuple[Condition, ...]
    owner: Owner = Owner()
    phase: str = ""
    work_item: str = ""
    confidence: str = Confidence.RULE
    starts_on: date | None = None
    ends_on: date | None = None

    def in_force(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day < self.ends_on
        )

    def matches(self, dims: Dims) -> bool:
        return all(condition.matches(dims) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Assignment:
    """To whom usage belongs, how sure that is, and which rule decided the owner."""

    unit_id: UUID | None = None
    capability_id: UUID | None = None
    story_id: UUID | None = None
    phase: str = ""
    work_item: str = ""
    confidence: str = Confidence.NONE
    rule_id: UUID | None = None

    @property
    def owner(self) -> Owner:
        return Owner(self.unit_id, self.capability_id, self.story_id)


@dataclass(frozen=True, slots=True)
class StorySpan:
    """A capability's usage on the days [starts_on, ends_on) belongs to a story."""

    story_id: UUID
    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


class Directory(Protocol):
    """Finds what codes in records mean; None for an unknown code."""

    def unit(self, code: str) -> Owner | None: ...
    def capability(self, code: str) -> Owner | None: ...
    def story(self, code: str) -> Owner | None: ...


class EmptyDirectory:
    """Knows no codes."""

    def unit(self, code: str) -> Owner | None:
        return None

    def capability(self, code: str) -> Owner | None:
        return None

    def story(self, code: str) -> Owner | None:
        return None


Span = tuple[date | None, date | None, Assignment]


@dataclass(slots=True)
class RuleSet:
    """The rules of one organization, ready to ask. Compiled once per version.

    `stories` says which approved story a capability's usage belongs to, for usage that no code and
    no rule gave to a story.
    """

    rules: tuple[Rule, ...]
    directory: Directory = field(default_factory=EmptyDirectory)
    version: int = 0
    stories: Mapping[UUID, tuple[StorySpan, ...]] = field(default_factory=dict)
    _keyed: dict[tuple[str, str], dict[str, list[int]]] = field(init=False, default_factory=dict)
    _open: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        for number, rule in enumerate(self.rules):
            exact = [c for c in rule.conditions if c.operator != Operator.PREFIX]
            if not exact:
                self._open.append(number)
                continue
            key = min(exact, key=lambda c: (len(c.values), c.field != Field.API_KEY))
            index = self._keyed.setdefault((key.field, key.tag), {})
            for value in key.values:
                index.setdefault(value, []).append(number)

    def matching(self, dims: Dims) -> list[Rule]:
        """Rules whose conditions hold, in order, whatever their dates."""
        numbers = set(self._open)
        for (name, tag), index in self._keyed.items():
            for value in values_of(dims, name, tag):
                numbers.update(index.get(value, ()))
        return [rule for n in sorted(numbers) if (rule := self.rules[n]).matches(dims)]

    def attribute(self, dims: Dims, day: date) -> Assignment:
        """The assignment of usage on one day."""
        return self._decide(dims, self.matching(dims), self._stated(dims), day)

    def spans_for(self, dims: Dims) -> list[Span]:
        """Assignments over all time as [from, to) without gap or overlap; None is open."""
        matching, stated = self.matching(dims), self._stated(dims)
        capabilities = {rule.owner.capability_id for rule in matching} | {stated.capability_id}
        told = [span for found in capabilities if found for span in self.stories.get(found, ())]
        dates = [(rule.starts_on, rule.ends_on) for rule in matching]
        dates += [(span.starts_on, span.ends_on) for span in told]
        edges = sorted({day for pair in dates for day in pair if day is not None})
        starts = [date.min, *edges]
        spans: list[Span] = []
        for position, start in enumerate(starts):
            end = edges[position] if position < len(edges) else None
            found = self._decide(dims, matching, stated, start)
            begin = None if position == 0 else start
            if spans and spans[-1][2] == found:
                spans[-1] = (spans[-1][0], end, found)
            else:
                spans.append((begin, end, found))
        return spans

    def explain(self, dims: Dims, day: date) -> list[tuple[Rule, bool]]:
        """Each rule that matches on the day, and whether it had a say."""
        found = self.attribute(dims, day)
        result = []
        phase, item = dims.phase, dims.work_item
        for rule in self.matching(dims):
            if not rule.in_force(day):
                continue
            used = rule.id == found.rule_id
            if rule.phase and not phase:
                phase, used = rule.phase, True
            if rule.work_item and not item:
                item, used = rule.work_item, True
            result.append((rule, used))
        return result

    def _stated(self, dims: Dims) -> Owner:
        """What the caller's own codes say; the most specific one decides, unknown ones nothing."""
        for code, find in (
            (dims.story, self.directory.story),
            (dims.capability, self.directory.capability),
            (dims.unit, self.directory.unit),
        ):
            if code and (owner := find(code)):
                return owner
        return Owner()

    def _decide(self, dims: Dims, matching: Sequence[Rule], stated: Owner, day: date) -> Assignment:
        result = Assignment(
            stated.unit_id,
            stated.capability_id,
            stated.story_id,
            dims.phase,
            dims.work_item,
            Confidence.DIRECT if stated else Confidence.NONE,
        )
        for rule in matching:
            if not rule.in_force(day):
                continue
            if rule.owner and not result.owner:
                result = replace(
                    result,
                    unit_id=rule.owner.unit_id,
                    capability_id=rule.owner.capability_id,
                    story_id=rule.owner.story_id,
                    confidence=rule.confidence,
                    rule_id=rule.id,
                )
            if rule.phase and not result.phase:
                result = replace(result, phase=rule.phase)
            if rule.work_item and not result.work_item:
                result = replace(result, work_item=rule.work_item)
        return self._with_story(result, day)

    def _with_story(self, found: Assignment, day: date) -> Assignment:
        """The story of the capability on the day, unless a code or a rule named one."""
        if found.story_id is not None or found.capability_id is None:
            return found
        for span in self.stories.get(found.capability_id, ()):
            if span.covers(day):
                return replace(found, story_id=span.story_id)
        return found


def parse_conditions(raw: object) -> tuple[Condition, ...]:
    """Conditions from stored or submitted JSON; ValueError names the first thing wrong."""
    if not isinstance(raw, list):
        raise ValueError("Conditions are a list.")
    if len(raw) > MAX_CONDITIONS:
        raise ValueError(f"A rule has at most {MAX_CONDITIONS} conditions.")
    return tuple(_condition(item) for item in raw)


def _condition(item: object) -> Condition:
    if not isinstance(item, dict):
        raise ValueError("A condition is an object with field, operator and values.")
    name, operator = item.get("field"), item.get("operator")
    if name not in [f.value for f in Field]:
        raise ValueError(f"Unknown field {name!r}.")
    if operator not in [o.value for o in Operator]:
        raise ValueError(f"Unknown comparison {operator!r}.")
    tag = str(item.get("tag") or "")
    if (name == Field.TAG) != bool(tag):
        raise ValueError("A condition on a tag needs the tag's name, and only such a one has it.")
    raw = item.get("values")
    if not isinstance(raw, list) or not all(isinstance(value, str) for value in raw):
        raise ValueError("The values of a condition are a list of texts.")
    values = tuple(dict.fromkeys(v.strip().casefold() for v in raw if v.strip()))
    if not values or len(values) > MAX_VALUES:
        raise ValueError(f"A condition compares with 1 to {MAX_VALUES} values.")
    if operator != Operator.IN and len(values) > 1:
        raise ValueError("Only “is one of” compares with several values.")
    return Condition(name, operator, values, tag)


def conditions_json(conditions: Iterable[Condition]) -> list[dict[str, object]]:
    """The stored form of conditions."""
    found: list[dict[str, object]] = []
    for condition in conditions:
        item: dict[str, object] = {
            "field": condition.field,
            "operator": condition.operator,
            "values": list(condition.values),
        }
        if condition.tag:
            item["tag"] = condition.tag
        found.append(item)
    return found
