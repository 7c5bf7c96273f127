"""`migrate`, one at a time.

Two at once would each create the same table, and one would fail half-way: after a supervisor that
was killed, or when two hosts release together. A second one waits and finds the work done.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

LOCK = "tokenops:migrate"
POLL_SECONDS = 0.2


@contextmanager
def alone(
    connection: BaseDatabaseWrapper, pause: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the database's lock on migrations.

    It is asked for again and again rather than waited for in the database: a statement that waits
    holds a snapshot, and an index that is built concurrently waits for older snapshots.
    """
    while not _ask(connection, "pg_try_advisory_lock"):
        pause(POLL_SECONDS)
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            _ask(connection, "pg_advisory_unlock")


def _ask(connection: BaseDatabaseWrapper, function: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [LOCK])
        return bool(cursor.fetchone()[0])


class Command(migrate.Command):
    """Django's own, under the lock."""

    def handle(self, *args: Any, **options: Any) -> None:
        with alone(connections[options["database"]]):
            super().handle(*args, **options)
