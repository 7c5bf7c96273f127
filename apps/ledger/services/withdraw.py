"""Buckets that a complete pull no longer contains."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import numpy as np

from apps.common.tokens import KINDS
from apps.ledger.enums import CostStatus, Granularity, RestatementReason
from apps.ledger.rules.columns import Columns
from apps.ledger.services import stage
from apps.ledger.services.merge import ONE_SOURCE, RETURNED, Version, restating, versions
from apps.tenancy.scope import require_organization_id

TABLE = "ledger_window"


def withdraw(
    *,
    source_id: UUID,
    start: datetime,
    end: datetime,
    seen: Sequence[Columns],
    observed_at: datetime,
    batch_id: UUID | None,
    events: bool = False,
) -> Version:
    """Set the source's other buckets in [start, end) to nothing; their superseded versions.

    Events are withdrawn only where it is said: a call that a pull no longer lists happened all the
    same, one that another channel counts is not to be counted here.
    """
    keys = np.concatenate([columns.key_bytes() for columns in seen])
    stage.copy_in(
        TABLE,
        {
            "n": np.arange(len(keys)),
            "record_key": keys,
            "occurred_at": np.concatenate([columns.occurred for columns in seen]),
        },
    )
    zero = ", ".join(
        f"{kind} = {'0' if kind in ('input_uncached', 'output') else 'NULL'}" for kind in KINDS
    )
    kept = "true" if events else f"r.granularity <> {Granularity.EVENT}"
    update = (
        f"UPDATE usage_record r SET {zero}, requests = NULL, cost_nanos = 0, price_id = NULL, "
        f"cost_status = {CostStatus.WITHDRAWN}, source_cost_nanos = NULL, source_currency = NULL, "
        "version = r.version + 1, observed_at = %(observed)s "
        "WHERE r.organization_id = %(org)s AND r.occurred_at >= %(start)s "
        "AND r.occurred_at < %(end)s AND r.observed_at <= %(observed)s "
        f"AND {kept} AND r.cost_status <> {CostStatus.WITHDRAWN} "
        "AND EXISTS (SELECT FROM dimension_set d WHERE d.organization_id = %(org)s "
        "AND d.id = r.dimset_id AND d.source_id = %(source)s) "
        f"AND NOT EXISTS (SELECT FROM {TABLE} s WHERE s.occurred_at = r.occurred_at "
        f"AND s.record_key = r.record_key) RETURNING 0 AS n, {RETURNED}"
    )
    _, old, _ = versions(
        restating(update, source=ONE_SOURCE),
        {
            "org": require_organization_id(),
            "source": source_id,
            "start": start,
            "end": end,
            "observed": observed_at,
            "batch": batch_id,
            "reason": RestatementReason.WITHDRAWN.value,
        },
    )
    return old
