"""What the stories of some units plan in some months, for calendars held against use."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from apps.access.actors import Actor
from apps.stories.enums import StoryStatus
from apps.stories.models import PhaseEstimate, StoryRevision, TokenStory
from apps.stories.selectors.stories import stories

NEVER = (StoryStatus.DRAFT, StoryStatus.REJECTED, StoryStatus.WITHDRAWN)
"""Stories that plan nothing: not submitted, or turned down."""


@dataclass(slots=True)
class Planned:
    """A story and its estimate by phase and month: the approved revision's, else the newest."""

    story: TokenStory
    cells: list[PhaseEstimate] = field(default_factory=list)

    @property
    def revision_id(self) -> UUID | None:
        return self.story.approved_revision_id or self.story.current_revision_id


def planned_stories(actor: Actor, start: date, end: date) -> dict[UUID, Planned]:
    """Stories in the actor's sight with an estimate, and its cells of the months of [start, end).

    One that ended before the first day plans nothing.
    """
    rows = stories(actor).filter(current_revision_id__isnull=False)
    rows = rows.exclude(status__in=[status.value for status in NEVER])
    found = {
        story.id: Planned(story)
        for story in rows.order_by("number")
        if story.closed_at is None or story.closed_at.date() >= start
    }
    by_revision = {plan.revision_id: plan for plan in found.values()}
    cells = PhaseEstimate.objects.filter(
        revision_id__in=[key for key in by_revision if key is not None],
        month__gte=start.replace(day=1),
        month__lt=end,
    )
    for cell in cells.order_by("month_offset", "phase"):
        by_revision[cell.revision_id].cells.append(cell)
    return found


def revisions_by_id(ids: Iterable[UUID]) -> dict[UUID, StoryRevision]:
    return StoryRevision.objects.in_bulk(list(ids))


def owner_of_capability(plans: Iterable[Planned]) -> dict[UUID, UUID]:
    """The story whose use a capability's is: of several approved ones the newest."""
    by_capability: dict[UUID, list[TokenStory]] = defaultdict(list)
    for plan in plans:
        if plan.story.capability_id is not None and plan.story.approved_at is not None:
            by_capability[plan.story.capability_id].append(plan.story)
    newest = {
        key: max(rows, key=lambda story: (story.approved_at, story.number))
        for key, rows in by_capability.items()
    }
    return {key: story.id for key, story in newest.items()}
