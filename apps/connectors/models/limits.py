"""From which difference on figures of different channels need an answer."""

from django.db import models

from apps.tenancy.models import TenantModel


class ReconciliationLimits(TenantModel):
    """The organization's own limits; without a row those of `reconciliation.rules.Limits` hold.

    Shares are in basis points of the larger side.
    """

    close_bp = models.PositiveSmallIntegerField()
    wide_bp = models.PositiveSmallIntegerField()
    small_nanos = models.BigIntegerField()
    small_tokens = models.BigIntegerField()
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="reconciliation_limits_once")
        ]
