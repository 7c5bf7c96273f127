"""The attribution rules as the ledger asks them: a dimension set to assignments over time."""

from dataclasses import dataclass
from datetime import date

from apps.attribution.rules import Assignment as Decision
from apps.attribution.rules import Dimensions, RuleSet
from apps.attribution.selectors import rule_set
from apps.ledger.enums import Confidence
from apps.ledger.rules import days, keys
from apps.ledger.rules.axes import ALWAYS_FROM, ALWAYS_TO, Assignment
from apps.ledger.services.dimensions import DimSet

_ASKED = tuple(name for name in keys.DIM_FIELDS if name != "context_window")


@dataclass(slots=True)
class RuleBook:
    """The rules in force of the open scope."""

    rules: RuleSet

    @property
    def version(self) -> str:
        return str(self.rules.version)

    def spans(self, entry: DimSet) -> list[Assignment]:
        """Assignments of a set over all days, without gap or overlap."""
        dims = Dimensions(tags=entry.tags, **{name: entry.dims[name] for name in _ASKED})
        return [_assignment(*span) for span in self.rules.spans_for(dims)]


def current() -> RuleBook:
    """The rules of the open scope; cheap when they have not changed."""
    return RuleBook(rule_set())


def _assignment(start: date | None, end: date | None, found: Decision) -> Assignment:
    return Assignment(
        start=days.day_number(start or ALWAYS_FROM),
        end=days.day_number(end or ALWAYS_TO),
        unit_id=found.unit_id,
        capability_id=found.capability_id,
        story_id=found.story_id,
        phase=str(found.phase),
        work_item=found.work_item,
        confidence=Confidence[found.confidence.upper()],
        rule_id=found.rule_id,
    )
