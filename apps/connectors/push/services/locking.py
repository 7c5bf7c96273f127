"""Emitters, one at a time: whoever decides what counts waits for whoever decides the same."""

from collections.abc import Iterable

from django.db import connection

from apps.connectors.push.rules.calls import Key
from apps.connectors.push.rules.emitters import key_of, locks
from apps.tenancy.scope import require_organization_id


def lock(keys: Iterable[Key]) -> None:
    """Hold the emitters of some keys until the transaction ends. Taken in order: no deadlock.

    Take all locks of a transaction at once where possible; a second call with other keys is safe
    only when the first one's keys include them or come before.
    """
    organization = str(require_organization_id())
    numbers = locks(key_of("lock", organization, key.hex()) for key in set(keys))
    if not numbers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(n) FROM (SELECT unnest(%s::bigint[]) AS n ORDER BY 1) s",
            [numbers],
        )
