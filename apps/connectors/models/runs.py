"""Runs: what each pull did."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import RunKind, RunStatus, Trigger
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class PullRun(TenantModel):
    """One attempt to read one window of a source.

    The window, the cursor's move and the counts are written in the transaction that wrote the
    usage: a run that failed moved nothing. `restated_nanos` is the sum of cost differences of
    records whose content changed, in `currency`. `mismatches` counts provider rows whose parts
    did not add up to the provider's own total.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="runs", db_index=False
    )
    kind = models.CharField(max_length=8, choices=RunKind, default=RunKind.PULL)
    trigger = models.CharField(max_length=8, choices=Trigger, default=Trigger.SCHEDULE)
    status = models.CharField(max_length=9, choices=RunStatus, default=RunStatus.RUNNING)
    requested_by = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)

    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    cursor_before = models.DateTimeField(null=True)
    cursor_after = models.DateTimeField(null=True)

    buckets = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_withdrawn = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    mismatches = models.PositiveIntegerField(default=0)
    restated_nanos = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="USD")
    cost_rows = models.PositiveIntegerField(default=0)

    http_calls = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=40, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    notes = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "source", "-started_at"], name="run_recent"),
            models.Index(
                fields=["organization_id", "source"],
                condition=models.Q(status="running"),
                name="run_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.started_at:%Y-%m-%d %H:%M}"
