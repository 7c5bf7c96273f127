"""Closing the books of a month, and opening them again. Each step is a conditional update."""

from datetime import date
from typing import Any

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.ledger import events
from apps.ledger.enums import PeriodStatus
from apps.ledger.models import AccountingPeriod
from apps.ledger.rules import periods as rules
from apps.ledger.selectors import periods as selectors
from apps.ledger.selectors.checklist import checklist, problems
from apps.ledger.services import state
from apps.trail.services import record


def settle_period(*, actor: Actor, month: date, version: int, note: str = "") -> AccountingPeriod:
    """Announce that a month is about to close: late data still counts in it."""
    return _step(actor, month, version, PeriodStatus.SETTLING, note=note)


def close_period(*, actor: Actor, month: date, version: int, note: str = "") -> AccountingPeriod:
    """Close a settling month. From now on changes to it are adjustment rows of an open month.

    Keeps its totals and the digest of all its cells; the trail also keeps what the checklist said.
    Conflict when the month is in another state or version, Invalid while it is not over, or when
    the checklist has problems and no note says why it is closed all the same.
    """
    settings = state.lock(exclusive=True)
    if not rules.has_ended(month, clock.today(settings.timezone)):
        raise Invalid(
            f"{month:%B %Y} is not over yet.", code="period_running", fix="Close it next month."
        )
    require(actor, P.PERIOD_MANAGE)
    open_points = problems(checklist(month))
    if open_points and not note.strip():
        raise Invalid(
            f"Not everything is ready: {'; '.join(open_points)}.",
            field="note",
            code="period_not_ready",
            fix="Mend it, or say in the note why the month is closed all the same.",
        )
    figures, digest = selectors.figures_of(month)
    return _step(
        actor,
        month,
        version,
        PeriodStatus.CLOSED,
        extra={"open_points": open_points} if open_points else {},
        note=note.strip(),
        figures=figures,
        digest=digest,
        closed_at=clock.now(),
        closed_by=actor.name,
    )


def reopen_period(*, actor: Actor, month: date, version: int, reason: str) -> AccountingPeriod:
    """Open a month again: its cells move with changes from now on. Needs a reason.

    Adjustments that were posted meanwhile stay where they are.
    """
    if not reason.strip():
        raise Invalid("Say why the period is opened again.", field="reason", fix="Give a reason.")
    return _step(
        actor, month, version, PeriodStatus.OPEN, note=reason.strip(), closed_at=None, digest=""
    )


_ACTIONS = {
    PeriodStatus.SETTLING: events.PERIOD_SETTLING,
    PeriodStatus.CLOSED: events.PERIOD_CLOSED,
    PeriodStatus.OPEN: events.PERIOD_REOPENED,
}


def _step(
    actor: Actor,
    month: date,
    version: int,
    target: PeriodStatus,
    extra: dict[str, Any] | None = None,
    **values: Any,
) -> AccountingPeriod:
    """One step of a month, if it still has the version the actor saw (0: never touched)."""
    require(actor, P.PERIOD_MANAGE)
    state.lock(exclusive=True)
    if month.day != 1:
        raise Invalid("A period is named by the first day of its month.", field="month")
    AccountingPeriod.objects.bulk_create(
        [AccountingPeriod(month=month, version=0)], ignore_conflicts=True
    )
    before = AccountingPeriod.objects.get(month=month)
    if not rules.may_step(before.status, target):
        raise Conflict(
            f"{before} is {before.get_status_display().lower()} and cannot become "
            f"{target.label.lower()}.",
            code="period_state",
        )
    if before.prune_started_at:
        raise Conflict(
            f"The raw records of {before} were removed: its figures can only stay as they are.",
            code="period_pruned",
        )
    moved = AccountingPeriod.objects.filter(
        id=before.id, status=before.status, version=version, prune_started_at=None
    ).update(status=target, version=version + 1, **values)
    if not moved:
        raise Conflict(f"{before} was changed meanwhile.", fix="Load the page again.")
    after = AccountingPeriod.objects.get(id=before.id)
    record(
        actor=actor,
        action=_ACTIONS[target],
        obj=after,
        before={"status": before.status},
        after={
            "status": after.status,
            "digest": after.digest,
            "figures": after.figures,
            **(extra or {}),
        },
        reason=values.get("note", ""),
    )
    return after
