"""A person's own inbox. Nobody reads another one's."""

from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.common.errors import NotFound
from apps.notifications.models import Notification


def inbox(actor: Actor) -> QuerySet[Notification]:
    """What the actor was told; programs and visitors have no inbox."""
    if actor.membership_id is None:
        return Notification.objects.none()
    return Notification.objects.filter(membership_id=actor.membership_id)


def unread_count(actor: Actor) -> int:
    return inbox(actor).filter(read_at__isnull=True).count()


def one(actor: Actor, notification_id: UUID) -> Notification:
    """Raises NotFound for another person's."""
    found = inbox(actor).filter(id=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification.", code="notification_not_found")
    return found
