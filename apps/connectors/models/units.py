"""Usage that is not tokens: counted as the provider counts it, never priced here."""

from django.db import models

from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class UnitUsage(TenantModel):
    """Images, seconds, characters, sessions, calls or bytes of a UTC day, in `unit`.

    The ledger has no place for it and the price book no price: what it cost is in the provider's
    bill. `key` is a digest of the dimensions. A gauge is a level: its days are never added.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="units", db_index=False
    )
    day = models.DateField()
    key = models.UUIDField()
    what = models.CharField(max_length=40)
    unit = models.CharField(max_length=20)
    quantity = models.BigIntegerField()
    requests = models.BigIntegerField(null=True)
    gauge = models.BooleanField(default=False)
    project_id = models.CharField(max_length=120, blank=True, default="")
    api_key_id = models.CharField(max_length=120, blank=True, default="")
    model = models.CharField(max_length=255, blank=True, default="")
    detail = models.CharField(max_length=120, blank=True, default="")
    revisions = models.PositiveSmallIntegerField(default=0)
    observed_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "unit usage"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "day", "key"], name="unit_usage_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.what}"
