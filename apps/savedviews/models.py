"""A list page with its filters, kept under a name."""

from django.db import models

from apps.common import clock
from apps.organizations.models import Membership
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class SavedView(TenantModel):
    """A named query string of a page (`pages.register`), of one person, perhaps shared with all."""

    page = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True)
    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    owner_name = models.CharField(max_length=200)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "page", "membership", "name"], name="savedview_name"
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "page", "is_shared"], name="savedview_page")
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("saved_view", self.id, self.name)


class DefaultView(TenantModel):
    """The view that a person's page opens with when nothing is chosen: an own or a shared one."""

    page = models.CharField(max_length=40)
    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    view = TenantForeignKey(SavedView, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "page", "membership"], name="savedview_default"
            )
        ]

    def __str__(self) -> str:
        return f"{self.page}: {self.view_id}"
