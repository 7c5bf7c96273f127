"""What approved stories said about use: how often, how much each time, by how many people."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.access.actors import Actor
from apps.stories.enums import StoryStatus
from apps.stories.estimator import Assumptions, load
from apps.stories.estimator.inputs import months_between
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.stories import stories

_OVER = [s.value for s in (StoryStatus.CLOSED, StoryStatus.SUPERSEDED, StoryStatus.WITHDRAWN)]


@dataclass(frozen=True, slots=True)
class Promise:
    """The likely case of the approved revision of a capability's story, in one month.

    `noun` is what the story counts (claim, question). `interactions` of the month, with growth
    since go-live, None outside the months that the story plans. `tokens` per interaction, retries
    and all calls included. `people` who use it and what each does a month, None where the story
    does not plan by people.
    """

    ref: str
    noun: str
    interactions: Decimal | None
    tokens: Decimal | None
    calls: Decimal
    people: Decimal | None
    per_person: Decimal | None


def promises(actor: Actor, capability_ids: Collection[UUID], month: date) -> dict[UUID, Promise]:
    """By capability, of the story approved last that the actor may read and that is not over."""
    found = (
        stories(actor)
        .filter(capability_id__in=list(capability_ids), approved_revision_id__isnull=False)
        .exclude(status__in=_OVER)
        .order_by("approved_at", "number")
    )
    latest: dict[UUID, TokenStory] = {s.capability_id: s for s in found if s.capability_id}
    wanted = [s.approved_revision_id for s in latest.values() if s.approved_revision_id]
    revisions = {row.id: row for row in StoryRevision.objects.filter(id__in=wanted)}
    return {
        capability_id: _promise(story, revisions[story.approved_revision_id], month)
        for capability_id, story in latest.items()
        if story.approved_revision_id in revisions
    }


def _promise(story: TokenStory, revision: StoryRevision, month: date) -> Promise:
    planned = load(revision.assumptions)
    run = planned.production
    volume = Decimal(str(revision.estimate.get("volume", "0")))
    by_people = run.volume == "users"
    return Promise(
        ref=story.ref,
        noun=planned.unit_noun,
        interactions=_in_month(planned, volume, month),
        tokens=Decimal(revision.month_tokens_likely) / volume if volume > 0 else None,
        calls=run.calls.likely,
        people=run.users.likely * run.adoption.likely / 100 if by_people else None,
        per_person=run.per_user.likely if by_people else None,
    )


def _in_month(planned: Assumptions, volume: Decimal, month: date) -> Decimal | None:
    passed = months_between(planned.live_on, month)
    if volume <= 0 or not 0 <= passed < planned.production.horizon_months:
        return None
    return volume * (1 + planned.production.growth.likely / 100) ** passed
