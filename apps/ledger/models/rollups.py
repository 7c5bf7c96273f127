"""Projections of the records. They move by the exact difference, in the record's transaction."""

from django.db import models

from apps.ledger.enums import Axis, SliceLevel
from apps.ledger.models.measures import Measures
from apps.tenancy.models import TenantRow


class RollupSlice(TenantRow):
    """One combination of axis keys. `id` is a hash of it; level FINE leaves the last four empty."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.BigIntegerField()
    level = models.SmallIntegerField(choices=SliceLevel.choices)
    unit = models.UUIDField()
    capability = models.UUIDField()
    story = models.UUIDField()
    phase = models.UUIDField()
    model = models.UUIDField()
    provider = models.UUIDField()
    source = models.UUIDField()
    service_tier = models.UUIDField()
    confidence = models.UUIDField()
    account = models.UUIDField()
    api_key = models.UUIDField()
    project = models.UUIDField()
    user = models.UUIDField()

    class Meta:
        db_table = "rollup_slice"


class RollupFine(TenantRow, Measures):
    """Day x slice: any two groupings and any filter. Days are cut in the ledger's time zone."""

    pk = models.CompositePrimaryKey("organization_id", "level", "day", "slice_id")
    level = models.SmallIntegerField(choices=SliceLevel.choices)
    day = models.DateField()
    slice_id = models.BigIntegerField()

    class Meta:
        db_table = "rollup_fine"


class RollupAxis(TenantRow, Measures):
    """Day x one key of one axis: its size does not grow with the number of records."""

    pk = models.CompositePrimaryKey("organization_id", "axis", "day", "key")
    axis = models.SmallIntegerField(choices=Axis.choices)
    day = models.DateField()
    key = models.UUIDField()

    class Meta:
        db_table = "rollup_axis"
