"""What the retention keeps, what it would let go of, and what has gone."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from apps.common import clock
from apps.common.periods import Month, month_of
from apps.ledger.enums import Axis, PeriodStatus
from apps.ledger.models import AccountingPeriod, LedgerState
from apps.ledger.rules import retention as rules
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.scope import require_organization_id


@dataclass(frozen=True, slots=True)
class Retention:
    """The setting: raw records of so many months are kept, or all of them."""

    months: int | None
    version: int


@dataclass(frozen=True, slots=True)
class MonthKept:
    """A month of raw records. `state`: kept, due (goes at the next run), held (old enough but not
    closed), going or gone. `records` counts them as the rollups do."""

    month: date
    status: str
    records: int
    state: str
    pruned_at: datetime | None = None
    pruned_records: int = 0

    @property
    def key(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def label(self) -> str:
        return PeriodStatus(self.status).label


def retention() -> Retention:
    """The setting in force."""
    state = LedgerState.objects.first()
    return (
        Retention(state.retention_months, state.retention_version) if state else Retention(None, 0)
    )


def months(keep: int | None) -> list[MonthKept]:
    """Every month with usage as a retention of so many months would treat it, latest first."""
    today = clock.today(ledger_settings().timezone)
    stored = {row.month: row for row in AccountingPeriod.objects.all()}
    counts = _records()
    edge = rules.cutoff(keep, today) if keep is not None else date.min
    return [
        _month(month, stored.get(month), counts.get(month, 0), edge)
        for month in sorted(counts.keys() | _closed(stored), reverse=True)
    ]


def due() -> list[date]:
    """Months whose raw records the setting in force lets go of and that are not all gone."""
    today = clock.today(ledger_settings().timezone)
    rows = AccountingPeriod.objects.filter(status=PeriodStatus.CLOSED, pruned_at=None)
    return rules.due(rows.values_list("month", flat=True), retention().months, today)


def _closed(stored: dict[date, AccountingPeriod]) -> set[date]:
    return {month for month, row in stored.items() if row.prune_started_at}


def _month(month: date, row: AccountingPeriod | None, records: int, edge: date) -> MonthKept:
    status = row.status if row else PeriodStatus.OPEN.value
    if row and row.prune_started_at:
        state = "gone" if row.pruned_at else "going"
    elif month >= edge:
        state = "kept"
    else:
        state = "due" if status == PeriodStatus.CLOSED else "held"
    return MonthKept(
        month=month,
        status=status,
        records=records,
        state=state,
        pruned_at=row.pruned_at if row else None,
        pruned_records=row.pruned_records if row else 0,
    )


def _records() -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('month', day)::date, sum(records) FROM rollup_axis "
            "WHERE organization_id = %s AND axis = %s GROUP BY 1",
            [require_organization_id(), int(Axis.TOTAL)],
        )
        return {month: int(records) for month, records in cursor.fetchall()}


def missing_partitions(ahead: int) -> list[date]:
    """Months without a partition, of the present one (UTC) and so many after it."""
    first = month_of(clock.now().date())
    wanted = {f"usage_record_{m.start:%Y%m}": m for m in (first.shift(n) for n in range(ahead + 1))}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'public.usage_record'::regclass AND c.relname = ANY(%s)",
            [list(wanted)],
        )
        found = {row[0] for row in cursor.fetchall()}
    return [month.start for name, month in sorted(wanted.items()) if name not in found]


def partitions() -> list[Month]:
    """Every month that has a partition, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(c.relname, 6) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'public.usage_record'::regclass ORDER BY 1"
        )
        return [Month(int(text[:4]), int(text[4:])) for (text,) in cursor.fetchall()]
