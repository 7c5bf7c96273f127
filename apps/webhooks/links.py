"""Where an object of the trail is shown."""

from uuid import UUID

from apps.stories.models import TokenStory
from apps.tenancy.urls import absolute_url, org_url

#: Object type of the trail -> address whose last argument is the object's id.
PAGES = {
    "approval_request": "approvals:detail",
    "audit": "audits:detail",
    "budget": "budgets:detail",
    "capability": "portfolio:detail",
    "entitlement": "entitlements:detail",
    "envelope": "planning:envelope",
    "planning_cycle": "planning:detail",
    "source": "connectors:detail",
    "webhook": "webhooks:detail",
}


def link_to(slug: str, object_type: str, object_id: UUID | None, event_id: UUID) -> str:
    """The object's own page, else the event's page in the trail."""
    if object_type == "story" and object_id:
        ref = TokenStory.objects.filter(id=object_id).values_list("ref", flat=True).first()
        if ref:
            return absolute_url(org_url(slug, "stories:detail", ref))
    name = PAGES.get(object_type)
    if name and object_id:
        return absolute_url(org_url(slug, name, object_id))
    return absolute_url(org_url(slug, "trail:event", event_id))
