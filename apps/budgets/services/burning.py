"""Watching budgets burn: raised and told once per episode, eased by itself, taken on by people."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.budgets import events
from apps.budgets.enums import BurnState, BurnWindow
from apps.budgets.models import Budget, BudgetBurn
from apps.budgets.rules.burn import Burn
from apps.budgets.selectors import burns as selectors
from apps.budgets.selectors.status import BudgetStatus
from apps.common import clock, fmt
from apps.common.errors import Conflict
from apps.notifications.services import notify
from apps.organizations.selectors import organization, people_with_role
from apps.tenancy.urls import org_url
from apps.trail.services import record

TOLD = (Role.OWNER, Role.CFO, Role.TOKENOPS_LEAD)
ACTOR = "budgets.watch"


def look(status: BudgetStatus, known: Mapping[BurnWindow, BudgetBurn]) -> tuple[int, int, int]:
    """Raise what begins to burn in one budget, bring figures up to date, ease what stopped: how
    many were raised, burn, eased. `known` are the alerts of its present period by window.

    Repeating it tells nobody twice; two looks at once neither."""
    burn = selectors.burn_of(status)
    raised = 0
    if burn is not None:
        raised = int(_burns(status, burn, known.get(burn.window)))
    gone = [row for window, row in known.items() if burn is None or window is not burn.window]
    return raised, int(burn is not None), sum(ease(row) for row in gone if row.is_burning)


def _burns(status: BudgetStatus, burn: Burn, known: BudgetBurn | None) -> bool:
    """Raise an alert or date it; whether somebody was told."""
    now = clock.now()
    figures: dict[str, Any] = {
        "measure": status.measure,
        "since": burn.since,
        "rate_percent": burn.rate_percent,
        "used": burn.used,
        "limit": status.main.limit,
        "runs_out_on": burn.runs_out_on,
        "last_seen": now,
    }
    if known is None:
        row = BudgetBurn(
            budget=status.budget,
            period_start=status.period.start,
            window=burn.window.value,
            first_seen=now,
            **figures,
        )
        BudgetBurn.objects.bulk_create([row], ignore_conflicts=True)
        if not BudgetBurn.objects.filter(id=row.id).exists():
            return False
        _tell(row, status.today)
        return True
    same = BudgetBurn.objects.filter(id=known.id)
    if known.state == BurnState.EASED:
        again = same.filter(state=BurnState.EASED).update(
            **figures,
            state=BurnState.BURNING,
            raised=F("raised") + 1,
            version=F("version") + 1,
            eased_at=None,
            taken_at=None,
            taken_by="",
            note="",
        )
        if again:
            known.refresh_from_db()
            known.budget = status.budget
            _tell(known, status.today)
        return bool(again)
    same.update(**figures)
    return False


def ease(row: BudgetBurn) -> int:
    """It burns no longer; 0 when that was said already."""
    moved = BudgetBurn.objects.filter(id=row.id, state=BurnState.BURNING).update(
        state=BurnState.EASED, eased_at=clock.now(), version=F("version") + 1
    )
    if moved:
        record(actor=system_actor(ACTOR), action=events.BURN_EASED, obj=row)
    return moved


def _tell(row: BudgetBurn, today: date) -> None:
    budget = row.budget
    record(
        actor=system_actor(ACTOR),
        action=events.BURN_RAISED,
        obj=row,
        after={
            "window": row.window,
            "rate_percent": row.rate_percent,
            "runs_out_on": row.runs_out_on.isoformat(),
        },
    )
    people = {person.id for role in TOLD for person in people_with_role(role)}
    if budget.owner_membership_id is not None:
        people.add(budget.owner_membership_id)
    notify(
        recipients=people,
        kind="budget.burn",
        key=f"burn:{row.id}:{row.raised}",
        title=headline(row, today)[:200],
        body=f"{explanation(row)} The page says what burns and what you can do.",
        path=org_url(organization().slug, "budgets:stop", budget_id=budget.id),
        email=row.window == BurnWindow.FAST,
    )


def headline(row: BudgetBurn, today: date) -> str:
    """`Claims burns 6.2 times its pace: used up on about 22 Nov`."""
    when = "today" if row.runs_out_on <= today else f"on about {fmt.day(row.runs_out_on, today)}"
    return f"{row.budget.name} burns {rate(row)} times its pace: used up {when}"


def rate(row: BudgetBurn) -> str:
    """6.2, 14: tenths below ten."""
    whole, rest = divmod(row.rate_percent, 100)
    return f"{whole}.{rest // 10}" if whole < 10 else fmt.count(whole)


def explanation(row: BudgetBurn) -> str:
    """What was used in the window, in words."""
    used, limit = (amount(row, value) for value in (row.used, row.limit))
    window = (
        f"on {fmt.day(row.since)}"
        if row.window == BurnWindow.FAST
        else f"since {fmt.day(row.since)}"
    )
    return f"{used} of {limit} went {window}."


def amount(row: BudgetBurn, value: int) -> str:
    if row.measure == "tokens":
        return f"{fmt.tokens(value)} tokens"
    return fmt.money(value, row.budget.currency)


def take_burn(*, actor: Actor, burn_id: UUID, version: int, note: str = "") -> BudgetBurn:
    """Say that somebody has it. Whoever manages the budget may, and its owner. Raises NotFound,
    Forbidden, and Conflict unless it burns and is as it was read."""
    row = selectors.burn_by_id(actor, burn_id)
    if not owns(actor, row.budget):
        require(actor, P.BUDGET_MANAGE, unit_id=row.budget.unit_id)
    moved = BudgetBurn.objects.filter(
        id=burn_id, version=version, state=BurnState.BURNING, taken_at=None
    ).update(
        taken_at=clock.now(),
        taken_by=actor.name[:200],
        note=note.strip()[:500],
        version=F("version") + 1,
    )
    if not moved:
        raise Conflict(
            "It no longer burns, or somebody has it already.",
            code="burn_moved_on",
            fix="Load the page again.",
        )
    after = selectors.burn_by_id(actor, burn_id)
    record(actor=actor, action=events.BURN_TAKEN, obj=after, reason=note.strip())
    return after


def owns(actor: Actor, budget: Budget) -> bool:
    """Whether the actor is the budget's owner."""
    return actor.membership_id is not None and actor.membership_id == budget.owner_membership_id
