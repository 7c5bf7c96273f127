"""LiteLLM's generic callback: an array of StandardLoggingPayload, one per call.

Its `prompt_tokens` include cache reads and writes for every provider. Messages, responses, headers
and the rest are not fields of the structures below: the decoder skips them.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from apps.connectors.push.rules.calls import Reason, Run
from apps.connectors.push.rules.counts import BadCount, Counts, disjoint, whole
from apps.connectors.push.rules.origin import label
from apps.connectors.push.rules.providers import provider_of
from apps.ledger.schema import MAX_COST, RecordError, UsageIn

NANO = Decimal(10) ** -9
MAX_TAGS = 16
_GUARDRAIL = frozenset({"structured_messages", "texts", "request_data", "input_type"})
Count = int | float | None


class _CacheDetails(msgspec.Struct):
    ephemeral_1h_input_tokens: Count = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: Count = None
    cache_creation_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None
    image_tokens: Count = None
    cache_creation_token_details: _CacheDetails | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Count = None
    audio_tokens: Count = None
    image_tokens: Count = None


class _Usage(msgspec.Struct):
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    service_tier: str | None = None


class _Metadata(msgspec.Struct):
    user_api_key_hash: str | None = None
    user_api_key_alias: str | None = None
    user_api_key_team_id: str | None = None
    user_api_key_team_alias: str | None = None
    user_api_key_user_id: str | None = None
    user_api_key_user_email: str | None = None
    spend_logs_metadata: Any = None
    usage_object: _Usage | None = None


class _Payload(msgspec.Struct, rename={"started": "startTime"}):
    litellm_call_id: str | None = None
    id: str | None = None
    trace_id: str | None = None
    session_id: str | None = None
    call_type: str | None = None
    status: str | None = None
    cache_hit: bool | str | None = None
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    started: float | str | None = None
    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    response_cost: Decimal | None = None
    request_tags: list[Any] | None = None
    metadata: _Metadata | None = None


_one = msgspec.json.Decoder(_Payload)
_names = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_payload(index: int, raw: bytes) -> UsageIn | Reason | RecordError:
    """One payload's usage; why it is none; or what is wrong with it."""
    try:
        payload = _one.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _undecodable(index, error)
    if payload.started is None and _is_guardrail(raw):
        return Reason.GUARDRAIL
    if payload.cache_hit is True or str(payload.cache_hit).lower() == "true":
        return Reason.CACHE_HIT
    try:
        counts = _counts(payload)
    except BadCount as error:
        return RecordError(
            index, error.name, f"`{error.name}` is no token count.", "Send a whole number from 0."
        )
    if not counts.total:
        return Reason.FAILED_CALL if payload.status == "failure" else Reason.NO_TOKENS
    return _identified(index, payload, counts)


def _identified(index: int, payload: _Payload, counts: Counts) -> UsageIn | RecordError:
    """The usage of a payload that says which call it is, when, and of which model."""
    call_id = label(payload.litellm_call_id or payload.id)
    started = _instant(payload.started)
    model = payload.model or payload.model_group or ""
    if not call_id:
        return _missing(index, "litellm_call_id")
    if started is None:
        return _missing(index, "startTime")
    if not label(model):
        return _missing(index, "model")
    return _usage(payload, call_id, started, model, counts)


def _is_guardrail(raw: bytes) -> bool:
    """A request of LiteLLM's guardrail API: it holds a prompt, and no usage."""
    try:
        return not _GUARDRAIL.isdisjoint(_names.decode(raw))
    except (msgspec.DecodeError, RecursionError):
        return False


def _counts(payload: _Payload) -> Counts:
    usage = (payload.metadata and payload.metadata.usage_object) or _Usage()
    inputs = usage.prompt_tokens_details or _PromptDetails()
    outputs = usage.completion_tokens_details or _OutputDetails()
    long = inputs.cache_creation_token_details
    written = max(
        _count(inputs.cache_creation_tokens, "cache_creation_tokens"),
        _count(inputs.cache_write_tokens, "cache_write_tokens"),
        _count(usage.cache_creation_input_tokens, "cache_creation_input_tokens"),
    )
    hour = _count(long.ephemeral_1h_input_tokens if long else None, "ephemeral_1h_input_tokens")
    hour = min(hour, written)
    return disjoint(
        input_tokens=_count(payload.prompt_tokens, "prompt_tokens"),
        output_tokens=_count(payload.completion_tokens, "completion_tokens"),
        cache_read=max(
            _count(inputs.cached_tokens, "cached_tokens"),
            _count(usage.cache_read_input_tokens, "cache_read_input_tokens"),
        ),
        cache_write=written - hour,
        cache_write_1h=hour,
        reasoning=_count(outputs.reasoning_tokens, "reasoning_tokens"),
        audio_input=_count(inputs.audio_tokens, "audio_tokens"),
        audio_output=_count(outputs.audio_tokens, "audio_tokens"),
        image_input=_count(inputs.image_tokens, "image_tokens"),
        image_output=_count(outputs.image_tokens, "image_tokens"),
        total=_count(payload.total_tokens, "total_tokens"),
    )


def _count(value: Count, name: str) -> int:
    return 0 if value is None else whole(value, name)


def _usage(
    payload: _Payload, call_id: str, started: datetime, model: str, counts: Counts
) -> UsageIn:
    about = payload.metadata or _Metadata()
    provider = label(payload.custom_llm_provider)
    if provider and model.startswith(f"{provider}/"):
        model = model[len(provider) + 1 :]
    stated = about.spend_logs_metadata if isinstance(about.spend_logs_metadata, dict) else {}
    cost = payload.response_cost
    priced = cost is not None and cost.is_finite() and 0 < cost <= MAX_COST
    run = Run(
        run_id=label(stated.get("run_id")) or label(payload.trace_id),
        parent_run_id=label(payload.session_id),
        operation=label(payload.call_type),
    )
    usage = (payload.metadata and payload.metadata.usage_object) or _Usage()
    kinds: dict[str, Any] = dict(counts.kinds())
    return UsageIn(
        occurred_at=started,
        provider=provider_of(provider, model),
        model=label(model),
        event_id=f"litellm:{call_id}",
        api_key_id=label(about.user_api_key_hash),
        api_key=label(about.user_api_key_alias),
        project_id=label(about.user_api_key_team_id),
        project=label(about.user_api_key_team_alias) or label(about.user_api_key_team_id),
        user=label(about.user_api_key_user_email) or label(about.user_api_key_user_id),
        service_tier=label(usage.service_tier),
        tags=_tags(payload.request_tags or ()),
        work_item=label(stated.get("work_item")),
        **kinds,
        cost=cost.quantize(NANO) if cost is not None and priced else None,
        cost_basis="computed" if priced else None,
        run=run.told(),
    )


def _tags(raw: Any) -> dict[str, str]:
    """`app:triage` is a tag with a value; the user agents that LiteLLM adds are none."""
    found: dict[str, str] = {}
    for text in raw:
        if not isinstance(text, str) or text.startswith("User-Agent:"):
            continue
        name, _, value = text.partition(":")
        name, value = label(name)[:64], label(value)
        if name and value and len(found) < MAX_TAGS:
            found[name] = value
    return found


def _instant(value: float | str | None) -> datetime | None:
    """Seconds since 1970, or ISO 8601."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(round(value, 6), UTC)
        at = datetime.fromisoformat(value or "")
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _missing(index: int, name: str) -> RecordError:
    return RecordError(
        index, name, f"`{name}` is missing.", "Send LiteLLM's StandardLoggingPayload unchanged."
    )


def _undecodable(index: int, error: Exception) -> RecordError:
    name = ""
    if isinstance(error, msgspec.ValidationError) and "`$." in str(error):
        name = str(error).rsplit("`$.", 1)[1].split("`")[0].split("[")[0]
    return RecordError(
        index,
        name,
        f"`{name}` has another type than LiteLLM sends." if name else "This is no JSON object.",
        "Send LiteLLM's StandardLoggingPayload unchanged.",
    )
