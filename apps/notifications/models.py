"""What a person was told."""

from django.db import models

from apps.common import clock
from apps.organizations.models import Membership
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class EmailState(models.TextChoices):
    NONE = "none", "Not by e-mail"
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"


class Notification(TenantModel):
    """One line of a person's inbox. `key` says it once: the same key never tells a person twice.

    `path` leads to the object, inside this site.
    """

    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    path = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    read_at = models.DateTimeField(null=True)
    email_state = models.CharField(
        max_length=8, choices=EmailState, default=EmailState.NONE, editable=False
    )
    emailed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "membership", "key"], name="notification_once"
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "membership", "id"], name="notification_inbox"),
            models.Index(
                fields=["organization_id", "membership"],
                condition=models.Q(read_at__isnull=True),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.title
