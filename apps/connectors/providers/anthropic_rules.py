"""Anthropic's numbers in the ledger's words. Pure.

The four input counters are disjoint already. Amounts of the cost report are decimal strings in
cents. A null workspace is the default workspace, a null key is use through the console: both are
values, not gaps.

Where inference ran and how fast decide the price, so a row that is not of the ordinary kind is a
record of its own: its tier is `fast`, `standard+us`, `fast+us` (`pricing.rules.parse_served`).
Rows of standard speed, anywhere, keep the record they had before the report told them apart.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from apps.common.money import to_nanos
from apps.common.tokens import KINDS
from apps.connectors.providers.base import CostLine, Names, RowRefused, UnitLine
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn

CENT = Decimal("0.01")
DEFAULT_WORKSPACE = "default"
CONSOLE_KEY = "console"
ANYWHERE = frozenset({"", "global", "not_available"})
"""Inference wherever there is room. `not_available`: a model that offers no choice."""
STANDARD = "standard"
FAST = "fast"
_US = "us"


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
    inference_geo: str | None = None
    speed: str | None = None

    unread: ClassVar = frozenset({"account_id", "service_account_id"})
    may_lack: ClassVar = frozenset({"inference_geo", "speed"})

    @property
    def geo(self) -> str:
        """Where inference had to run; "" for anywhere."""
        geo = (self.inference_geo or "").strip().lower()
        return "" if geo in ANYWHERE else geo

    @property
    def pace(self) -> str:
        """The speed that was asked for; "" for the standard one."""
        speed = (self.speed or "").strip().lower()
        return "" if speed == STANDARD else speed

    @property
    def tier(self) -> str:
        """The tier as the price book reads it, the report's own word for an ordinary row."""
        tier = self.service_tier or ""
        beside = [self.geo] if self.geo else []
        if self.pace == FAST and tier.lower() in ("", STANDARD):
            tier = FAST
        elif self.pace:
            # Fast batches, or a third speed, are not offered: no price may stand in for theirs.
            beside = [self.pace, *beside]
        return "+".join([tier or STANDARD, *beside]) if beside else tier

    @property
    def no_price(self) -> str:
        """Why the price book has no price for where or how fast the row was served; "" if it may
        have one."""
        if self.geo not in ("", _US):
            return f"inference in “{self.geo}”"
        if self.pace not in ("", FAST):
            return f"the speed “{self.pace}”"
        if self.pace and (self.service_tier or STANDARD).lower() != STANDARD:
            return f"the tier “{self.service_tier}” at the speed “{self.pace}”"
        return ""


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
        service_tier=row.tier,
        context_window=row.context_window or "",
        region=row.geo,
        input_uncached=row.uncached_input_tokens,
        cache_read=row.cache_read_input_tokens,
        cache_write_5m=written.ephemeral_5m_input_tokens,
        cache_write_1h=written.ephemeral_1h_input_tokens,
        output=row.output_tokens,
    )


def merged(records: Iterable[UsageIn]) -> list[UsageIn]:
    """Rows of one record added up: the report tells some apart that cost the same (global, and
    models without a choice)."""
    found: dict[tuple[object, ...], UsageIn] = {}
    for record in records:
        key = (
            record.occurred_at,
            record.api_key_id,
            record.project_id,
            record.model,
            record.service_tier,
            record.context_window,
            record.region,
        )
        first = found.setdefault(key, record)
        if first is not record:
            for kind in KINDS:
                setattr(first, kind, getattr(first, kind) + getattr(record, kind))
    return list(found.values())


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
