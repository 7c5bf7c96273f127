"""What people decided about API keys: the rest of the inventory is read from usage."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import KeyStanding
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class KeyReview(TenantModel):
    """The standing of one API key. `key` is its id, or its name where usage states no id, as the
    ledger groups by it; `payment` is who pays for it, in people's words."""

    provider = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    label = models.CharField(max_length=255)
    standing = models.CharField(max_length=12, choices=KeyStanding)
    owner = models.CharField(max_length=120, blank=True, default="")
    payment = models.CharField(max_length=120, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    version = models.IntegerField(default=1, editable=False)
    reviewed_by = models.CharField(max_length=200)
    reviewed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "provider", "key"], name="key_review_once"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("key_review", self.id, self.label)
