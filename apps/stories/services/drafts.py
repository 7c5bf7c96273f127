"""Working copies: created, saved, opened for amendment, discarded."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.pricing.rules import CURRENCY
from apps.stories import events, rules
from apps.stories.enums import Act
from apps.stories.models import PLAN_FIELDS, StoryCounter, StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.estimating import estimate_now
from apps.stories.selectors.stories import story_by_id
from apps.stories.services.moves import apply_act, check_version, target_status
from apps.stories.services.plan import PlanInput, column_values
from apps.trail.services import record


@transaction.atomic
def create_draft(
    *, actor: Actor, plan: PlanInput, replaces: TokenStory | None = None
) -> TokenStory:
    """File a new story as a draft; `replaces` ends when it is approved (`supersede_story`).

    Raises Forbidden without the right to write stories of the unit, Invalid per wrong field.
    """
    values = column_values(actor, plan, currency=CURRENCY)
    author = author_of(actor)
    require(actor, P.STORY_WRITE, unit_id=values["unit_id"], owner_id=author)
    number = _next_number()
    story = TokenStory.objects.create(
        number=number,
        ref=rules.ref_of(number),
        author_kind=actor.kind,
        author_id=author,
        author_name=actor.name[:200],
        replaces=replaces,
        **_shown(values, plan),
    )
    StoryDraft.objects.create(story=story, saved_by_name=actor.name[:200], **values)
    record(
        actor=actor,
        action=events.DRAFTED,
        obj=story,
        after={
            "status": story.status,
            "title": story.title,
            "cap_nanos": story.cap_nanos,
            **({"replaces": replaces.ref} if replaces else {}),
        },
    )
    return story


@transaction.atomic
def save_draft(*, actor: Actor, story_id: UUID, version: int, plan: PlanInput) -> TokenStory:
    """Store the working copy of the version that was read.

    Raises Conflict when the story moved on or has no draft. Saving what is already stored writes
    nothing and keeps the version, so autosave may repeat itself.
    """
    story = story_by_id(story_id)
    require(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target = target_status(story, Act.SAVE)
    values = column_values(actor, plan, currency=story.currency)
    if values["unit_id"] != story.unit_id:
        require(actor, P.STORY_WRITE, unit_id=values["unit_id"], owner_id=story.author_id)
    draft = StoryDraft.objects.get(story_id=story.id)
    before = {name: getattr(draft, name) for name in PLAN_FIELDS}
    if before == values:
        return story
    shown = _shown(values, plan) if not story.revision_number else {}
    changed = sorted(name for name in PLAN_FIELDS if before[name] != values[name])
    apply_act(
        actor=actor, story=story, act=Act.SAVE, target=target, note={"changed": changed}, **shown
    )
    StoryDraft.objects.filter(id=draft.id).update(
        **values, saved_at=clock.now(), saved_by_name=actor.name[:200]
    )
    return story


@transaction.atomic
def amend(*, actor: Actor, story_id: UUID, version: int | None = None) -> TokenStory:
    """Open a working copy of the latest revision.

    A story under way keeps its status and its approved revision until the amendment is approved;
    a declined or withdrawn one becomes a draft again.
    """
    story = story_by_id(story_id)
    require(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target = target_status(story, Act.AMEND)
    apply_act(actor=actor, story=story, act=Act.AMEND, target=target)
    open_draft(story, written_by=actor.name)
    return story


@transaction.atomic
def discard(*, actor: Actor, story_id: UUID, version: int | None = None) -> TokenStory:
    """Drop the amendment of a story under way or in review; the revision stays as it is."""
    story = story_by_id(story_id)
    require(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target = target_status(story, Act.DISCARD)
    apply_act(actor=actor, story=story, act=Act.DISCARD, target=target)
    StoryDraft.objects.filter(story_id=story.id).delete()
    return story


def open_draft(story: TokenStory, *, written_by: str) -> StoryDraft:
    """A working copy of the story's latest revision, unless there is one already.

    `written_by` is empty while nobody has touched it: an approver's note opened it.
    """
    found = StoryDraft.objects.filter(story_id=story.id).first()
    if found is not None:
        return found
    assert story.current_revision_id is not None  # noqa: S101 -- only submitted stories get here
    revision = StoryRevision.objects.get(id=story.current_revision_id)
    values = {name: getattr(revision, name) for name in PLAN_FIELDS}
    try:
        with transaction.atomic():
            draft, _ = StoryDraft.objects.get_or_create(
                story_id=story.id, defaults={**values, "saved_by_name": written_by[:200]}
            )
    except IntegrityError as error:
        raise Conflict(
            f"{story.ref} already has a draft.", code="stale_version", fix="Open it again."
        ) from error
    return draft


def author_of(actor: Actor) -> UUID | None:
    """Who owns what the actor files: the membership of a person, the key of a program."""
    return actor.membership_id or actor.id


def hold_numbers() -> None:
    """Be the only one to number stories until the transaction ends.

    For who files many at once: a number taken in a savepoint that is rolled back would let others
    in between, who may wait for what this transaction has already written.
    """
    StoryCounter.objects.bulk_create([StoryCounter()], ignore_conflicts=True)
    StoryCounter.objects.select_for_update().get()


def _next_number() -> int:
    """The next number of the organization. Two transactions wait for each other, never repeat."""
    while not StoryCounter.objects.update(last_number=F("last_number") + 1):
        StoryCounter.objects.bulk_create([StoryCounter()], ignore_conflicts=True)
    return StoryCounter.objects.get().last_number


def _shown(values: dict[str, Any], plan: PlanInput) -> dict[str, Any]:
    """What the story itself shows of a plan that was never submitted."""
    month_tokens = month_cost = None
    try:
        result = estimate_now(plan.assumptions, brief=True)
    except Invalid:
        pass  # an unfinished draft has no figures yet
    else:
        month_tokens, month_cost = result.month.tokens.range.p50, result.month.cost.range.p50
    return {
        "title": values["title"],
        "title_norm": rules.normalise(values["title"]),
        "kind": values["kind"],
        "pattern": values["pattern"],
        "unit_id": values["unit_id"],
        "capability_id": values["capability_id"],
        "currency": values["currency"],
        "cap_nanos": values["cap_nanos"],
        "live_on": plan.assumptions.live_on,
        "month_tokens": month_tokens,
        "month_cost_nanos": month_cost,
    }
