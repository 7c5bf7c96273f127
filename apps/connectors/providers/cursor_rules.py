"""Cursor's usage events in the ledger's words. Pure.

Token counts are disjoint: input excludes what was read from or written to the cache. Money is in
cents as floats. `chargedCents` is what the event cost beyond the seat (model cost and fee); one
that is not chargeable is paid by the seat and costs nothing more. Events have no id: an event is
its time, person and model, and the n-th of those that are alike.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from apps.connectors.providers.base import Ask, RowRefused, UnitLine
from apps.connectors.providers.call_rules import model_of
from apps.connectors.providers.copilot_rules import INCLUDED, OVERAGE, SCALE
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn

GATEWAY = "cursor"
NANO = Decimal(10) ** -9


class TokenUsage(Documented, rename="camel"):
    """Tokens of one event."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    total_cents: Decimal = Decimal(0)

    may_lack: ClassVar = frozenset(
        {"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "total_cents"}
    )


class Event(Documented, rename="camel"):
    """One item of usageEvents. `timestamp` is milliseconds as text."""

    timestamp: str
    model: str
    kind: str
    is_chargeable: bool = True
    user_email: str = ""
    charged_cents: Decimal = Decimal(0)
    token_usage: TokenUsage | None = None

    unread: ClassVar = frozenset(
        {"maxMode", "requestsCosts", "isTokenBasedCall", "isHeadless", "cursorTokenFee"}
    )
    may_lack: ClassVar = frozenset({"is_chargeable", "user_email", "charged_cents", "token_usage"})


def instant_of(event: Event) -> datetime:
    """Raises RowRefused for a time that is none."""
    try:
        return datetime.fromtimestamp(int(event.timestamp) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise RowRefused(f"{event.timestamp[:20]!r} is no time") from error


def numbered(events: Iterable[Event]) -> Iterator[tuple[Event, int]]:
    """Each event with its number among those of the same time, person and model, in an order that
    does not depend on paging."""
    alike: dict[tuple[str, str, str], list[Event]] = {}
    for event in events:
        alike.setdefault((event.timestamp, event.user_email, event.model), []).append(event)
    for same in alike.values():
        same.sort(key=lambda e: (str(e.charged_cents), repr(e.token_usage), e.kind))
        yield from ((event, number) for number, event in enumerate(same))


def usage_of(event: Event, number: int, ask: Ask) -> UsageIn:
    """One event. Raises RowRefused for counts that cannot be true."""
    tokens = event.token_usage or TokenUsage()
    counts = (
        tokens.input_tokens,
        tokens.output_tokens,
        tokens.cache_read_tokens,
        tokens.cache_write_tokens,
    )
    if min(counts) < 0 or event.charged_cents < 0:
        raise RowRefused("a count is negative")
    charged = event.charged_cents / 100 if event.is_chargeable else Decimal(0)
    return UsageIn(
        occurred_at=instant_of(event),
        event_id=f"{event.timestamp}:{event.user_email}:{event.model}:{number}",
        observed_at=ask.observed_at,
        provider=GATEWAY,
        account=ask.account,
        model=model_of(event.model),
        user=event.user_email,
        tags={"billing": event.kind},
        input_uncached=tokens.input_tokens,
        output=tokens.output_tokens,
        cache_read=tokens.cache_read_tokens,
        cache_write_5m=tokens.cache_write_tokens,
        requests=1,
        cost=charged.quantize(NANO),
        cost_basis="provider_reported",
    )


def unit_of(event: Event, at: datetime) -> UnitLine:
    """The event as a request that the seat includes, or that is charged beyond it."""
    charged = event.is_chargeable and event.charged_cents > 0
    return UnitLine(
        day=at.date(),
        what="requests",
        unit=f"1/{SCALE} requests",
        quantity=SCALE,
        model=model_of(event.model),
        detail=f"{event.kind[:100]}, {OVERAGE if charged else INCLUDED}",
    )
