"""What push remembers besides records: who told what, the last points of counters, and counts.

Nothing here is needed for figures: claims and provisional rows only decide which telling of a
call counts, and expire.
"""

from django.db import models

from apps.tenancy.models import TenantModel, TenantRow


class PushClaim(TenantRow):
    """In this hour, the emitter with this key is counted by a signal of this rank.

    `slot` is the hour since 1970, or 0 for a span that was told by a span below it.
    """

    pk = models.CompositePrimaryKey("organization_id", "key", "slot")
    key = models.UUIDField()
    slot = models.IntegerField()
    rank = models.SmallIntegerField()
    expires_on = models.DateField()

    class Meta:
        db_table = "push_claim"


class PushProvisional(TenantModel):
    """A record counted although a better signal may still tell the same usage.

    When one claims `key` in an hour from `first_slot` to `last_slot`, the record is withdrawn:
    `usage` is what was handed to the ledger, from which the withdrawal is built.
    """

    key = models.UUIDField()
    first_slot = models.IntegerField()
    last_slot = models.IntegerField()
    rank = models.SmallIntegerField()
    source_id = models.UUIDField()
    event_id = models.CharField(max_length=255)
    dialect = models.CharField(max_length=16)
    signal = models.CharField(max_length=8)
    tokens = models.BigIntegerField()
    usage = models.BinaryField()
    expires_on = models.DateField()

    class Meta:
        db_table = "push_provisional"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "key", "event_id"], name="push_provisional_once"
            ),
        ]


class PushSeries(TenantRow):
    """The last point of a cumulative counter: what was counted up to it."""

    pk = models.CompositePrimaryKey("organization_id", "key")
    key = models.UUIDField()
    time = models.BigIntegerField()
    value = models.BigIntegerField()
    count = models.BigIntegerField()
    expires_on = models.DateField()

    class Meta:
        db_table = "push_series"


class PushTally(TenantRow):
    """How much of what was pushed on a UTC day counted, and why the rest did not.

    `outcome` is "counted" or a reason. `shard` spreads the writes of one day over rows; readers
    sum them.
    """

    pk = models.CompositePrimaryKey(
        "organization_id", "day", "dialect", "signal", "outcome", "shard"
    )
    day = models.DateField()
    dialect = models.CharField(max_length=16)
    signal = models.CharField(max_length=8)
    outcome = models.CharField(max_length=16)
    shard = models.SmallIntegerField()
    items = models.BigIntegerField()
    tokens = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "push_tally"
