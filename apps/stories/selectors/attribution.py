"""What attribution asks about stories: what a code means, and whose a capability's usage is."""

from datetime import date
from uuid import UUID

from apps.attribution.rules import Owner, StorySpan
from apps.common.periods import day_in_zone
from apps.organizations.selectors import organization
from apps.stories.models import TokenStory


def owner_of_code(code: str) -> Owner | None:
    """Unit, capability and story of a reference such as TS-0142; None for an unknown one."""
    found = (
        TokenStory.objects.filter(ref=code.strip().upper())
        .values_list("unit_id", "capability_id", "id")
        .first()
    )
    return Owner(*found) if found else None


def stories_of_capabilities() -> dict[UUID, tuple[StorySpan, ...]]:
    """The approved stories of each capability: from its approval a story owns the usage, until
    the next one of the same capability is approved or it is closed."""
    zone = organization().timezone
    rows = (
        TokenStory.objects.filter(capability_id__isnull=False, approved_at__isnull=False)
        .order_by("capability_id", "approved_at", "id")
        .values_list("capability_id", "id", "approved_at", "closed_at")
    )
    found: dict[UUID, list[StorySpan]] = {}
    for capability_id, story_id, approved_at, closed_at in rows:
        if capability_id is None or approved_at is None:
            continue
        spans = found.setdefault(capability_id, [])
        start = day_in_zone(approved_at, zone)
        end = day_in_zone(closed_at, zone) if closed_at else None
        if spans and (spans[-1].ends_on is None or spans[-1].ends_on > start):
            spans[-1] = StorySpan(spans[-1].story_id, spans[-1].starts_on, start)
        spans.append(StorySpan(story_id, start, end))
    return {
        capability_id: tuple(span for span in spans if _has_days(span))
        for capability_id, spans in found.items()
    }


def _has_days(span: StorySpan) -> bool:
    end: date | None = span.ends_on
    return end is None or span.starts_on < end
