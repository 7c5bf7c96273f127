"""Forgetting what only decides about late telemetry."""

from datetime import timedelta

from django.db import connection

from apps.common import clock
from apps.tenancy.scope import require_organization_id

EXPIRING = ("push_claim", "push_provisional", "push_series")
TALLIES = timedelta(days=400)
COMPARED = timedelta(days=90)
"""A record for comparison that was last written so long ago is not delivered again."""
_LIMIT = 20_000


def forget_expired() -> int:
    """Delete what has expired, in the open scope, a slice of each table at a time."""
    today = clock.now().date()
    organization_id = require_organization_id()
    gone = 0
    with connection.cursor() as cursor:
        for table in EXPIRING:
            cursor.execute(
                f"DELETE FROM {table} WHERE organization_id = %s AND ctid IN (SELECT ctid "
                f"FROM {table} WHERE organization_id = %s AND expires_on < %s LIMIT {_LIMIT})",
                [organization_id, organization_id, today],
            )
            gone += cursor.rowcount
        cursor.execute(
            "DELETE FROM push_tally WHERE organization_id = %s AND day < %s",
            [organization_id, today - TALLIES],
        )
        gone += cursor.rowcount
        cursor.execute(
            "DELETE FROM connectors_comparedrecord WHERE organization_id = %s AND ctid IN (SELECT "
            "ctid FROM connectors_comparedrecord WHERE organization_id = %s AND seen_on < %s "
            f"LIMIT {_LIMIT})",
            [organization_id, organization_id, today - COMPARED],
        )
        gone += cursor.rowcount
    return gone
