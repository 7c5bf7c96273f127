"""Month partitions of the records, made on demand through a door."""

from collections.abc import Iterable
from datetime import date

from django.db import connection

_made: set[date] = set()


def missing(months: Iterable[date]) -> list[date]:
    """Months that this process has not seen a partition of, in order."""
    return sorted(set(months) - _made)


def ensure(months: Iterable[date]) -> None:
    """Make sure that the partitions of these months (first days, UTC) exist.

    Workers own no tables: the function `tenancy.ledger_ensure_partition` creates the month with
    row level security on, no policy and no grant. It refuses months outside 2020 to 2099.
    """
    with connection.cursor() as cursor:
        for month in missing(months):
            cursor.execute("SELECT tenancy.ledger_ensure_partition(%s)", [month])


def remember(months: Iterable[date]) -> None:
    """Not to be asked again; only after the commit of the transaction that ensured them."""
    _made.update(months)
