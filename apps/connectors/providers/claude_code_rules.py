"""Claude Code analytics in the ledger's words. Pure.

A row is a person or key, a UTC day and a model. The token counters are disjoint; how long a cache
entry lives is not told, so writes count as five-minute ones. The cost is an estimate in cents. A
row of a subscription has tokens that cost nothing more: no money is stated for it.
"""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import ClassVar

from apps.connectors.providers.anthropic_rules import CENT
from apps.connectors.providers.base import Ask, RowRefused
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn

SUBSCRIPTION = "subscription"


class Actor(Documented):
    """A person or a key."""

    type: str
    email_address: str = ""
    api_key_name: str = ""

    may_lack: ClassVar = frozenset({"email_address", "api_key_name"})


class Tokens(Documented):
    input: int
    output: int
    cache_read: int
    cache_creation: int


class Money(Documented):
    amount: Decimal
    currency: str


class ModelRow(Documented):
    model: str
    tokens: Tokens
    estimated_cost: Money | None = None


class DayRow(Documented):
    """One person's or key's day. Productivity figures are documented and not read."""

    date: datetime
    actor: Actor
    customer_type: str
    model_breakdown: list[ModelRow]
    subscription_type: str | None = None

    unread: ClassVar = frozenset(
        {"organization_id", "terminal_type", "is_remote", "core_metrics", "tool_actions"}
    )
    may_lack: ClassVar = frozenset({"subscription_type"})


def usage_of(row: DayRow, part: ModelRow, *, ask: Ask) -> UsageIn:
    """One quantity to compare. Raises RowRefused for negative counts."""
    tokens = part.tokens
    if min(tokens.input, tokens.output, tokens.cache_read, tokens.cache_creation) < 0:
        raise RowRefused("a token count is negative")
    money = part.estimated_cost if row.customer_type != SUBSCRIPTION else None
    day = row.date.astimezone(UTC).date()
    return UsageIn(
        occurred_at=datetime.combine(day, time(), UTC),
        granularity="day",
        observed_at=ask.observed_at,
        provider="anthropic",
        account=ask.account,
        model=part.model,
        api_key=row.actor.api_key_name,
        api_key_id=row.actor.api_key_name,
        user=row.actor.email_address,
        service_tier=row.customer_type,
        input_uncached=tokens.input,
        cache_read=tokens.cache_read,
        cache_write_5m=tokens.cache_creation,
        output=tokens.output,
        cost=None if money is None else money.amount * CENT,
        currency="USD" if money is None else money.currency.upper(),
    )
