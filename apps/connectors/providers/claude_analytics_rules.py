"""Rows of Anthropic's analytics in the ledger's words. Pure.

The counters are disjoint and `total_tokens` is their sum. Amounts are decimal strings in cents:
after discounts and before credits, with the list amount beside them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from apps.common.money import to_nanos
from apps.connectors.providers.anthropic_rules import (
    CENT,
    CONSOLE_KEY,
    DEFAULT_WORKSPACE,
    CacheCreation,
    ServerToolUse,
)
from apps.connectors.providers.base import Ask, CostLine, RowRefused
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn


class UsageGroup(Documented):
    """The dimensions a row was grouped by; every other one is null."""

    workspace_id: str | None = None
    api_key_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None

    open: ClassVar = True


class UsageMetrics(Documented):
    uncached_input_tokens: int
    cache_read_input_tokens: int
    cache_creation: CacheCreation
    output_tokens: int
    total_tokens: int
    server_tool_use: ServerToolUse | None = None
    requests: int | None = None


class UsageRow(Documented):
    starting_at: datetime
    ending_at: datetime
    group: UsageGroup
    usage: UsageMetrics


class CostGroup(Documented):
    workspace_id: str | None = None
    model: str | None = None
    cost_type: str | None = None
    token_type: str | None = None
    service_tier: str | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"cost_type", "token_type"})


class CostMetrics(Documented):
    amount: str
    currency: str
    list_amount: str = ""
    requests: int | None = None


class CostRow(Documented):
    starting_at: datetime
    ending_at: datetime
    group: CostGroup
    cost: CostMetrics

    unread: ClassVar = frozenset({"requests"})


def usage_of(row: UsageRow, *, start: datetime, ask: Ask) -> tuple[UsageIn, str]:
    """One ledger quantity, and what did not add up. Raises RowRefused for negative counts."""
    usage, group = row.usage, row.group
    counts = (
        usage.uncached_input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation.ephemeral_5m_input_tokens,
        usage.cache_creation.ephemeral_1h_input_tokens,
        usage.output_tokens,
    )
    if min(counts) < 0 or (usage.requests or 0) < 0:
        raise RowRefused("a count is negative")
    total = sum(counts)
    problem = "" if total == usage.total_tokens else f"total {usage.total_tokens} is not {total}"
    workspace = group.workspace_id or DEFAULT_WORKSPACE
    key = group.api_key_id or CONSOLE_KEY
    names = ask.names
    record = UsageIn(
        occurred_at=start,
        granularity="hour",
        observed_at=ask.observed_at,
        provider="anthropic",
        account=ask.account,
        model=group.model or "unknown",
        project_id=workspace,
        project=names.projects.get(
            workspace, "Default workspace" if workspace == DEFAULT_WORKSPACE else workspace
        ),
        api_key_id=key,
        api_key=names.keys.get(key, "Console" if key == CONSOLE_KEY else key),
        service_tier=group.service_tier or "",
        context_window=group.context_window or "",
        input_uncached=counts[0],
        cache_read=counts[1],
        cache_write_5m=counts[2],
        cache_write_1h=counts[3],
        output=counts[4],
        requests=usage.requests,
    )
    return record, problem


def cost_of(row: CostRow, day: date) -> CostLine:
    """A line of the bill after discounts: "10250.4375" are cents, so 102.504375 dollars."""
    group = row.group
    parts = [group.model or group.cost_type or "all usage", group.service_tier, group.token_type]
    return CostLine(
        day=day,
        project_id=group.workspace_id or DEFAULT_WORKSPACE,
        line_item=", ".join(part for part in parts if part)[:255],
        model=group.model or "",
        amount_nanos=to_nanos(Decimal(row.cost.amount) * CENT),
        currency=row.cost.currency.upper(),
    )
