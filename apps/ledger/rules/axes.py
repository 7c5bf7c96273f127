"""Axes: the values usage is grouped by, and the slices it counts in, span by span."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from apps.ledger.enums import NO_KEY, Axis, Confidence, SliceLevel
from apps.ledger.rules import days, keys
from apps.pricing.rules import GEO_MARK, parse_served, parse_tier

NOBODY = UUID(NO_KEY)
ALWAYS_FROM = date(1970, 1, 1)
ALWAYS_TO = date(9999, 1, 1)
DETAIL_AXES = (
    Axis.UNIT,
    Axis.CAPABILITY,
    Axis.STORY,
    Axis.PHASE,
    Axis.MODEL,
    Axis.PROVIDER,
    Axis.SOURCE,
    Axis.SERVICE_TIER,
    Axis.CONFIDENCE,
    Axis.ACCOUNT,
    Axis.API_KEY,
    Axis.PROJECT,
    Axis.USER,
)
"""In the column order of RollupSlice."""
FINE_AXES = DETAIL_AXES[:9]
ENTITY_AXES = frozenset({Axis.UNIT, Axis.CAPABILITY, Axis.STORY, Axis.SOURCE})
"""Axes whose key is the object's own id; the others have a row in DimensionValue."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """To whom usage belongs between two days (numbers since 1970, end exclusive)."""

    start: int
    end: int
    unit_id: UUID | None
    capability_id: UUID | None
    story_id: UUID | None
    phase: str
    work_item: str
    confidence: int
    rule_id: UUID | None

    def same_target(self, other: "Assignment") -> bool:
        """Whether usage stays in the same cells under the other assignment."""
        return self.target == other.target

    @property
    def target(self) -> tuple[UUID | None, UUID | None, UUID | None, str, int]:
        return (self.unit_id, self.capability_id, self.story_id, self.phase, self.confidence)


NONE = Assignment(
    days.day_number(ALWAYS_FROM),
    days.day_number(ALWAYS_TO),
    None,
    None,
    None,
    "",
    "",
    Confidence.NONE,
    None,
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A textual axis value with the name to show."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class SliceRef:
    """A detail slice, its fine slice, and its key on each of DETAIL_AXES."""

    detail_id: int
    fine_id: int
    keys: tuple[UUID, ...]


def slice_of(
    organization_id: UUID, values: dict[Axis, Labelled], source_id: UUID, assignment: Assignment
) -> SliceRef:
    """The slice of a dimension set's values under an assignment.

    Many sets (branches, tags, days) share few slices: those are remembered.
    """
    owners = (assignment.unit_id, assignment.capability_id, assignment.story_id, source_id)
    texts = tuple(
        values[axis].value if axis in values else stated(axis, assignment) for axis in _TEXT_AXES
    )
    return _slice(organization_id, owners, texts)


_TEXT_AXES = tuple(axis for axis in DETAIL_AXES if axis not in ENTITY_AXES)
_OWNER_AXES = (Axis.UNIT, Axis.CAPABILITY, Axis.STORY, Axis.SOURCE)


@lru_cache(maxsize=20_000)
def _slice(
    organization_id: UUID, owners: tuple[UUID | None, ...], texts: tuple[str, ...]
) -> SliceRef:
    own = dict(zip(_OWNER_AXES, owners, strict=True))
    said = dict(zip(_TEXT_AXES, texts, strict=True))
    found = []
    for axis in DETAIL_AXES:
        if axis in own:
            found.append(own[axis] or NOBODY)
        else:
            text = said[axis]
            found.append(keys.axis_key(organization_id, axis, text) if text else NOBODY)
    fine = found[: len(FINE_AXES)]
    return SliceRef(
        detail_id=keys.slice_id(SliceLevel.DETAIL, found),
        fine_id=keys.slice_id(SliceLevel.FINE, fine),
        keys=tuple(found),
    )


def stated(axis: Axis, assignment: Assignment) -> str:
    """The textual value of the axes that an assignment decides."""
    if axis == Axis.PHASE:
        return assignment.phase
    return Confidence(assignment.confidence).name.lower()


@dataclass(frozen=True, slots=True)
class Names:
    """What the catalogue calls a set's provider, model and service tier."""

    provider: str
    model: str
    tier: str


def tier_name(raw: str) -> str:
    """The tier of a source's word; an unknown word stays as it is, and what is not stated is no
    tier: it is priced as standard, but nobody said that it is."""
    if not raw.strip():
        return ""
    word, beside = parse_served(raw)
    tier, known = parse_tier(word)
    if not known:
        return raw
    return f"{tier.value}{GEO_MARK}{beside}" if beside else tier.value


def axis_values(dims: dict[str, str], names: Names) -> dict[Axis, Labelled]:
    """The textual axis values of a set. An id decides; the name is only its label."""
    raw = {
        Axis.MODEL: (names.model, names.model),
        Axis.PROVIDER: (names.provider, names.provider),
        Axis.SERVICE_TIER: (names.tier, names.tier),
        Axis.ACCOUNT: (dims["account"], dims["account"]),
        Axis.API_KEY: _named(dims["api_key_id"], dims["api_key"]),
        Axis.PROJECT: _named(dims["project_id"], dims["project"]),
        Axis.USER: (dims["user"], dims["user"]),
    }
    return {axis: Labelled(value, label) for axis, (value, label) in raw.items()}


def _named(identifier: str, name: str) -> tuple[str, str]:
    return (identifier or name, name or identifier)
