"""How planning is put into words and columns."""

from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.web.columns import Column, Value
from apps.planning.models import PlanningCycle


def money(nanos: int | None, currency: str) -> str:
    return fmt.DASH if nanos is None else fmt.money(nanos, currency, style="exact")


def days(cycle: PlanningCycle) -> str:
    return fmt.day_range(cycle.starts_on, cycle.ends_on)


def money_column(
    name: str, label: str, currency: str, value: Value, *, sort: str = "", phone: bool = True
) -> Column:
    """Money of rows that all have one currency: rounded on the page, exact in files."""
    return Column(
        name,
        label,
        value=lambda row: money(value(row), currency),
        csv=lambda row: None if value(row) is None else from_nanos(value(row)),
        csv_label=f"{label} ({currency})",
        sort=sort,
        align="num",
        phone=phone,
    )
