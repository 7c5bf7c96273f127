"""Reads of stories, their working copies and their frozen revisions."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.common.errors import NotFound
from apps.common.memo import once
from apps.stories.enums import StoryStatus
from apps.stories.models import PhaseEstimate, StoryDraft, StoryRevision, TokenStory


def stories(actor: Actor) -> QuerySet[TokenStory]:
    """Stories the actor may read, with unit, capability and the revision in force."""
    return visible(
        actor,
        TokenStory.objects.select_related("unit", "capability", "replaces"),
        P.STORY_VIEW,
        owner_field="author_id",
    )


def story_by_ref(actor: Actor, ref: str) -> TokenStory:
    """Raises NotFound for a story out of sight as for none at all."""
    found = stories(actor).filter(ref=ref.upper()).first()
    if found is None:
        raise NotFound("There is no such Token Story.", code="story_not_found")
    return found


def story_by_id(story_id: UUID) -> TokenStory:
    """Any story of the organization. For services that check the permission themselves."""
    found = TokenStory.objects.select_related("unit", "capability").filter(id=story_id).first()
    if found is None:
        raise NotFound("There is no such Token Story.", code="story_not_found")
    return found


def live_successor(story: TokenStory) -> TokenStory | None:
    """The story that is filed to replace this one, or that did; a failed attempt is none."""
    gone = [StoryStatus.REJECTED.value, StoryStatus.WITHDRAWN.value]
    return TokenStory.objects.filter(replaces_id=story.id).exclude(status__in=gone).first()


def draft_of(story: TokenStory) -> StoryDraft | None:
    """The working copy, while there is one."""
    return (
        StoryDraft.objects.select_related("unit", "capability", "value_owner__user")
        .filter(story_id=story.id)
        .first()
    )


def has_draft(story_id: UUID) -> bool:
    return StoryDraft.objects.filter(story_id=story_id).exists()


def revisions(story: TokenStory) -> QuerySet[StoryRevision]:
    """Frozen revisions, newest first."""
    return (
        StoryRevision.objects.filter(story_id=story.id)
        .select_related("unit", "capability", "value_owner__user")
        .order_by("-number")
    )


def revision_by_number(story: TokenStory, number: int) -> StoryRevision:
    found = revisions(story).filter(number=number).first()
    if found is None:
        raise NotFound(f"{story.ref} has no version {number}.", code="revision_not_found")
    return found


@once
def revision_by_id(revision_id: UUID) -> StoryRevision | None:
    return (
        StoryRevision.objects.select_related("unit", "capability", "value_owner__user", "story")
        .filter(id=revision_id)
        .first()
    )


def approved_revision(story: TokenStory) -> StoryRevision | None:
    """The revision in force; None before the first approval."""
    return revision_by_id(story.approved_revision_id) if story.approved_revision_id else None


def cells(revision: StoryRevision) -> QuerySet[PhaseEstimate]:
    """The estimate per phase and month, in order of time."""
    return PhaseEstimate.objects.filter(revision_id=revision.id).order_by("month_offset", "phase")


def story_labels(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Reference and title by id, for the ledger's story axis."""
    rows = TokenStory.objects.filter(id__in=list(ids)).values_list("id", "ref", "title")
    return {story_id: f"{ref} {title}" for story_id, ref, title in rows}


def capabilities_with_story() -> frozenset[UUID]:
    """Capabilities that some story under way covers."""
    ids = TokenStory.objects.filter(
        capability_id__isnull=False, approved_revision_id__isnull=False
    ).values_list("capability_id", flat=True)
    return frozenset(ids)
