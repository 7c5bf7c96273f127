"""What entitlements ask about stories: what the approved story of a capability was designed for."""

from collections.abc import Iterable
from uuid import UUID

from apps.entitlements.ports import Design
from apps.stories.estimator import load
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.rules import UNDER_WAY


def designs_of(capability_ids: Iterable[UUID]) -> dict[UUID, Design]:
    """Of each capability the latest approved story under way. Two statements for any number."""
    rows = (
        TokenStory.objects.filter(
            capability_id__in=list(capability_ids),
            approved_revision_id__isnull=False,
            status__in=[status.value for status in UNDER_WAY],
        )
        .order_by("approved_at", "number")
        .values_list("capability_id", "ref", "approved_revision_id")
    )
    latest = {capability_id: (ref, revision_id) for capability_id, ref, revision_id in rows}
    wanted = [revision_id for _, revision_id in latest.values() if revision_id is not None]
    revisions = {
        row[0]: row[1:]
        for row in StoryRevision.objects.filter(id__in=wanted).values_list(
            "id", "tier", "assumptions"
        )
    }
    return {
        capability_id: _design(ref, *revisions[revision_id])
        for capability_id, (ref, revision_id) in latest.items()
        if capability_id is not None and revision_id in revisions
    }


def _design(ref: str, tier: str, assumptions: object) -> Design:
    asked = load(assumptions).production.parts.asked
    return Design(ref=ref, tier=tier, input_per_call=int(asked) if asked else None)
