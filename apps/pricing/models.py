"""The price catalogue, shared by all organizations, and what each organization negotiated."""

from decimal import Decimal
from uuid import UUID

from django.db import models

from apps.common import clock
from apps.common.ids import uuid7
from apps.common.tokens import KINDS
from apps.pricing.enums import Standing, TermKind, TierLabel
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


def _rate() -> models.DecimalField:
    """USD per million tokens. Empty: no price, so usage of the kind is unpriced, never free."""
    return models.DecimalField(max_digits=20, decimal_places=12, null=True, blank=True)


class Rates(models.Model):
    """One price per token kind, and per request."""

    input_uncached = _rate()
    cache_read = _rate()
    cache_write_5m = _rate()
    cache_write_1h = _rate()
    output = _rate()
    reasoning = _rate()
    audio_input = _rate()
    audio_output = _rate()
    image_input = _rate()
    image_output = _rate()
    per_request = _rate()

    class Meta:
        abstract = True

    def rate_map(self) -> dict[str, Decimal | None]:
        return {kind: getattr(self, kind) for kind in KINDS}


class PriceBookVersion(models.Model):
    """One seeding of the catalogue. The newest one is in force."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    package = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    prices = models.PositiveIntegerField()
    models_known = models.PositiveIntegerField()
    seeded_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.package


class Provider(models.Model):
    """A company that serves models, with the clauses that recognise its names."""

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    provider_match = models.JSONField(null=True)
    model_match = models.JSONField(null=True)
    fallbacks = models.JSONField(default=list)
    pricing_url = models.TextField(blank=True)
    is_current = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class AIModel(models.Model):
    """A model as one provider serves it. `match` recognises the strings that mean it."""

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="models")
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    search = models.CharField(max_length=500)
    position = models.PositiveIntegerField()
    match = models.JSONField()
    context_window = models.PositiveBigIntegerField(null=True)
    deprecated = models.BooleanField(default=False)
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "key"], name="pricing_model_key")
        ]
        indexes = [models.Index(fields=["key"], name="pricing_model_by_key")]

    def __str__(self) -> str:
        return self.name


class ListPrice(Rates):
    """The published prices of a model in one tier, from one UTC day, above one input size.

    `daily_from` and `daily_to` (UTC) limit a price to part of each day. The id is a hash of the
    content: a row never changes; a corrected price is a new row and the old one stays, not current.
    """

    id = models.UUIDField(primary_key=True)
    model = models.ForeignKey(AIModel, models.PROTECT, related_name="prices")
    tier = models.CharField(max_length=10, choices=TierLabel.choices())
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    daily_from = models.TimeField(null=True)
    daily_to = models.TimeField(null=True)
    over_tokens = models.PositiveBigIntegerField(default=0)
    is_current = models.BooleanField(default=True)
    first_seeded_at = models.DateTimeField(default=clock.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["model", "tier", "starts_on"], name="pricing_listprice_history"),
            models.Index(fields=["starts_on"], name="pricing_listprice_changes"),
        ]


class NegotiatedRate(TenantModel, Rates):
    """What the organization pays instead of the list price, on the UTC days [starts_on, ends_on).

    Empty scope fields mean all. `model` also names a model the catalogue does not know, which the
    rate then prices. A rate that has begun is only ever ended, never rewritten or deleted.
    """

    name = models.CharField(max_length=120)
    provider = models.CharField(max_length=100)
    model = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=255, blank=True)
    tier = models.CharField(max_length=10, blank=True, choices=TierLabel.choices())
    kind = models.CharField(max_length=10, choices=TermKind.choices())
    discount_bp = models.PositiveIntegerField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=TermKind.DISCOUNT, discount_bp__range=(1, 10_000))
                | models.Q(kind=TermKind.FIXED, discount_bp=None),
                name="pricing_rate_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gt=models.F("starts_on")),
                name="pricing_rate_days",
            ),
            models.UniqueConstraint(
                fields=["organization_id", "provider", "model", "account", "tier", "starts_on"],
                name="pricing_rate_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("negotiated_rate", UUID(str(self.id)), self.name)


class ModelStanding(TenantModel):
    """What the organization says about a model, or about every model of a provider.

    `model` empty: all of the provider's that have no word of their own. A model may be one the
    catalogue does not know. Undecided: the word was taken back. `version` counts changes; the
    trail has their history.
    """

    provider = models.CharField(max_length=100)
    model = models.CharField(max_length=200, blank=True)
    standing = models.CharField(max_length=12, choices=Standing.choices())
    note = models.CharField(max_length=500, blank=True)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "provider", "model"], name="pricing_standing_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model or '*'}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("model_standing", UUID(str(self.id)), str(self))


class PricingState(TenantModel):
    """Counts the changes to an organization's rates; the row is locked while one is made."""

    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="pricing_state_once")
        ]
