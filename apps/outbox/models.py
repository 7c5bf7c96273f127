"""The transactional outbox."""

from django.db import models

from apps.tenancy.models import TenantModel


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Delivered"
    DEAD = "dead", "Gave up"


class OutboxMessage(TenantModel):
    """A message that exists exactly if the business change does.

    Messages of one `key` are delivered in the order of their ids: the next waits for the one
    before it. `available_at` moves on failure (doubling back-off) and while a dispatcher holds
    the message, so that a killed dispatcher's message comes back by itself.
    """

    topic = models.CharField(max_length=64)
    key = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    available_at = models.DateTimeField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    tenant_key = False

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["organization_id", "state", "available_at"], name="outbox_org_due"
            ),
            models.Index(fields=["organization_id", "key", "state", "id"], name="outbox_org_key"),
            models.Index(
                fields=["available_at", "organization_id"],
                condition=models.Q(state="waiting"),
                name="outbox_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key} {self.state}"
