"""A person's own inbox. Nobody reads another one's."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.common.errors import Forbidden, NotFound
from apps.notifications.groups import EmailChoice, Group
from apps.notifications.models import DigestTime, EmailState, Notification, Preference


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


def choices_of(membership_ids: Iterable[UUID], group: Group) -> dict[UUID, EmailChoice]:
    """What people chose for a group; those who chose nothing are absent."""
    found = Preference.objects.filter(membership_id__in=list(membership_ids), group=group)
    return {row.membership_id: EmailChoice(row.email) for row in found}


@dataclass(frozen=True, slots=True)
class DigestPerson:
    """Somebody with something in the next digest, and when they want it."""

    membership_id: UUID
    hour: int
    weekends: bool


def people_with_digest() -> list[DigestPerson]:
    """Active people with unread lines for a digest."""
    ids = set(
        Notification.objects.filter(
            email_state=EmailState.DIGEST,
            read_at__isnull=True,
            membership__is_active=True,
            membership__user__is_active=True,
        ).values_list("membership_id", flat=True)
    )
    times = {row.membership_id: row for row in DigestTime.objects.filter(membership_id__in=ids)}
    usual = DigestTime()
    return [
        DigestPerson(i, times.get(i, usual).hour, times.get(i, usual).weekends) for i in sorted(ids)
    ]


@dataclass(frozen=True, slots=True)
class Choices:
    """A person's choices; `emails` names every group, "" where the sender decides."""

    emails: dict[str, str]
    hour: int
    weekends: bool


def choices(actor: Actor) -> Choices:
    """The actor's own choices. Raises Forbidden for programs, which have no inbox."""
    if actor.membership_id is None:
        raise Forbidden("A program has no inbox.")
    chosen = dict(
        Preference.objects.filter(membership_id=actor.membership_id).values_list("group", "email")
    )
    time = DigestTime.objects.filter(membership_id=actor.membership_id).first() or DigestTime()
    return Choices({g: chosen.get(g, "") for g in Group.values}, time.hour, time.weekends)
