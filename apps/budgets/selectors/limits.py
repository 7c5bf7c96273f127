"""What budgets may use in a range of days, whatever periods they are cut in."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from uuid import UUID

from apps.budgets.enums import BudgetStatus, EntryKind, Scope
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.amounts import Entry, limit_of
from apps.budgets.rules.periods import Period, periods_between
from apps.budgets.rules.tree import share_within
from apps.budgets.selectors.budgets import active_tree


def budgets_within(start: date, end: date) -> list[Budget]:
    """Active budgets of units, capabilities and stories that share a day with [start, end)."""
    rows = Budget.objects.filter(status=BudgetStatus.ACTIVE, starts_on__lt=end)
    rows = rows.exclude(scope=Scope.ORGANIZATION).exclude(ends_on__lte=start)
    return list(rows.order_by("name_norm", "id"))


def parents_of_budgets() -> dict[UUID, list[UUID]]:
    """The budgets directly above each active budget."""
    return active_tree()[0]


def limits_within(
    budgets: Iterable[Budget],
    start: date,
    end: date,
    *,
    without_requests: Collection[UUID] = (),
) -> Mapping[UUID, int | None]:
    """Money each budget may use in [start, end), in nanos; None is unlimited.

    A period that is cut counts by its days. `without_requests`: as if these approvals had not
    changed any budget, both sides of a move included.
    """
    budgets = list(budgets)
    entries = _entries(budgets, frozenset(without_requests))
    return {b.id: _limit(b, entries.get(b.id, []), Period(start, end)) for b in budgets}


def _entries(budgets: list[Budget], without: frozenset[UUID]) -> dict[UUID, list[Entry]]:
    rows = BudgetEntry.objects.filter(budget_id__in=[b.id for b in budgets])
    moves: set[UUID | None] = set()
    if without:
        moves = set(
            BudgetEntry.objects.filter(
                source_request_id__in=without, transfer_id__isnull=False
            ).values_list("transfer_id", flat=True)
        )
    found: dict[UUID, list[Entry]] = {}
    for row in rows:
        if row.source_request_id in without or row.transfer_id in moves:
            continue
        found.setdefault(row.budget_id, []).append(
            Entry(
                EntryKind(row.kind),
                row.effective_on,
                row.amount_nanos,
                row.amount_tokens,
                row.budget_version,
            )
        )
    return found


def _limit(budget: Budget, entries: list[Entry], within: Period) -> int | None:
    total = 0
    for period in periods_between(budget.plan, within.start, within.end):
        limit = limit_of(entries, period, period.last_day).nanos
        if limit is None:
            return None
        total += share_within(limit, period, within)
    return total
