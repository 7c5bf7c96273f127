"""Months of the books: status, figures, proof."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, Min, Q

from apps.common import clock
from apps.common.errors import NotFound
from apps.common.periods import month_of, months_between
from apps.ledger.enums import Axis, PeriodStatus
from apps.ledger.models import MEASURES, AccountingPeriod, RollupAxis, UsageAdjustment
from apps.ledger.rules import periods as rules
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.scope import require_organization_id


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A month as people see it. `version` 0: nothing was ever done to it, it is open."""

    month: date
    status: str
    version: int
    cost_nanos: int
    tokens: int
    unpriced_records: int
    adjustments: int
    ended: bool
    closed_by: str = ""
    closed_at: Any = None
    note: str = ""
    digest: str = ""
    id: UUID | None = None
    prune_started_at: datetime | None = None
    pruned_at: datetime | None = None
    pruned_records: int = 0

    @property
    def label(self) -> str:
        return PeriodStatus(self.status).label

    @property
    def key(self) -> str:
        return f"{self.month:%Y-%m}"


def periods() -> list[PeriodRow]:
    """Every month with usage or a status, the latest first."""
    total = RollupAxis.objects.filter(axis=Axis.TOTAL)
    span = total.aggregate(first=Min("day"), last=Max("day"))
    stored = {row.month: row for row in AccountingPeriod.objects.all()}
    today = clock.today(ledger_settings().timezone)
    months = {month.start for month in months_between(today, today.replace(day=28))}
    if span["first"]:
        end = month_of(span["last"]).end
        months |= {month.start for month in months_between(span["first"], end)}
    figures = _figures()
    adjustments = _adjustments()
    return [
        _row(month, stored.get(month), figures.get(month), adjustments.get(month, 0), today)
        for month in sorted(months | stored.keys(), reverse=True)
    ]


def period(month: date) -> PeriodRow:
    """One month; NotFound for a month without usage or status."""
    for row in periods():
        if row.month == month:
            return row
    raise NotFound("There is no usage in this month.", code="period_not_found")


def _row(
    month: date,
    stored: AccountingPeriod | None,
    figures: tuple[int, int, int] | None,
    adjustments: int,
    today: date,
) -> PeriodRow:
    tokens, cost, unpriced = figures or (0, 0, 0)
    return PeriodRow(
        month=month,
        status=stored.status if stored else PeriodStatus.OPEN.value,
        version=stored.version if stored else 0,
        cost_nanos=cost,
        tokens=tokens,
        unpriced_records=unpriced,
        adjustments=adjustments,
        ended=rules.has_ended(month, today),
        closed_by=stored.closed_by if stored else "",
        closed_at=stored.closed_at if stored else None,
        note=stored.note if stored else "",
        digest=stored.digest if stored else "",
        id=stored.id if stored else None,
        prune_started_at=stored.prune_started_at if stored else None,
        pruned_at=stored.pruned_at if stored else None,
        pruned_records=stored.pruned_records if stored else 0,
    )


def _figures() -> dict[date, tuple[int, int, int]]:
    """Tokens, cost and unpriced records by month."""
    tokens = " + ".join(MEASURES[:10])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT date_trunc('month', day)::date, sum({tokens}), sum(cost_nanos), "
            "sum(unpriced_records) FROM rollup_axis WHERE organization_id = %s AND axis = %s "
            "GROUP BY 1",
            [require_organization_id(), int(Axis.TOTAL)],
        )
        return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in cursor.fetchall()}


def _adjustments() -> dict[date, int]:
    """Adjustment rows by the month they came from."""
    found: dict[date, int] = {}
    for day in UsageAdjustment.objects.values_list("origin_day", flat=True):
        month = day.replace(day=1)
        found[month] = found.get(month, 0) + 1
    return found


def figures_of(month: date) -> tuple[dict[str, int], str]:
    """Totals of a month and the digest of all its cells, as they are now."""
    end = month_of(month).end
    org = require_organization_id()
    measures = ", ".join(MEASURES)
    rows: list[tuple[object, ...]] = []
    with connection.cursor() as cursor:
        for table, cell in (
            ("rollup_axis", "axis, day, key"),
            ("rollup_fine", '"level", day, slice_id'),
        ):
            cursor.execute(
                f"SELECT {cell}, {measures} FROM {table} WHERE organization_id = %s "
                f"AND day >= %s AND day < %s ORDER BY {cell}",
                [org, month, end],
            )
            rows += [(table, *row) for row in cursor.fetchall() if any(row[3:])]
    totals = dict.fromkeys(MEASURES, 0)
    for row in rows:
        if row[0] == "rollup_axis" and row[1] == Axis.TOTAL:
            for name, value in zip(MEASURES, row[4:], strict=True):
                totals[name] += int(str(value))
    return totals, rules.digest(rows)


def pruned_months(first: date = date.min, last: date = date.max) -> list[date]:
    """Months that share a day with [first, last) and whose raw records are gone or going."""
    found = AccountingPeriod.objects.filter(prune_started_at__isnull=False, month__lt=last)
    return sorted(m for m in found.values_list("month", flat=True) if month_of(m).end > first)


def closed_months() -> list[date]:
    """Months that are closed, the latest first."""
    found = AccountingPeriod.objects.filter(status=PeriodStatus.CLOSED)
    return list(found.order_by("-month").values_list("month", flat=True))


def in_months(field: str, months: Iterable[date]) -> Q:
    """Whether a day lies in one of these months (first days)."""
    parts = [Q(**{f"{field}__gte": m, f"{field}__lt": month_of(m).end}) for m in months]
    return reduce(or_, parts, Q(pk__in=[]))


def is_unchanged(month: date) -> bool | None:
    """Whether a closed month still has exactly the cells it was closed with; None if not closed."""
    stored = AccountingPeriod.objects.filter(month=month, status=PeriodStatus.CLOSED).first()
    return figures_of(month)[1] == stored.digest if stored else None
