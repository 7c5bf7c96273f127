"""Names behind keys. Apps above the ledger register theirs when they start."""

from collections.abc import Callable, Iterable
from uuid import UUID

from apps.common.memo import kept
from apps.ledger.enums import Axis, Confidence
from apps.ledger.models import DimensionValue, SourceCoverage
from apps.ledger.rules.axes import ENTITY_AXES
from apps.ledger.rules.keys import axis_key
from apps.organizations.models import Unit
from apps.portfolio.selectors import capability_names
from apps.tenancy.scope import require_organization_id

Finder = Callable[[Iterable[UUID]], dict[UUID, str]]
MISSING = {
    Axis.UNIT: "Unattributed",
    Axis.CAPABILITY: "No capability",
    Axis.STORY: "No story",
    Axis.PHASE: "No phase",
    Axis.CONFIDENCE: "Unattributed",
}
NOT_STATED = "Not stated"
_WORDS = {
    "direct": "Stated by the caller",
    "rule": "By rule",
    "allocated": "Allocated",
    "none": "Unattributed",
    "development": "Development",
    "testing": "Testing",
    "production": "Production",
    "standard": "Standard",
    "batch": "Batch",
    "flex": "Flex",
    "priority": "Priority",
    "fast": "Fast",
    "standard+us": "Standard, US only",
    "batch+us": "Batch, US only",
    "flex+us": "Flex, US only",
    "priority+us": "Priority, US only",
    "fast+us": "Fast, US only",
}


def _units(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Unit.objects.filter(id__in=list(ids)).values_list("id", "name"))


def _sources(ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = SourceCoverage.objects.filter(source_id__in=list(ids))
    return {row.source_id: row.name for row in rows if row.name}


_finders: dict[Axis, Finder] = {
    Axis.UNIT: _units,
    Axis.CAPABILITY: capability_names,
    Axis.SOURCE: _sources,
}


def register(axis: str, finder: Finder) -> None:
    """`finder(ids)` gives the names of an axis whose keys are ids of another app's objects."""
    _finders[Axis[axis.upper()]] = finder


def names_of(axis: Axis, ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """(key, label) of each id of an axis; objects keep their id as key, values their word."""
    wanted = set(ids)
    known: dict[UUID, tuple[str, str] | None] = kept(f"names of {axis.name}")
    if missing_ids := wanted - known.keys():
        known |= dict.fromkeys(missing_ids) | _read_names(axis, missing_ids)
    return {key: pair for key in wanted if (pair := known[key])}


def _read_names(axis: Axis, wanted: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    if axis in ENTITY_AXES:
        finder = _finders.get(axis)
        found = finder(wanted) if finder else {}
        return {i: (str(i), found.get(i) or _unknown(axis, i)) for i in wanted}
    if axis == Axis.CONFIDENCE:
        return _confidences()
    rows = DimensionValue.objects.filter(axis=axis, key__in=wanted)
    return {
        key: worded(axis, value, label)
        for key, value, label in rows.values_list("key", "value", "label")
    }


def worded(axis: Axis, value: str, label: str) -> tuple[str, str]:
    """(key, label) of a stored value of an axis."""
    return value, _WORDS.get(label, label) if axis in _TRANSLATED else label


def _confidences() -> dict[UUID, tuple[str, str]]:
    """The four words, which need no look-up."""
    org, axis = require_organization_id(), Axis.CONFIDENCE
    words = [confidence.name.lower() for confidence in Confidence]
    return {axis_key(org, axis, word): (word, _WORDS[word]) for word in words}


_TRANSLATED = frozenset({Axis.PHASE, Axis.CONFIDENCE, Axis.SERVICE_TIER})


def _unknown(axis: Axis, key: UUID) -> str:
    return f"{axis.label} {str(key)[-6:]}"


def missing(axis: Axis) -> str:
    """What a group without a value is called."""
    return MISSING.get(axis, NOT_STATED)
