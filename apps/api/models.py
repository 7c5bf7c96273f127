"""Answers kept for repeated calls."""

from django.db import models

from apps.tenancy.models import TenantModel


class IdempotencyKey(TenantModel):
    """The first answer to an unsafe call that carried an Idempotency-Key.

    Written in the same transaction as the call's effects: either both exist or neither. A second
    call with the key waits on the unique index until the first has ended.
    """

    principal = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.IntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True, default="")
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField()

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "principal", "key"], name="api_idempotency_key"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="api_idem_age")]

    def __str__(self) -> str:
        return self.key
