"""Taking back what an approval did to a budget, while nothing has used it."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.budgets import events
from apps.budgets.enums import SETTING, BudgetStatus, EntryKind
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.selectors.budgets import entries_of
from apps.budgets.selectors.status import budget_statuses
from apps.budgets.services.entries import add_entry, announce, bump_version, described
from apps.common import clock
from apps.common.errors import Conflict
from apps.trail.services import record


def approval_in_use(request_id: UUID) -> str:
    """Why what a request did to a budget cannot be taken back; empty when it can.

    It can while the entry is the budget's last change and no more was used than the budget held
    without it.
    """
    entry = _entry(request_id)
    if entry is None:
        return ""
    budget = Budget.objects.get(id=entry.budget_id)
    if budget.status != BudgetStatus.ACTIVE or budget.version != entry.budget_version:
        return "The budget was changed since."
    used = budget_statuses([budget])[0].money.used or 0
    if entry.kind == EntryKind.INITIAL:
        return "The budget has been spent from." if used else ""
    if entry.kind == EntryKind.REVISION:
        before = _setting_before(budget, entry).amount_nanos
        if before is not None and used > before:
            return "More was spent than the budget held before."
        return ""
    limit = budget_statuses([budget])[0].money.limit
    if entry.amount_nanos and limit is not None and used > limit - entry.amount_nanos:
        return "What was added has been spent from."
    return ""


@transaction.atomic
def undo_approval(*, actor: Actor, request_id: UUID, note: str) -> None:
    """Take back the entry a request caused: a budget it opened is closed, a revision is followed
    by one with the amount before, a grant by its opposite. Conflict when it is in use.
    """
    refused = approval_in_use(request_id)
    if refused:
        raise Conflict(refused, code="in_use", fix="Change the budget instead.")
    entry = _entry(request_id)
    if entry is None:
        return
    budget = Budget.objects.get(id=entry.budget_id)
    if entry.kind == EntryKind.INITIAL:
        bump_version(
            budget, budget.version, {"status": BudgetStatus.CLOSED, "closed_at": clock.now()}
        )
        record(actor=actor, action=events.BUDGET_CLOSED, obj=budget, reason=note)
        announce(budget, None)
        return
    if entry.kind == EntryKind.REVISION:
        before = _setting_before(budget, entry)
        nanos, tokens, kind = before.amount_nanos, before.amount_tokens, EntryKind.REVISION
    else:
        nanos = None if entry.amount_nanos is None else -entry.amount_nanos
        tokens = None if entry.amount_tokens is None else -entry.amount_tokens
        kind = EntryKind(entry.kind)
    add_entry(
        actor=actor,
        budget=budget,
        version=budget.version,
        kind=kind,
        effective_on=entry.effective_on,
        amount_nanos=nanos,
        amount_tokens=tokens,
        note=note,
    )
    record(
        actor=actor,
        action=events.BUDGET_REVISED,
        obj=budget,
        before=described(entry.amount_nanos, entry.amount_tokens, budget.currency),
        after=described(nanos, tokens, budget.currency),
        reason=note,
    )


def _entry(request_id: UUID) -> BudgetEntry | None:
    return BudgetEntry.objects.filter(source_request_id=request_id).order_by("-id").first()


def _setting_before(budget: Budget, entry: BudgetEntry) -> BudgetEntry:
    """The amount that held before a revision."""
    return [e for e in entries_of(budget) if e.kind in SETTING and e.id < entry.id][-1]
