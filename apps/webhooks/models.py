"""Endpoints and what was sent to them."""

from django.db import models

from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef
from apps.webhooks.enums import DeliveryStatus, EndpointStatus, Form


class WebhookEndpoint(TenantModel):
    """An address that is told about events. `actions` empty: about every event.

    `address` and the secrets are ciphertexts; `host` is what people see. The cursor is the last
    trail event that deliveries were made of, in the order of (transaction, id).
    """

    name = models.CharField(max_length=120)
    form = models.CharField(max_length=8, choices=Form)
    host = models.CharField(max_length=255)
    address = models.TextField(editable=False)
    secret = models.TextField(blank=True, editable=False)
    old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    actions = models.JSONField(default=list)
    status = models.CharField(
        max_length=8, choices=EndpointStatus, default=EndpointStatus.ACTIVE, editable=False
    )
    paused_reason = models.CharField(max_length=200, blank=True, editable=False)
    failures = models.IntegerField(default=0, editable=False)
    cursor_xid = models.BigIntegerField(editable=False)
    cursor_id = models.UUIDField(editable=False)
    version = models.IntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by_name = models.CharField(max_length=200, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "status", "name"], name="webhook_org_status")
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("webhook", self.id, self.name)

    def wants(self, action: str) -> bool:
        """Whether the endpoint subscribed to an action, by its name or its group (`story.*`)."""
        group = f"{action.split('.', maxsplit=1)[0]}.*"
        return not self.actions or action in self.actions or group in self.actions


class WebhookDelivery(TenantModel):
    """One event for one endpoint. `body` is fixed when it is made: every try sends the same."""

    endpoint = TenantForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="deliveries", db_index=False
    )
    event_id = models.UUIDField()
    action = models.CharField(max_length=64)
    label = models.CharField(max_length=300)
    body = models.TextField(editable=False)
    status = models.CharField(
        max_length=8, choices=DeliveryStatus, default=DeliveryStatus.WAITING, editable=False
    )
    attempts = models.IntegerField(default=0)
    status_code = models.IntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    duration_ms = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "endpoint", "event_id"], name="webhook_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "endpoint", "id"], name="webhook_delivery_list"
            ),
            models.Index(fields=["organization_id", "created_at"], name="webhook_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.label}"
