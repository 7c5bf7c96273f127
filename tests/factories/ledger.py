"""Usage, made the way sources make it."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.access.actors import system_actor
from apps.common.ids import uuid7
from apps.ledger.schema import IngestResult, UsageIn
from apps.ledger.services import ingest
from apps.pricing.enums import TermKind
from apps.pricing.services import RateTerms, negotiate_rate
from apps.tenancy.scope import require_organization_id

AT = datetime(2026, 11, 3, 10, 15, tzinfo=UTC)
"""A Tuesday morning in the past of every test that does not move the clock."""
_numbers = itertools.count(1)


def usage(**fields: Any) -> UsageIn:
    """One event of 1,000 input and 100 output tokens, with an id of its own."""
    fields.setdefault("occurred_at", AT)
    fields.setdefault("provider", "acme")
    fields.setdefault("model", "m1")
    fields.setdefault("input_uncached", 1_000)
    fields.setdefault("output", 100)
    if fields.get("granularity", "event") == "event":
        fields.setdefault("event_id", f"event-{next(_numbers)}")
    return UsageIn(**fields)


def take(batch: Sequence[UsageIn], source_id: UUID | None = None, **kw: Any) -> IngestResult:
    """Ingest into the open scope."""
    return ingest(
        organization_id=require_organization_id(),
        source_id=source_id or uuid7(),
        batch=batch,
        **kw,
    )


def price(model: str = "m1", *, input_per_mtok: str = "2", output_per_mtok: str = "8") -> None:
    """Give a model of provider acme a price, from 2020 on, in the open scope."""
    negotiate_rate(
        actor=system_actor("tests"),
        terms=RateTerms(
            name=f"{model} price",
            provider="acme",
            kind=TermKind.FIXED,
            model=model,
            starts_on=date(2020, 1, 1),
            rates={
                "input_uncached": Decimal(input_per_mtok),
                "cache_read": Decimal(input_per_mtok) / 10,
                "output": Decimal(output_per_mtok),
                "reasoning": Decimal(output_per_mtok),
            },
        ),
    )
