"""What approved stories promised, for those who hold measured use against it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum

from apps.stories.enums import StoryStatus
from apps.stories.models import PhaseEstimate, TokenStory

ENDED = (
    StoryStatus.REJECTED,
    StoryStatus.WITHDRAWN,
    StoryStatus.CLOSED,
    StoryStatus.SUPERSEDED,
)
"""Stories that plan nothing any more."""


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """An approved story: its owner, its cap and what it expected to cost in each month.

    `months`: first day of the month to nanos (P50 of all phases of the approved revision).
    """

    story_id: UUID
    ref: str
    title: str
    unit_id: UUID
    capability_id: UUID | None
    cap_nanos: int | None
    months: Mapping[date, int]


def approved_story_ids() -> set[str]:
    """Every story with an approved revision, as the ledger's answers write ids."""
    found = TokenStory.objects.filter(approved_revision_id__isnull=False)
    return {str(i) for i in found.values_list("id", flat=True)}


def approved_plans(start: date, end: date) -> list[ApprovedPlan]:
    """Plans of every story with an approved revision, with their months inside [start, end)."""
    stories = list(TokenStory.objects.filter(approved_revision_id__isnull=False).order_by("number"))
    months: dict[UUID, dict[date, int]] = defaultdict(dict)
    cells = (
        PhaseEstimate.objects.filter(
            revision_id__in=[story.approved_revision_id for story in stories],
            month__gte=start.replace(day=1),
            month__lt=end,
        )
        .values("revision_id", "month")
        .annotate(cost=Sum("cost_p50"))
    )
    for cell in cells:
        months[cell["revision_id"]][cell["month"]] = int(cell["cost"])
    return [
        ApprovedPlan(
            story_id=story.id,
            ref=story.ref,
            title=story.title,
            unit_id=story.unit_id,
            capability_id=story.capability_id,
            cap_nanos=story.approved_cap_nanos,
            months=months[story.approved_revision_id] if story.approved_revision_id else {},
        )
        for story in stories
    ]


@dataclass(frozen=True, slots=True)
class PlannedCost:
    """What a story under way expects to cost in some months: P50 of its newest revision, nanos."""

    story: TokenStory
    nanos: int


def planned_costs(start: date, end: date) -> list[PlannedCost]:
    """Every submitted story that has not ended and plans a cost in the months of [start, end)."""
    rows = TokenStory.objects.exclude(status__in=[status.value for status in ENDED])
    stories = {
        story.current_revision_id: story
        for story in rows.order_by("number")
        if story.current_revision_id is not None
    }
    sums = (
        PhaseEstimate.objects.filter(
            revision_id__in=list(stories), month__gte=start.replace(day=1), month__lt=end
        )
        .values("revision_id")
        .annotate(cost=Sum("cost_p50"))
    )
    costs = {row["revision_id"]: int(row["cost"]) for row in sums}
    return [PlannedCost(story, costs[key]) for key, story in stories.items() if costs.get(key)]
