"""GitHub Copilot's billing and reports in our words. Pure.

Copilot tells no tokens: premium requests and credits are counted as units, their money is the
bill. Amounts are dollars. What the plan includes shows as a discount: `discountQuantity` is
included use, `netQuantity` is overage, and both together are the gross quantity.
"""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from apps.common.money import to_nanos
from apps.connectors.providers.base import CostLine, RowRefused, SeatLine, UnitLine
from apps.connectors.providers.drift import Documented

INCLUDED, OVERAGE = "included", "overage"
SCALE = 1000
"""Quantities may be fractions (a request counts 0.33 with some models): kept in thousandths."""


ACTIVITY = frozenset({"interactions", "generations", "acceptances"})
"""Usage whose `detail` names the person it is of."""


class BillItem(Documented, rename="camel"):
    """One item of usageItems."""

    product: str
    sku: str
    unit_type: str
    gross_quantity: Decimal
    discount_quantity: Decimal
    net_quantity: Decimal
    net_amount: Decimal
    model: str = ""

    unread: ClassVar = frozenset({"pricePerUnit", "grossAmount", "discountAmount"})
    may_lack: ClassVar = frozenset({"model"})


class ReportLine(Documented):
    """A person's day of the usage report. Everything else in it is no usage of tokens."""

    day: str
    user_login: str = ""
    user_initiated_interaction_count: int = 0
    code_generation_activity_count: int = 0
    code_acceptance_activity_count: int = 0

    open: ClassVar = True


class Assignee(Documented):
    login: str

    open: ClassVar = True


class AssigningTeam(Documented):
    name: str = ""

    open: ClassVar = True


class Seat(Documented):
    """One item of seats."""

    assignee: Assignee | None
    created_at: str
    last_activity_at: str | None = None
    pending_cancellation_date: str | None = None
    plan_type: str = ""
    assigning_team: AssigningTeam | None = None

    open: ClassVar = True


def units_of(item: BillItem, day: date) -> list[UnitLine]:
    """Included use and overage of one item. Raises RowRefused when they are not the whole."""
    parts = {INCLUDED: item.discount_quantity, OVERAGE: item.net_quantity}
    if min(*parts.values(), item.gross_quantity) < 0:
        raise RowRefused("a quantity is negative")
    if sum(parts.values()) != item.gross_quantity:
        raise RowRefused(
            f"{item.gross_quantity} is not {item.discount_quantity} included "
            f"and {item.net_quantity} charged"
        )
    unit = f"1/{SCALE} {item.unit_type}"[:20]
    return [
        UnitLine(
            day=day,
            what="premium_requests" if "request" in item.unit_type else "ai_credits",
            unit=unit,
            quantity=int(quantity * SCALE),
            model=item.model,
            detail=f"{item.sku}, {part}"[:120],
        )
        for part, quantity in parts.items()
        if quantity
    ]


def cost_of(item: BillItem, day: date) -> CostLine:
    """What was charged for one item beyond the seats."""
    return CostLine(
        day=day,
        project_id="",
        line_item=f"{item.sku} {item.model}".strip(),
        amount_nanos=to_nanos(item.net_amount),
        currency="USD",
        model=item.model,
        quantity=int(item.net_quantity),
        quantity_unit=item.unit_type,
    )


def activity_of(line: ReportLine) -> list[UnitLine]:
    """A person's day: prompts, generations and acceptances."""
    try:
        day = date.fromisoformat(line.day[:10])
    except ValueError as error:
        raise RowRefused(f"{line.day[:20]!r} is no day") from error
    counts = {
        "interactions": line.user_initiated_interaction_count,
        "generations": line.code_generation_activity_count,
        "acceptances": line.code_acceptance_activity_count,
    }
    return [
        UnitLine(day=day, what=what, unit="events", quantity=count, detail=line.user_login[:120])
        for what, count in counts.items()
        if count > 0
    ]


def seat_of(seat: Seat) -> SeatLine | None:
    """A seat; None for one whose holder is gone."""
    if seat.assignee is None:
        return None
    return SeatLine(
        person=seat.assignee.login,
        plan=f"GitHub Copilot {seat.plan_type}".strip(),
        team=seat.assigning_team.name if seat.assigning_team else "",
        since=_day(seat.created_at),
        ends=_day(seat.pending_cancellation_date),
        last_active=_day(seat.last_activity_at),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
