"""Which channel counts, from when on, and the records of those that are only compared."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import SourceRole
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel, TenantRow


class RoleChange(TenantModel):
    """From `since` on, a source that is handed in or read from files has this role.

    Later decisions win over earlier ones for the instants they speak of; what is before all of
    them has the role that the source began with. `done_at` is null while usage that counted is
    moved out of the ledger; `moved` is how many records that were.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="role_changes", db_index=False
    )
    role = models.CharField(max_length=10, choices=SourceRole)
    since = models.DateTimeField()
    reason = models.CharField(max_length=500)
    decided_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    moved = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization_id", "source", "created_at"], name="role_change_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} since {self.since:%Y-%m-%d}"


class ComparedRecord(TenantRow):
    """One record of a channel that is only compared: what makes its delivery count once.

    `record_key` is the ledger's, so that a record keeps its identity when its source gets another
    role. `day` and `key` name the line of `ComparisonUsage` that it is part of. Rows are forgotten
    some time after they were last seen; the lines stay.
    """

    pk = models.CompositePrimaryKey("organization_id", "source_id", "record_key")
    source_id = models.UUIDField()
    record_key = models.UUIDField()
    occurred_at = models.DateTimeField()
    observed_at = models.DateTimeField()
    day = models.DateField()
    key = models.UUIDField()
    input_uncached = models.BigIntegerField()
    cache_read = models.BigIntegerField()
    cache_write_5m = models.BigIntegerField()
    cache_write_1h = models.BigIntegerField()
    output = models.BigIntegerField()
    reasoning = models.BigIntegerField()
    audio_input = models.BigIntegerField()
    audio_output = models.BigIntegerField()
    image_input = models.BigIntegerField()
    image_output = models.BigIntegerField()
    requests = models.BigIntegerField(null=True)
    cost_nanos = models.BigIntegerField(null=True)
    seen_on = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "seen_on"], name="compared_record_seen"),
        ]
