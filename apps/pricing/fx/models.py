"""Exchange rates of an organization, and files of them that wait for a decision."""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.pricing.fx.enums import FileState, Origin
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class ExchangeRate(TenantModel):
    """One unit of `base` was worth `rate` units of `quote`, as published on `day`.

    A rate is never rewritten: a figure of the past keeps its value. An entered rate beats an
    imported one of the same day, and may be withdrawn.
    """

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    day = models.DateField()
    origin = models.CharField(max_length=8, choices=Origin.choices())
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by_name = models.CharField(max_length=200)

    class Meta:
        db_table = "fx_rate"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "base", "quote", "origin", "day"], name="fx_rate_once"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="fx_rate_positive"),
        ]
        indexes = [models.Index(fields=["organization_id", "day"], name="fx_rate_day")]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.day}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("exchange_rate", UUID(str(self.id)), str(self))


class RateFile(TenantModel):
    """An uploaded table of rates. `content` is emptied once it is applied or discarded."""

    filename = models.CharField(max_length=200)
    base = models.CharField(max_length=3)
    content = models.BinaryField()
    state = models.CharField(
        max_length=10, choices=FileState.choices(), default=FileState.PREVIEW.value
    )
    added = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by_name = models.CharField(max_length=200)

    class Meta:
        db_table = "fx_rate_file"
        indexes = [models.Index(fields=["organization_id", "created_at"], name="fx_rate_file_when")]

    def __str__(self) -> str:
        return self.filename

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("rate_file", UUID(str(self.id)), self.filename)


class ReportingCurrency(TenantModel):
    """The currency that figures are shown in beside their own. Empty: their own only."""

    currency = models.CharField(max_length=3, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "fx_reporting"
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="fx_reporting_once")
        ]
