"""Telling people, and remembering what they have read."""

from collections.abc import Iterable
from uuid import UUID

from apps.access.actors import Actor
from apps.common import clock
from apps.notifications import selectors
from apps.notifications.groups import EmailChoice, group_of
from apps.notifications.models import EmailState, Notification
from apps.organizations.models import Membership
from apps.outbox.services import enqueue

EMAIL = "notification.email"
_STATES = {
    EmailChoice.NOW: EmailState.WAITING,
    EmailChoice.DIGEST: EmailState.DIGEST,
    EmailChoice.NEVER: EmailState.NONE,
}


def notify(
    *,
    recipients: Iterable[UUID],
    kind: str,
    key: str,
    title: str,
    body: str = "",
    path: str = "",
    email: bool = True,
) -> int:
    """Tell people, once per `key`; the number of people newly told.

    `recipients` are memberships; suspended people and repetitions are left out. Rows are written
    in the caller's transaction and e-mails leave after its commit, so a change that is undone
    tells nobody. `kind` names the event (`approval.waiting`), `path` leads to the object. `email`
    is for people who chose nothing for the kind's group.
    """
    wanted = set(recipients)
    told = Notification.objects.filter(key=key, membership_id__in=wanted)
    active = Membership.objects.filter(id__in=wanted, is_active=True, user__is_active=True)
    new = set(active.values_list("id", flat=True)) - set(
        told.values_list("membership_id", flat=True)
    )
    chosen = selectors.choices_of(new, group_of(kind))
    usual = EmailChoice.NOW if email else EmailChoice.NEVER
    rows = Notification.objects.bulk_create(
        [
            Notification(
                membership_id=membership_id,
                kind=kind,
                key=key,
                title=" ".join(title.split())[:200],
                body=body,
                path=path,
                email_state=_STATES[chosen.get(membership_id, usual)],
            )
            for membership_id in sorted(new)
        ],
        ignore_conflicts=True,
    )
    for row in rows:
        if row.email_state == EmailState.WAITING:
            enqueue(EMAIL, key=f"notification:{row.id}", payload={"notification_id": str(row.id)})
    return len(rows)


def mark_read(*, actor: Actor, notification_id: UUID) -> Notification:
    """Mark one of the actor's own as read. The first time stays, however often and from how many
    tabs it is asked. Raises NotFound.
    """
    found = selectors.one(actor, notification_id)
    if found.read_at is None:
        now = clock.now()
        mine = selectors.inbox(actor).filter(id=found.id, read_at__isnull=True)
        found.read_at = now if mine.update(read_at=now) else selectors.one(actor, found.id).read_at
    return found


def mark_all_read(*, actor: Actor) -> int:
    """Mark everything in the actor's inbox as read; the number of rows."""
    return selectors.inbox(actor).filter(read_at__isnull=True).update(read_at=clock.now())
