"""Writing entries: the only way an amount comes about."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor
from apps.budgets import events
from apps.budgets.enums import BudgetStatus, EntryKind
from apps.budgets.models import Budget, BudgetEntry
from apps.common.errors import Conflict, FieldError, Invalid
from apps.outbox.services import enqueue

LARGEST = 9_000_000_000_000_000_000
"""Below the largest bigint: sums of a few entries still fit."""


def add_entry(
    *,
    actor: Actor,
    budget: Budget,
    version: int,
    kind: EntryKind,
    effective_on: date,
    amount_nanos: int | None,
    amount_tokens: int | None,
    note: str,
    source_request_id: UUID | None = None,
    source_version: int = 0,
    transfer_id: UUID | None = None,
    values: Mapping[str, Any] | None = None,
) -> BudgetEntry:
    """Claim the budget's version and write one row; Conflict when somebody changed it meanwhile.

    `values` are columns of the budget that change with the entry.
    """
    bump_version(budget, version, values)
    entry = BudgetEntry.objects.create(
        budget_id=budget.id,
        kind=kind,
        effective_on=effective_on,
        amount_nanos=amount_nanos,
        amount_tokens=amount_tokens,
        note=note.strip(),
        budget_version=version + 1,
        transfer_id=transfer_id,
        source_request_id=source_request_id,
        source_version=source_version,
        actor_name=actor.name[:200],
    )
    announce(budget, entry)
    return entry


def bump_version(budget: Budget, version: int, values: Mapping[str, Any] | None = None) -> None:
    """`UPDATE ... WHERE version = ?` on an active budget; Conflict when it finds nothing."""
    changed = Budget.objects.filter(
        id=budget.id, version=version, status=BudgetStatus.ACTIVE
    ).update(version=F("version") + 1, **(values or {}))
    if not changed:
        raise Conflict(
            "Somebody changed or closed this budget since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    budget.refresh_from_db()


def announce(budget: Budget, entry: BudgetEntry | None) -> None:
    enqueue(
        events.TOPIC_CHANGED,
        key=f"budget:{budget.id}",
        payload={"budget_id": str(budget.id), "entry_id": str(entry.id) if entry else ""},
    )


def amount_errors(
    amount_nanos: int | None, amount_tokens: int | None, *, signed: bool = False
) -> list[FieldError]:
    """What is wrong with a pair of amounts. 0 is a limit, None unlimited."""
    errors = []
    for field, value in (("amount", amount_nanos), ("tokens", amount_tokens)):
        if value is None:
            continue
        if value < 0 and not signed:
            errors.append(FieldError(field, "A budget cannot be negative.", "Enter 0 or more."))
        elif abs(value) > LARGEST:
            errors.append(FieldError(field, "The amount is too large.", "Enter a smaller one."))
    return errors


def require_note(note: str) -> None:
    if not note.strip():
        raise Invalid("Say why the budget changes.", field="note", fix="One sentence is enough.")


def described(entry_amount: int | None, entry_tokens: int | None, currency: str) -> dict[str, Any]:
    """Amounts as the trail keeps them."""
    return {"amount_nanos": entry_amount, "amount_tokens": entry_tokens, "currency": currency}
