"""LiteLLM's numbers in the ledger's words. Pure.

`prompt_tokens` contains what was read from and written to a cache, whatever the provider; a call's
`usage_object` says how much. `spend` is dollars that LiteLLM computed; 0 for a model it has no
price for, which is no price. A gateway sees what was asked through it and what it saw the end of:
its totals are a lower bound of the provider's.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import ClassVar, TypeVar

import msgspec

from apps.common.money import to_nanos
from apps.connectors.providers.base import Ask, CostLine, RowRefused, with_counts
from apps.connectors.providers.call_rules import CallUsage, model_of, provider_of, split
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import MAX_TAGS, UsageIn

GATEWAY = "litellm"
NANO = Decimal(10) ** -9
T = TypeVar("T")


class Metrics(Documented):
    """Sums of a day, or of a part of it."""

    spend: Decimal
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    successful_requests: int | None = None
    api_requests: int | None = None

    unread: ClassVar = frozenset({"failed_requests"})
    open: ClassVar = True
    may_lack: ClassVar = frozenset(
        {
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "successful_requests",
            "api_requests",
        }
    )


class KeyMetadata(Documented):
    key_alias: str | None = None
    team_id: str | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"key_alias", "team_id"})


class KeyPart(Documented):
    metrics: Metrics
    metadata: KeyMetadata | None = None

    may_lack: ClassVar = frozenset({"metadata"})


class ModelPart(Documented):
    metrics: Metrics
    api_key_breakdown: dict[str, KeyPart] = {}

    unread: ClassVar = frozenset({"metadata"})
    may_lack: ClassVar = frozenset({"api_key_breakdown"})


class Breakdown(Documented):
    models: dict[str, ModelPart] = {}

    open: ClassVar = True


class DayActivity(Documented):
    """One UTC day, or the part of it that one page holds."""

    date: date
    metrics: Metrics
    breakdown: Breakdown


class CallMetadata(Documented):
    """What is used of a call's metadata. Prompts, headers and messages are never decoded."""

    user_api_key_alias: str | None = None
    user_api_key_team_alias: str | None = None
    user_api_key_user_email: str | None = None
    usage_object: CallUsage | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset(
        {
            "user_api_key_alias",
            "user_api_key_team_alias",
            "user_api_key_user_email",
            "usage_object",
        }
    )


class Call(Documented, rename={"started_at": "startTime"}):
    """A row of the spend logs: one call. `request_id` is its identity."""

    request_id: str
    started_at: datetime
    model: str
    spend: Decimal
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    api_key: str = ""
    custom_llm_provider: str | None = ""
    model_group: str | None = ""
    user: str | None = ""
    team_id: str | None = ""
    end_user: str | None = ""
    status: str | None = ""
    cache_hit: str | None = ""
    metadata: CallMetadata | str | None = None
    request_tags: list[str] | str | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset(
        {
            "custom_llm_provider",
            "model_group",
            "user",
            "team_id",
            "end_user",
            "status",
            "cache_hit",
            "request_tags",
        }
    )


def counts_of(metrics: Metrics) -> tuple[int, int, int, int]:
    """Uncached input, cache read, cache written, output of a sum. Raises RowRefused if untrue."""
    read, written = metrics.cache_read_input_tokens, metrics.cache_creation_input_tokens
    fresh = metrics.prompt_tokens - read - written
    found = (fresh, read, written, metrics.completion_tokens)
    if min(found) < 0:
        raise RowRefused(f"prompt {metrics.prompt_tokens} is less than its cached parts")
    return found


def problem_of(metrics: Metrics) -> str:
    """What does not add up in a sum; "" when everything does."""
    total = metrics.prompt_tokens + metrics.completion_tokens
    return "" if total == metrics.total_tokens else f"total {metrics.total_tokens} is not {total}"


def day_of(day: date, model: str, key: str, part: KeyPart, ask: Ask) -> UsageIn:
    """A day of one model and key. Raises RowRefused for counts that cannot be true."""
    metrics, about = part.metrics, part.metadata or KeyMetadata()
    team = about.team_id or ""
    fresh, read, written, output = counts_of(metrics)
    return UsageIn(
        occurred_at=datetime.combine(day, time(), UTC),
        granularity="day",
        observed_at=ask.observed_at,
        provider=provider_of(model, otherwise=GATEWAY),
        account=ask.account,
        model=model_of(model),
        api_key_id=key,
        api_key=about.key_alias or ask.names.keys.get(key, ""),
        project_id=team,
        project=ask.names.projects.get(team, team),
        input_uncached=fresh,
        cache_read=read,
        cache_write_5m=written,
        output=output,
        requests=_requests(metrics),
        cost=metrics.spend.quantize(NANO),
    )


def bill_of(day: date, model: str, metrics: Metrics) -> CostLine:
    """What LiteLLM says a model cost on a day, in dollars."""
    return CostLine(
        day=day,
        project_id="",
        line_item=model[:255],
        model=model_of(model),
        amount_nanos=to_nanos(metrics.spend),
        currency="USD",
        quantity=metrics.total_tokens,
        quantity_unit="tokens",
    )


def started_at(call: Call) -> datetime:
    """When a call began; LiteLLM writes UTC without saying so."""
    start = call.started_at
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def is_counted(call: Call) -> bool:
    """Whether a call used the provider: not if the gateway's own cache answered or it failed."""
    if (call.cache_hit or "").lower() == "true":
        return False
    return call.total_tokens > 0 or (call.status or "success") == "success"


def call_of(call: Call, ask: Ask) -> tuple[UsageIn, str]:
    """One call, and what did not add up. Raises RowRefused for counts that cannot be true."""
    about = _decoded(call.metadata, CallMetadata) or CallMetadata()
    usage = about.usage_object or CallUsage()
    usage.prompt_tokens, usage.completion_tokens = call.prompt_tokens, call.completion_tokens
    usage.total_tokens = call.total_tokens
    counts, problem = split(usage)
    model = call.model or call.model_group or "unknown"
    record = UsageIn(
        occurred_at=started_at(call),
        event_id=call.request_id,
        observed_at=ask.observed_at,
        provider=provider_of(model, call.custom_llm_provider or "", otherwise=GATEWAY),
        account=ask.account,
        model=model_of(model),
        api_key_id=call.api_key[:255],
        api_key=(about.user_api_key_alias or ask.names.keys.get(call.api_key, ""))[:255],
        project_id=(call.team_id or "")[:255],
        project=(about.user_api_key_team_alias or call.team_id or "")[:255],
        user=(about.user_api_key_user_email or call.user or "")[:255],
        tags=_tags(_decoded(call.request_tags, list[str]) or []),
        requests=1,
        cost=call.spend.quantize(NANO) if call.spend > 0 else None,
        cost_basis="computed" if call.spend > 0 else None,
    )
    return with_counts(record, counts), problem


def _decoded(value: T | str | None, shape: type[T]) -> T | None:
    """A column of JSON: some versions answer its text. Text that is no such thing says nothing."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value, type=shape)
    except msgspec.DecodeError:
        return None


def _requests(metrics: Metrics) -> int | None:
    succeeded, asked = metrics.successful_requests, metrics.api_requests
    return asked if succeeded is None else succeeded


def _tags(raw: list[str]) -> dict[str, str]:
    """`app:triage` is a tag with a value; the user agents that LiteLLM adds are none."""
    found: dict[str, str] = {}
    for text in raw:
        name, _, value = text.partition(":")
        if name and name != "User-Agent" and len(found) < MAX_TAGS:
            found[name[:64]] = value.strip()[:255]
    return found
