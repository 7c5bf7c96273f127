"""The ledger's lock and settings.

Ingesting takes the lock shared: any number of workers at once. What moves records between cells
(re-attribution, period close, recost, rebuild) takes it exclusively, in short transactions. Both
hold it until the end of the transaction.
"""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from apps.ledger.enums import PeriodStatus
from apps.ledger.models import AccountingPeriod, LedgerState
from apps.organizations.selectors import organization
from apps.tenancy.scope import require_organization_id


@dataclass(frozen=True, slots=True)
class Settings:
    """What cells are cut with, and the months that may no longer move (first days)."""

    timezone: str
    currency: str
    attribution_version: int
    closed: frozenset[date]
    pruned: frozenset[date] = frozenset()
    """Closed months whose raw records are gone or going."""


def lock(*, exclusive: bool = False) -> Settings:
    """Take the ledger's lock for the rest of the transaction and read the settings under it."""
    function = "pg_advisory_xact_lock" + ("" if exclusive else "_shared")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(hashtextextended(%s, 0))",
            [f"ledger:{require_organization_id()}"],
        )
    return settings()


def commit_lazily() -> None:
    """Let the open transaction end without waiting for the disk.

    For work that a crash of the database may undo as a whole because it is done again: a batch is
    marked as done, and a pull's cursor moved, in or after the transaction that writes its records,
    so that neither survives without the other. Other workers wait for the cells until the commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def settings() -> Settings:
    """The settings, without the lock. The first call fixes the organization's zone and currency.

    A later change of the organization's time zone takes effect by `services.rebuild`: until then
    every figure stays cut as it was.
    """
    state = LedgerState.objects.first() or _create()
    closed = dict(
        AccountingPeriod.objects.filter(status=PeriodStatus.CLOSED).values_list(
            "month", "prune_started_at"
        )
    )
    return Settings(
        timezone=state.timezone,
        currency=state.currency,
        attribution_version=state.attribution_version,
        closed=frozenset(closed),
        pruned=frozenset(month for month, started in closed.items() if started),
    )


def _create() -> LedgerState:
    own = organization()
    LedgerState.objects.bulk_create(
        [LedgerState(timezone=own.timezone, currency=own.currency)],
        ignore_conflicts=True,
    )
    return LedgerState.objects.get()
