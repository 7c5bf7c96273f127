"""Cumulative counters: what a point adds to the last one, decided once for each point.

The emitters of the series are locked, their last points read and written in the transaction that
accepts the records: a request that is repeated, or runs beside another one of the same emitter,
finds the points already counted. All emitters of the body are locked here, at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.connectors.push.rules.calls import Reason, nanoseconds
from apps.connectors.push.rules.points import Group, State, advance
from apps.connectors.push.services.locking import lock
from apps.ledger.services.sql import fetch, insert_rows
from apps.tenancy.scope import require_organization_id

REMEMBERED = timedelta(days=35)
"""A counter that is silent for longer starts from a baseline."""
_COLUMNS = (
    ("key", "uuid"),
    ("time", "bigint"),
    ("value", "bigint"),
    ("count", "bigint"),
    ("expires_on", "date"),
)
_LATER = (
    "(organization_id, key) DO UPDATE SET time = excluded.time, value = excluded.value, "
    "count = excluded.count, expires_on = excluded.expires_on "
    "WHERE push_series.time < excluded.time"
)


def advance_all(groups: Sequence[Group], now: datetime) -> None:
    """Decide the deltas of cumulative groups, and for each why it may have added nothing."""
    if not groups:
        return
    lock(key for group in groups for key in (*group.claims, *group.checks))
    cumulative = sorted((g for g in groups if g.cumulative), key=lambda group: group.time)
    if not cumulative:
        return
    keys = sorted({series.key for group in cumulative for series in group.series})
    rows = fetch(
        "SELECT key, time, value, count FROM push_series "
        "WHERE organization_id = %s AND key = ANY(%s)",
        [require_organization_id(), [UUID(bytes=key) for key in keys]],
    )
    states = {row[0].bytes: State(*row[1:]) for row in rows}
    changed: set[bytes] = set()
    oldest = nanoseconds(now - REMEMBERED)
    for group in cumulative:
        for series in group.series:
            state, reason = advance(series, states.get(series.key), oldest=oldest)
            if state is not None:
                states[series.key] = state
                changed.add(series.key)
            if reason is not Reason.NO_TOKENS:
                group.silence = reason
    expires = (now + REMEMBERED).date()
    insert_rows(
        "push_series",
        _COLUMNS,
        [
            (UUID(bytes=key), states[key].time, states[key].value, states[key].count, expires)
            for key in sorted(changed)
        ],
        order="key",
        conflict=_LATER,
    )
