"""E-mails of the inbox, after the commit. A message may come twice: the row remembers."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.accounts.services import send_email
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Digest, EmailState, Notification
from apps.notifications.services import DIGEST, EMAIL
from apps.organizations import selectors
from apps.organizations.models import Organization
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task
from apps.tenancy.urls import absolute_url, org_url

SCHEDULE = {"notifications.start_digests_all": crontab(minute="2")}


@handler(EMAIL)
def send_notification(message: Message) -> None:
    """Mail one notification unless it was mailed, or its person is gone meanwhile."""
    notification_id = UUID(message.payload["notification_id"])
    with tenant_scope(message.organization_id):
        found = (
            Notification.objects.select_related("membership__user")
            .filter(id=notification_id, email_state=EmailState.WAITING)
            .first()
        )
        if found is None or not found.membership.is_active:
            return
        organization = selectors.organization()
    send_email(
        to=found.membership.user.email,
        subject=found.title,
        template="notification",
        context={
            "notification": found,
            "organization": organization,
            "link": absolute_url(found.path) if found.path else "",
            "preferences": _preferences(organization),
        },
        message_id=f"notification.{notification_id}",
    )
    with tenant_scope(message.organization_id):
        Notification.objects.filter(id=notification_id).update(
            email_state=EmailState.SENT, emailed_at=clock.now()
        )


@handler(DIGEST)
def send_digest(message: Message) -> None:
    """Mail what is new since the last digest, unless it was read meanwhile."""
    digest_id = UUID(message.payload["digest_id"])
    with tenant_scope(message.organization_id):
        digest = (
            Digest.objects.select_related("membership__user")
            .filter(id=digest_id, sent_at__isnull=True, membership__is_active=True)
            .first()
        )
        if digest is None:
            return
        waiting = Notification.objects.filter(
            membership_id=digest.membership_id,
            email_state=EmailState.DIGEST,
            created_at__lte=digest.created_at,
        )
        waiting.filter(read_at__isnull=False).update(email_state=EmailState.NONE)
        lines = list(waiting.filter(read_at__isnull=True).order_by("id"))
        organization = selectors.organization()
    if lines:
        send_email(
            to=digest.membership.user.email,
            subject=_subject(len(lines), organization),
            template="digest",
            context={
                "lines": [(line, absolute_url(line.path) if line.path else "") for line in lines],
                "organization": organization,
                "preferences": _preferences(organization),
            },
            message_id=f"digest.{digest_id}",
        )
    with tenant_scope(message.organization_id):
        now = clock.now()
        ids = [line.id for line in lines]
        Notification.objects.filter(id__in=ids, email_state=EmailState.DIGEST).update(
            email_state=EmailState.SENT, emailed_at=now
        )
        Digest.objects.filter(id=digest_id).update(sent_at=now)


def _subject(count: int, organization: Organization) -> str:
    things = "1 thing" if count == 1 else f"{count} things"
    return f"{things} to know at {organization.name}"


def _preferences(organization: Organization) -> str:
    return absolute_url(org_url(organization.slug, "notifications:preferences"))


@tenant_task(name="notifications.start_digests")
def start_digests(*, organization_id: UUID) -> None:
    services.start_digests()


@shared_task(name="notifications.start_digests_all")
def start_digests_all() -> None:
    fan_out(start_digests)
