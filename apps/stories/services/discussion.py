"""A story as something that is talked about."""

from collections.abc import Iterable
from uuid import UUID

from apps.access.permissions import P
from apps.access.services import can
from apps.discussions.services import Subject
from apps.organizations import selectors as organizations
from apps.stories.models import TokenStory
from apps.tenancy.urls import org_url


def subject_of(story: TokenStory) -> Subject:
    """The story with those who may read it; its author hears of every comment."""

    def readers(ids: Iterable[UUID]) -> set[UUID]:
        people = organizations.memberships().filter(id__in=set(ids))
        return {
            person.id
            for person in people
            if can(
                organizations.actor_for_membership(person),
                P.STORY_VIEW,
                unit_id=story.unit_id,
                owner_id=story.author_id,
            )
        }

    slug = organizations.organization().slug
    return Subject(
        type="story",
        id=story.id,
        label=f"{story.ref} {story.title}",
        unit_id=story.unit_id,
        path=org_url(slug, "stories:discussion", story.ref),
        readers=readers,
        manage=P.STORY_WRITE,
        owner_id=story.author_id,
        told=frozenset({story.author_id} if story.author_id else ()),
    )
