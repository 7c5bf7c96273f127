"""A source: one place usage comes from."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import (
    PUSHED_KINDS,
    SCHEDULED_KINDS,
    SourceKind,
    SourceRole,
    SourceStatus,
)
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Source(TenantModel):
    """One place usage comes from: a provider's organization, the records API, or CSV files.

    `credential` is ciphertext (`apps.connectors.crypto`); people only ever see
    `credential_hint`. `account` is the provider account that records carry; it is part of their
    identity and does not change once usage was read. `cursor` is the instant usage is read up to;
    `settled_through` the instant before which the provider no longer restates, from which the
    next run reads again. `again_from` to `again_until` is what a person asked to read once more.
    Only the run named in `lease_run` may write until `lease_until`.
    `role` says whether its usage enters the ledger or is only compared (`ComparisonUsage`);
    `in_ledger`, whether some of it ever did.
    `version` counts changes by people: an edit states the version it was made on.
    """

    name = models.CharField(max_length=120)
    name_norm = models.CharField(max_length=120, editable=False)
    kind = models.CharField(max_length=16, choices=SourceKind)
    status = models.CharField(max_length=8, choices=SourceStatus, default=SourceStatus.ACTIVE)
    role = models.CharField(max_length=10, choices=SourceRole, default=SourceRole.RECORD)
    in_ledger = models.BooleanField(default=False)
    base_url = models.CharField(max_length=255, blank=True, default="")
    account = models.CharField(max_length=120, blank=True, default="")
    credential = models.TextField(blank=True, default="")
    credential_hint = models.CharField(max_length=16, blank=True, default="")
    credential_set_at = models.DateTimeField(null=True)
    schedule_minutes = models.PositiveSmallIntegerField(default=15)
    history_from = models.DateField(null=True)

    cursor = models.DateTimeField(null=True)
    settled_through = models.DateTimeField(null=True)
    again_from = models.DateTimeField(null=True)
    again_until = models.DateTimeField(null=True)
    reread_at = models.DateTimeField(null=True)
    directory_at = models.DateTimeField(null=True)

    next_pull_at = models.DateTimeField(null=True)
    last_run_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True, default="")
    last_error_code = models.CharField(max_length=40, blank=True, default="")
    lease_run = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "name_norm"], name="source_name_unique"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "next_pull_at"],
                condition=models.Q(status="active", next_pull_at__isnull=False),
                name="source_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_pushed(self) -> bool:
        """Whether programs send it by themselves (a file is neither pulled nor pushed)."""
        return self.kind in PUSHED_KINDS

    @property
    def is_pulled(self) -> bool:
        """Whether a worker fetches it (else callers hand usage in)."""
        return self.kind in SCHEDULED_KINDS

    @property
    def is_compared(self) -> bool:
        """Whether its usage stays out of the ledger's totals."""
        return self.role == SourceRole.COMPARISON

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("source", self.id, self.name)
