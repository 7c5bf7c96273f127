"""E-mails of the inbox, after the commit. A message may come twice: the row remembers."""

from uuid import UUID

from apps.accounts.services import send_email
from apps.common import clock
from apps.notifications.models import EmailState, Notification
from apps.notifications.services import EMAIL
from apps.organizations import selectors
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import absolute_url


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
        },
        message_id=f"notification.{notification_id}",
    )
    with tenant_scope(message.organization_id):
        Notification.objects.filter(id=notification_id).update(
            email_state=EmailState.SENT, emailed_at=clock.now()
        )
