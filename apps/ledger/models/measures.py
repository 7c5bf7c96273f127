"""The columns every rollup sums."""

from django.db import models

from apps.common.tokens import KINDS

MEASURES = (
    *KINDS,
    "requests",
    "records",
    "cost_nanos",
    "unpriced_tokens",
    "unpriced_requests",
    "unpriced_records",
)
"""In column order. `cost_nanos` sums the known costs only: records without a price are counted by
the `unpriced_*` columns, never as cost 0. The bigint sum of nanos holds 9.2 thousand million units
of currency in one cell."""


class Measures(models.Model):
    """Sums of records. `records` counts quantities, `requests` the calls in them."""

    input_uncached = models.BigIntegerField(default=0)
    cache_read = models.BigIntegerField(default=0)
    cache_write_5m = models.BigIntegerField(default=0)
    cache_write_1h = models.BigIntegerField(default=0)
    output = models.BigIntegerField(default=0)
    reasoning = models.BigIntegerField(default=0)
    audio_input = models.BigIntegerField(default=0)
    audio_output = models.BigIntegerField(default=0)
    image_input = models.BigIntegerField(default=0)
    image_output = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    records = models.BigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(default=0)
    unpriced_tokens = models.BigIntegerField(default=0)
    unpriced_requests = models.BigIntegerField(default=0)
    unpriced_records = models.BigIntegerField(default=0)

    class Meta:
        abstract = True
