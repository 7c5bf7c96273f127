"""What an approver needs on one screen: the ask, the estimate, the budget, the changes, the team's
record with earlier estimates."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.access.actors import Actor
from apps.approvals.models import ApprovalRequest
from apps.stories.design import load_design
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.accuracy import Record, alike, cohort_of
from apps.stories.selectors.budget_effect import parent_effects
from apps.stories.selectors.checks import Check, checks
from apps.stories.selectors.diff import DiffRow, compare
from apps.stories.selectors.material import approvals_of
from apps.stories.selectors.stories import revision_by_id, revisions

SIMILAR = 5


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier story and how its estimate turned out."""

    story: TokenStory
    estimated: int
    measured: int
    change: Decimal | None

    @property
    def tone(self) -> str:
        size = abs(self.change) if self.change is not None else Decimal(0)
        return "ok" if size <= Decimal("0.15") else "warn" if size <= Decimal("0.3") else "bad"


def decision_context(actor: Actor, request: ApprovalRequest) -> dict[str, Any]:
    """Context of the decision page's cards. Empty when the revision is out of sight."""
    revision = revision_by_id(request.revision_id)
    if revision is None:
        return {}
    story = revision.story
    previous = previous_of(story, revision)
    rows: list[DiffRow] = compare(previous, revision) if previous else []
    found: list[Check] = checks(revision)
    known = alike(story.kind, story.pattern, exclude=story.id)
    return {
        "story": story,
        "revision": revision,
        "previous": previous,
        "diff": rows,
        "checks": found,
        "design": load_design(revision.design),
        "checks_passed": sum(check.passed for check in found),
        "return_times": return_times(revision),
        "similar": similar_stories(story, known),
        "likeness": cohort_of(known, story.kind, story.pattern),
    }


def effect_context(request: ApprovalRequest) -> dict[str, Any]:
    """What approving the request at its amount commits of the budgets above the story."""
    revision = revision_by_id(request.revision_id)
    if revision is None:
        return {}
    cap = revision.cap_nanos if request.approved_nanos is None else request.approved_nanos
    return {
        "cap": cap or 0,
        "currency": revision.currency,
        "effects": parent_effects(
            unit_id=revision.unit_id,
            capability_id=revision.capability_id,
            cap_nanos=cap or 0,
            current_cap=revision.story.approved_cap_nanos,
        ),
    }


def previous_of(story: TokenStory, revision: StoryRevision) -> StoryRevision | None:
    """The revision an approver compares with: the last one decided before it, else the one before.

    Versions that took effect without a decision are passed over: what they changed is shown too.
    """
    if revision.number == 1:
        return None
    decided = (
        approvals_of(story)
        .filter(revision_number__lt=revision.number)
        .values("revision_id")
        .first()
    )
    earlier = revisions(story).filter(number__lt=revision.number)
    return earlier.filter(id=decided["revision_id"]).first() if decided else earlier.first()


def return_times(revision: StoryRevision) -> Decimal | None:
    """Value claimed for a month against its likely cost."""
    if revision.value_month_nanos is None or not revision.month_cost_p50:
        return None
    return Decimal(revision.value_month_nanos) / Decimal(revision.month_cost_p50)


def similar_stories(story: TokenStory, found: Iterable[Record]) -> list[Similar]:
    """Stories of the same category that have run for a whole month: the team's first, newest first.

    `found` are those that `alike` gives, newest first.
    """
    same = [record for record in found if record.story.kind == story.kind]
    same.sort(key=lambda record: record.story.unit_id != story.unit_id)
    return [Similar(r.story, r.estimated, r.measured, r.change) for r in same[:SIMILAR]]
