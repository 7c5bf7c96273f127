"""What usage is about: one row per distinct combination, attributed once, not per record."""

from django.db import models
from django.db.models.functions import Now

from apps.ledger.enums import Axis, Confidence
from apps.tenancy.models import TenantRow


class DimensionSet(TenantRow):
    """One distinct combination of everything a source says about a record besides quantities.

    `id` is a 64-bit hash of `digest`, so that two workers agree on it without asking each other.
    There is one index: with a second one that starts alike, a planner without statistics looks
    sets up by organization alone, which made each restated record read all of them.
    `identity` is the same hash without the display names (key, project): it makes the key of a
    bucket, so that renaming a key neither makes new records nor changes old ones. Names are those
    of the first sight: deleting or renaming a dimension never changes history. `provider_name`,
    `model_name` and `tier_name` are what the catalogue made of the source's words then: a later
    catalogue does not move past usage. `tier_name` is empty where the source states none.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.BigIntegerField()
    digest = models.UUIDField()
    identity = models.BigIntegerField()
    source_id = models.UUIDField()
    provider = models.TextField()
    account = models.TextField()
    api_key_id = models.TextField()
    api_key = models.TextField()
    project_id = models.TextField()
    project = models.TextField()
    user = models.TextField()
    model = models.TextField()
    provider_name = models.TextField()
    model_name = models.TextField()
    tier_name = models.TextField()
    service_tier = models.TextField()
    context_window = models.TextField()
    region = models.TextField()
    branch = models.TextField()
    repository = models.TextField()
    tags = models.JSONField(default=dict)
    unit = models.TextField()
    capability = models.TextField()
    story = models.TextField()
    phase = models.TextField()
    work_item = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "dimension_set"


class AttributionSpan(TenantRow):
    """To whom a dimension set's usage belongs on the days [valid_from, valid_to).

    The spans of a set cover all days without gap or overlap. Records never carry their
    attribution: changing a rule rewrites spans and moves rollups by the difference, and only for
    days of periods that are not closed.
    """

    pk = models.CompositePrimaryKey("organization_id", "dimset_id", "valid_from")
    dimset_id = models.BigIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField()
    unit_id = models.UUIDField(null=True)
    capability_id = models.UUIDField(null=True)
    story_id = models.UUIDField(null=True)
    phase = models.TextField()
    work_item = models.TextField()
    confidence = models.SmallIntegerField(choices=Confidence.choices)
    rule_id = models.UUIDField(null=True)

    class Meta:
        db_table = "attribution_span"
        indexes = [
            models.Index(fields=["organization_id", "rule_id"], name="attribution_span_rule"),
        ]


class DimensionValue(TenantRow):
    """The value and last seen label behind a rollup key (a uuid5 of organization, axis, value)."""

    pk = models.CompositePrimaryKey("organization_id", "axis", "key")
    axis = models.SmallIntegerField(choices=Axis.choices)
    key = models.UUIDField()
    value = models.TextField()
    label = models.TextField()

    class Meta:
        db_table = "dimension_value"


class PriceSnapshot(TenantRow):
    """The price a record was priced with, as it was: the price book may change, this row does not.

    `rates` are per million tokens, in 10⁻¹² of the currency's unit, in the order of
    `common.tokens.KINDS`, and then per request; null where a kind has no price. `over` is the
    context band: the price of requests whose input is larger than that many tokens.
    `price_id` is the negotiated rate's id where one decided, else the list price's.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.BigIntegerField()
    price_id = models.UUIDField()
    list_price_id = models.UUIDField(null=True)
    over = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    rates = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "price_snapshot"
