"""Anthropic's numbers in the ledger's words. Pure.

The four input counters are disjoint already. Amounts of the cost report are decimal strings in
cents. A null workspace is the default workspace, a null key is use through the console: both are
values, not gaps.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from apps.common.money import to_nanos
from apps.connectors.providers.base import CostLine, Names, RowRefused, UnitLine
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn

CENT = Decimal("0.01")
DEFAULT_WORKSPACE = "default"
CONSOLE_KEY = "console"


class CacheCreation(Documented):
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUse(Documented):
    web_search_requests: int = 0


class MessagesRow(Documented):
    """One result of usage_report/messages. Every token counter must be there: they are disjoint,
    so one that lacked would be tokens that are not counted."""

    uncached_input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation: CacheCreation | None
    server_tool_use: ServerToolUse | None = None
    api_key_id: str | None = None
    workspace_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None

    unread: ClassVar = frozenset({"account_id", "service_account_id", "inference_geo", "speed"})


class CostRow(Documented):
    """One result of cost_report, grouped by workspace and description."""

    amount: str
    currency: str
    description: str | None = None
    cost_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    workspace_id: str | None = None

    unread: ClassVar = frozenset({"token_type", "inference_geo", "speed"})


def usage_of(
    row: MessagesRow, *, start: datetime, account: str, names: Names, observed_at: datetime
) -> UsageIn:
    """One ledger quantity. Raises RowRefused for negative counts.

    The report does not say how many requests a bucket holds.
    """
    written = row.cache_creation or CacheCreation(0, 0)
    counts = (
        row.uncached_input_tokens,
        row.cache_read_input_tokens,
        written.ephemeral_5m_input_tokens,
        written.ephemeral_1h_input_tokens,
        row.output_tokens,
    )
    if min(counts) < 0:
        raise RowRefused("a token count is negative")
    workspace, key = row.workspace_id or DEFAULT_WORKSPACE, row.api_key_id or CONSOLE_KEY
    return UsageIn(
        occurred_at=start,
        granularity="hour",
        observed_at=observed_at,
        provider="anthropic",
        account=account,
        model=row.model or "unknown",
        project_id=workspace,
        project=_name(names.projects, workspace, DEFAULT_WORKSPACE, "Default workspace"),
        api_key_id=key,
        api_key=_name(names.keys, key, CONSOLE_KEY, "Console"),
        service_tier=row.service_tier or "",
        context_window=row.context_window or "",
        input_uncached=row.uncached_input_tokens,
        cache_read=row.cache_read_input_tokens,
        cache_write_5m=written.ephemeral_5m_input_tokens,
        cache_write_1h=written.ephemeral_1h_input_tokens,
        output=row.output_tokens,
    )


def searches_of(row: MessagesRow, day: date) -> UnitLine | None:
    """Web searches of a row: calls, not tokens. None when there were none."""
    calls = row.server_tool_use.web_search_requests if row.server_tool_use else 0
    if calls <= 0:
        return None
    return UnitLine(
        day=day,
        what="web_search_calls",
        unit="calls",
        quantity=calls,
        project_id=row.workspace_id or DEFAULT_WORKSPACE,
        api_key_id=row.api_key_id or CONSOLE_KEY,
        model=row.model or "",
    )


def cost_of(row: CostRow, day: date) -> CostLine:
    """A line of the bill: "123.78912" are cents, so 1.2378912 dollars."""
    parts = [row.description or row.cost_type or "all usage"]
    if row.context_window and row.context_window != "0-200k":
        parts.append(row.context_window)
    return CostLine(
        day=day,
        project_id=row.workspace_id or DEFAULT_WORKSPACE,
        line_item=", ".join(parts)[:255],
        model=row.model or "",
        amount_nanos=to_nanos(Decimal(row.amount) * CENT),
        currency=row.currency.upper(),
    )


def _name(names: dict[str, str], key: str, special: str, label: str) -> str:
    return label if key == special else names.get(key, key)
