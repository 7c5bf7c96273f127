"""Outcomes of any days, and what one of them cost: the rules of worth without its money."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.periods import day_in_zone
from apps.outcomes.enums import Basis, NoOutcome
from apps.outcomes.rules import Use, counts, given
from apps.outcomes.selectors.worth import DAYS, change_of
from apps.portfolio.models import Capability
from apps.stories.selectors.value import Hypothesis, hypotheses


@dataclass(frozen=True, slots=True)
class Delivered:
    """Outcomes of some days in `unit`. Where something is missing, `missing` says why.

    Outcomes can be known without a cost of one: of none there is no cost, and use may have no
    price.
    """

    outcomes: Decimal | None = None
    cost_per_outcome: int | None = None
    unit: str = ""
    basis: Basis | None = None
    missing: NoOutcome | None = None


def promised(actor: Actor, shown: Iterable[Capability]) -> dict[UUID, Hypothesis]:
    """The hypotheses of capabilities in units whose stories the actor sees."""
    units = visible_unit_ids(actor, P.STORY_VIEW)
    ids = [one.id for one in shown if units is None or one.unit_id in units]
    return hypotheses(ids) if ids else {}


def delivered(
    hypothesis: Hypothesis | None, use: Use, start: date, end: date, zone: str, *, whole: bool
) -> Delivered:
    """What running on the days [start, end) gave, at the change known today.

    `whole` says that `use` is all of the capability's: outcomes that are stated a month, or whose
    interactions nobody counts, cannot be told for a part of it. Days that were over when the
    story was approved are not held against it.
    """
    if hypothesis is None:
        return Delivered(missing=NoOutcome.NO_STORY)
    revision, story = hypothesis.revision, hypothesis.story
    if revision.value_change is None:
        return Delivered(missing=NoOutcome.NOT_STATED)
    unit = revision.value_unit or "outcomes"
    if not use.tokens:
        return Delivered(unit=unit, missing=NoOutcome.IDLE)
    if story.approved_at is not None and day_in_zone(story.approved_at, zone) >= end:
        return Delivered(unit=unit, missing=NoOutcome.EARLIER)
    promise = change_of(hypothesis)
    counted = promise.each and counts(promise, use.requests)
    if not whole and not counted:
        return Delivered(unit=unit, missing=NoOutcome.PART)
    made = given(promise, use, Decimal((end - start).days) / DAYS)
    measured = hypothesis.report is not None and counts(promise, use.requests)
    missing = None
    if made.units <= 0:
        missing = NoOutcome.NONE
    elif use.cost_nanos is None:
        missing = NoOutcome.UNPRICED
    return Delivered(
        outcomes=made.units,
        cost_per_outcome=None if missing else made.cost_per_outcome,
        unit=unit,
        basis=Basis.MEASURED if measured else Basis.PARTLY,
        missing=missing,
    )
