"""The records of one source, as it said them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.common.tokens import KINDS
from apps.ledger.enums import CostBasis, CostStatus
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.scope import require_organization_id


class SourceRecord(NamedTuple):
    """A record that counts. `own_nanos` is the source's own cost in `own_currency`; both are None
    where it said none and the ledger priced the tokens."""

    record_key: UUID
    occurred_at: datetime
    observed_at: datetime
    provider: str
    account: str
    project_id: str
    project: str
    api_key_id: str
    api_key: str
    user: str
    model: str
    service_tier: str
    requests: int | None
    own_nanos: int | None
    own_currency: str | None
    input_uncached: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    reasoning: int
    audio_input: int
    audio_output: int
    image_input: int
    image_output: int


_WORDS = (
    "provider",
    "account",
    "project_id",
    "project",
    "api_key_id",
    "api_key",
    '"user"',
    "model",
    "service_tier",
)
_OWN = f"r.cost_basis = {CostBasis.PROVIDER_REPORTED}"
_SQL = (
    "SELECT r.record_key, r.occurred_at, r.observed_at, "
    + ", ".join(f"d.{name}" for name in _WORDS)
    + ", r.requests, "
    f"CASE WHEN {_OWN} THEN coalesce(r.source_cost_nanos, r.cost_nanos) END, "
    f"CASE WHEN {_OWN} THEN coalesce(r.source_currency, %(currency)s) END, "
    + ", ".join(f"coalesce(r.{kind}, 0)" for kind in KINDS)
    + " FROM usage_record r JOIN dimension_set d ON d.organization_id = %(org)s "
    "AND d.id = r.dimset_id AND d.source_id = %(source)s WHERE r.organization_id = %(org)s "
    "AND r.occurred_at >= %(start)s AND r.occurred_at < %(end)s "
    f"AND r.cost_status <> {CostStatus.WITHDRAWN} ORDER BY r.occurred_at, r.record_key"
)


def records_of(source_id: UUID, start: datetime, end: datetime) -> list[SourceRecord]:
    """What a source counts in [start, end), without what was withdrawn."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "org": require_organization_id(),
                "source": source_id,
                "start": start,
                "end": end,
                "currency": ledger_settings().currency,
            },
        )
        return [SourceRecord(*row) for row in cursor.fetchall()]
