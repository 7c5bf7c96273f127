"""What a person was told."""

from django.db import models

from apps.common import clock
from apps.notifications.groups import EmailChoice, Group
from apps.organizations.models import Membership
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class EmailState(models.TextChoices):
    NONE = "none", "Not by e-mail"
    WAITING = "waiting", "Waiting"
    DIGEST = "digest", "In the next digest"
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
            models.Index(
                fields=["organization_id", "membership"],
                condition=models.Q(email_state="digest"),
                name="notification_digest_due",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(TenantModel):
    """When a person gets e-mail about one group; without a row the sender's choice holds."""

    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    group = models.CharField(max_length=12, choices=Group)
    email = models.CharField(max_length=8, choices=EmailChoice)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "membership", "group"], name="preference_once"
            )
        ]


class DigestTime(TenantModel):
    """The hour of the organization's time zone at which a person's digest leaves."""

    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    hour = models.SmallIntegerField(default=8)
    weekends = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "membership"], name="digest_time_once"
            )
        ]


class Digest(TenantModel):
    """One day's e-mail of one person: the row makes it once."""

    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "membership", "day"], name="digest_once"
            )
        ]
