"""What people say about provider accounts: the rest is read from usage and bills."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import KeyStanding
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class ProviderAccount(TenantModel):
    """One account at a provider, declared or decided about by a person.

    `account` is what usage calls it, its id or its name; it is found whatever its capitals
    (`account_norm`). `name` is what people call it, `payment` who pays for it, in their words.
    """

    provider = models.CharField(max_length=255)
    account = models.CharField(max_length=255)
    account_norm = models.CharField(max_length=255, editable=False)
    name = models.CharField(max_length=120, blank=True, default="")
    owner = models.CharField(max_length=120, blank=True, default="")
    payment = models.CharField(max_length=120, blank=True, default="")
    standing = models.CharField(max_length=12, choices=KeyStanding)
    note = models.CharField(max_length=500, blank=True, default="")
    version = models.IntegerField(default=1, editable=False)
    declared_by = models.CharField(max_length=200)
    declared_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "provider", "account_norm"],
                name="provider_account_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.account

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("provider_account", self.id, f"{self.provider}: {self}")
