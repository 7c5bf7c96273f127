"""Raw records that an organization no longer keeps. Rollups stay, and prove that they do."""

from datetime import date
from uuid import UUID

import structlog
from django.db import connection
from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.common.periods import days_between, month_of
from apps.ledger import events
from apps.ledger.enums import PeriodStatus
from apps.ledger.models import AccountingPeriod, LedgerState
from apps.ledger.rules import retention as rules
from apps.ledger.selectors import periods, retention
from apps.ledger.services import state
from apps.outbox.services import enqueue
from apps.tenancy.scope import require_organization_id, tenant_scope
from apps.trail.refs import ObjectRef
from apps.trail.services import record

log = structlog.get_logger(__name__)


def set_retention(*, actor: Actor, months: int | None, version: int) -> retention.Retention:
    """Keep the raw records of so many months, or all (None). What is due goes soon after, for good.

    Only closed months ever go. Conflict when somebody changed the setting meanwhile.
    """
    require(actor, P.PERIOD_MANAGE)
    if months is not None and not rules.MIN_MONTHS <= months <= rules.MAX_MONTHS:
        raise Invalid(
            f"Keep from {rules.MIN_MONTHS} to {rules.MAX_MONTHS} months.",
            field="months",
            fix="Leave it empty to keep everything.",
        )
    state.settings()
    before = retention.retention()
    moved = LedgerState.objects.filter(retention_version=version).update(
        retention_months=months, retention_version=F("retention_version") + 1
    )
    if not moved:
        raise Conflict("The retention was changed meanwhile.", fix="Load the page again.")
    organization_id = require_organization_id()
    record(
        actor=actor,
        action=events.RETENTION_CHANGED,
        obj=_ref(organization_id, "Raw records"),
        before={"months": before.months},
        after={"months": months, "due": [f"{month:%Y-%m}" for month in retention.due()]},
    )
    enqueue(events.PRUNE, key=f"prune:{organization_id}", payload={})
    return retention.retention()


def prune(*, organization_id: UUID) -> int:
    """Remove the raw records of the months that are due; how many went. Open no scope around it.

    A day per transaction, each of which may be repeated. A closed month goes only if its cells are
    exactly those it was closed with, and is held against its digest again when all have gone.
    """
    with tenant_scope(organization_id):
        due = retention.due()
    return sum(_month(organization_id, month) for month in due)


def _month(organization_id: UUID, month: date) -> int:
    with tenant_scope(organization_id):
        if not _start(month):
            log.error("closed_period_changed", month=str(month))
            return 0
    # Days are cut in the ledger's zone; the door computes the day of a record as the rollups do.
    gone = 0
    for day in days_between(month, month_of(month).end):
        with tenant_scope(organization_id), connection.cursor() as cursor:
            cursor.execute("SELECT tenancy.ledger_prune_day(%s)", [day])
            removed = int(cursor.fetchone()[0])
            AccountingPeriod.objects.filter(month=month).update(
                pruned_records=F("pruned_records") + removed
            )
            gone += removed
    with tenant_scope(organization_id):
        _finish(organization_id, month)
    return gone


def _start(month: date) -> bool:
    """Claim a closed month, if it still is what it was closed with."""
    state.lock(exclusive=True)
    if not periods.is_unchanged(month):
        return False
    AccountingPeriod.objects.filter(
        month=month, status=PeriodStatus.CLOSED, prune_started_at=None
    ).update(prune_started_at=clock.now())
    return AccountingPeriod.objects.filter(month=month, prune_started_at__isnull=False).exists()


def _finish(organization_id: UUID, month: date) -> None:
    unchanged = periods.is_unchanged(month)
    moved = AccountingPeriod.objects.filter(month=month, pruned_at=None).update(
        pruned_at=clock.now()
    )
    if not moved:
        return
    row = AccountingPeriod.objects.get(month=month)
    record(
        actor=system_actor("ledger.retention"),
        action=events.PRUNED,
        obj=row,
        after={"records": row.pruned_records, "digest": row.digest, "unchanged": unchanged},
    )


def _ref(organization_id: UUID, label: str) -> ObjectRef:
    return ObjectRef(type="ledger", id=organization_id, label=label)
