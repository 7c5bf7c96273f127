"""Evidence. No foreign key to actor or object: nothing that is deleted takes evidence with it."""

from typing import Any

from django.db import models
from django.db.models import Func

from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.models import TenantModel
from apps.trail.actors import name_of


class CurrentXid(Func):
    """The writing transaction's id: sealing waits until every older transaction has ended."""

    template = "pg_current_xact_id()"
    allowed_default = True
    arity = 0

    def __init__(self) -> None:
        super().__init__(output_field=XidField())

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        return "apps.trail.models.CurrentXid", (), {}


class XidField(models.Field):
    """PostgreSQL's xid8, read as text."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class TrailEvent(TenantModel):
    """Who did what to which object, with the values before and after.

    `actor_name` of the system is the code of its program; `who` says it in words.
    """

    at = models.DateTimeField()
    xid = XidField(db_default=CurrentXid(), editable=False)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=64)
    object_id = models.UUIDField(null=True)
    object_label = models.CharField(max_length=300)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    ip = models.CharField(max_length=45, blank=True, default="")

    tenant_table = TenantTable(append_only=True)
    tenant_key = False

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization_id", "id"], name="trail_org_id"),
            models.Index(fields=["organization_id", "at"], name="trail_org_at"),
            models.Index(
                fields=["organization_id", "object_type", "object_id", "id"],
                name="trail_org_object",
            ),
            models.Index(fields=["organization_id", "xid", "id"], name="trail_org_xid"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.action} {self.object_label}"

    @property
    def who(self) -> str:
        return name_of(self.actor_name) if self.actor_kind == "system" else self.actor_name

    @property
    def actor_code(self) -> str:
        """Which program of the system it was; empty for people and keys."""
        return self.actor_name if self.actor_kind == "system" else ""


class TrailBlock(TenantModel):
    """One link of the hash chain: all events written by transactions in [xid_from, xid_to)."""

    number = models.BigIntegerField()
    xid_from = models.BigIntegerField()
    xid_to = models.BigIntegerField()
    events = models.IntegerField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    tenant_table = TenantTable(append_only=True)
    tenant_key = False

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "number"], name="trail_block_number")
        ]

    def __str__(self) -> str:
        return f"block {self.number}"
