"""Names behind a provider's ids, as last seen."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import EntryKind
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class DirectoryEntry(TenantModel):
    """A project, workspace, key, person or service account of a provider.

    Records snapshot the name they came with.

    Entries the provider no longer lists stay, with an old `seen_at`: history keeps its names.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="directory", db_index=False
    )
    kind = models.CharField(max_length=16, choices=EntryKind)
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=255)
    parent_id = models.CharField(max_length=120, blank=True, default="")
    owner = models.CharField(max_length=255, blank=True, default="")
    hint = models.CharField(max_length=60, blank=True, default="")
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "directory entries"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "kind", "external_id"],
                name="directory_entry_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name
