"""Usage in the ledger: single events with an exact cost."""

import itertools
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from apps.common.ids import uuid7
from apps.common.money import from_nanos
from apps.ledger.schema import UsageIn
from apps.ledger.services.ingest import ingest
from apps.tenancy.scope import require_organization_id

_numbers = itertools.count(1)
SOURCE = uuid7()


def spend(day: date | datetime, nanos: int, *, tokens: int = 100, **fields: Any) -> None:
    """One event of exactly this cost, at noon UTC of a day or at an instant, in the open scope."""
    at = day if isinstance(day, datetime) else datetime.combine(day, time(12), tzinfo=UTC)
    cost: Decimal = from_nanos(nanos)
    result = ingest(
        organization_id=require_organization_id(),
        source_id=SOURCE,
        batch=[
            UsageIn(
                occurred_at=at,
                provider="openai",
                model="gpt-4.1",
                event_id=f"event-{next(_numbers)}",
                input_uncached=tokens,
                cost=cost,
                cost_basis="provider_reported",
                **fields,
            )
        ],
    )
    assert (result.new, result.errors) == (1, []), result.errors
