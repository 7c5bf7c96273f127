"""Log records: coding agents' own events, and the GenAI conventions' details event."""

from collections.abc import Iterable
from datetime import datetime

from apps.connectors.push.rules import names
from apps.connectors.push.rules.calls import (
    Call,
    Dialect,
    Dropped,
    Key,
    Rank,
    Reason,
    Run,
    Signal,
    nanoseconds,
)
from apps.connectors.push.rules.counts import BadCount, Counts, disjoint
from apps.connectors.push.rules.emitters import key_of
from apps.connectors.push.rules.providers import provider_of
from apps.connectors.push.rules.reading import (
    Attributes,
    checked,
    count,
    model_of,
    optional,
    run_of,
    text,
    with_stated,
)
from apps.connectors.push.rules.spans import (
    CLAUDE_SERVICE,
    agent_keys,
    flat_counts,
    genai_counts,
    house_of,
    user_of,
)
from apps.connectors.push.rules.told import Resource, ToldEvent

CLAUDE_EVENTS = frozenset({"api_request", "claude_code.api_request"})
CODEX_EVENT, CODEX_DONE = "codex.sse_event", "response.completed"
CODEX_SOCKET = "codex.websocket_event"
GEMINI_EVENT = "gemini_cli.api_response"
DETAILS = "gen_ai.client.inference.operation.details"


def read_events(
    resource: Resource, events: Iterable[ToldEvent], latest: int
) -> Iterable[Call | Dropped]:
    """Calls told by one resource's log records."""
    for event in events:
        attributes = event.attributes
        name = event.name
        dialect, rank = _dialect(resource, name, attributes)
        if rank is None or names.EVENT_USAGE.isdisjoint(attributes):
            yield Dropped(dialect, Signal.EVENT, Reason.NOT_USAGE)
            continue
        try:
            counts, parts = _counts(dialect, rank, attributes)
        except BadCount:
            yield Dropped(dialect, Signal.EVENT, Reason.BAD_COUNT)
            continue
        yield checked(_call(resource, event, dialect, rank, counts, parts), latest)


def _dialect(resource: Resource, name: str, attributes: Attributes) -> tuple[Dialect, Rank | None]:
    if name == GEMINI_EVENT:
        return Dialect.GEMINI_CLI, Rank.NATIVE_EVENT
    if name in (CODEX_EVENT, CODEX_SOCKET):
        done = attributes.get("event.kind") == CODEX_DONE
        return Dialect.CODEX, Rank.NATIVE_EVENT if done else None
    if name in CLAUDE_EVENTS and (
        resource.service == CLAUDE_SERVICE or name.startswith("claude_code.")
    ):
        return Dialect.CLAUDE_CODE, Rank.NATIVE_EVENT
    if name == DETAILS:
        gemini = resource.service == "gemini-cli"
        return (Dialect.GEMINI_CLI if gemini else Dialect.GENAI), Rank.GENERIC_EVENT
    if resource.service == CLAUDE_SERVICE:
        return Dialect.CLAUDE_CODE, None
    for prefix, dialect in (("codex.", Dialect.CODEX), ("gemini_cli.", Dialect.GEMINI_CLI)):
        if name.startswith(prefix):
            return dialect, None
    return Dialect.OTHER, None


def _counts(dialect: Dialect, rank: Rank, attributes: Attributes) -> tuple[Counts, dict[str, int]]:
    """Disjoint kinds, and tokens of prompt parts where the event tells them."""
    if rank is Rank.GENERIC_EVENT:
        return genai_counts(attributes), {}
    if dialect is Dialect.CLAUDE_CODE:
        return flat_counts(attributes), {}
    if dialect is Dialect.CODEX:
        # `tool_token_count` is in fact the total of the call.
        counts = disjoint(
            input_tokens=count(attributes, "input_token_count"),
            output_tokens=count(attributes, "output_token_count"),
            cache_read=count(attributes, "cached_token_count"),
            cache_write=count(attributes, "cache_write_token_count"),
            reasoning=count(attributes, "reasoning_token_count"),
            total=optional(attributes, "tool_token_count"),
        )
        return counts, {}
    return _gemini(attributes)


def _gemini(attributes: Attributes) -> tuple[Counts, dict[str, int]]:
    """Gemini CLI: input includes cached, output excludes thoughts, tool prompts come on top."""
    tools = count(attributes, "tool_token_count")
    counts = disjoint(
        input_tokens=count(attributes, "input_token_count") + tools,
        output_tokens=count(attributes, "output_token_count"),
        cache_read=count(attributes, "cached_content_token_count"),
        reasoning=count(attributes, "thoughts_token_count"),
        output_has_reasoning=False,
    )
    return counts, {"tool_use": tools} if tools else {}


def _call(
    resource: Resource,
    event: ToldEvent,
    dialect: Dialect,
    rank: Rank,
    counts: Counts,
    parts: dict[str, int],
) -> Call:
    attributes = event.attributes
    model = model_of(attributes)
    provider = provider_of(text(attributes, names.PROVIDER) or house_of(dialect), model)
    session = text(attributes, names.SESSION)
    at = _time(event)
    if dialect in (Dialect.CLAUDE_CODE, Dialect.CODEX, Dialect.GEMINI_CLI):
        claims, checks = agent_keys(resource, dialect, session, attributes)
        if rank is Rank.NATIVE_EVENT:
            checks = ()
    else:
        narrow = key_of("service", resource.instance, provider)
        claims, checks = (narrow, key_of("service", resource.instance)), (narrow,)
    run = run_of(attributes, run_id=text(attributes, ("prompt.id", "prompt_id")) or event.trace_id)
    if dialect in (Dialect.CLAUDE_CODE, Dialect.CODEX, Dialect.GEMINI_CLI) and not run.operation:
        run.operation = "chat"
    run.parts = parts
    return Call(
        dialect=dialect,
        signal=Signal.EVENT,
        rank=rank,
        event_id=_event_id(event, dialect, session, at, counts),
        first=at,
        last=at,
        at=at,
        provider=provider,
        model=model,
        counts=counts,
        user=user_of(dialect, attributes),
        service_tier=_tier(attributes),
        origin=with_stated(resource, attributes),
        run=run if run.run_id else Run(operation=run.operation, parts=parts),
        claims=claims,
        checks=checks,
    )


def _tier(attributes: Attributes) -> str:
    """The tier that served the call. Claude Code says so as a speed."""
    speed = attributes.get("speed")
    return "fast" if speed == "fast" else text(attributes, names.TIER)


def _time(event: ToldEvent) -> int:
    """The event's own time: an exporter repeats it, whatever the collector on the way does."""
    stamp = event.attributes.get("event.timestamp")
    if isinstance(stamp, str) and len(stamp) <= 40:
        try:
            at = datetime.fromisoformat(stamp)
        except ValueError:
            return event.time
        if at.tzinfo is not None:
            return nanoseconds(at)
    return event.time


def _event_id(event: ToldEvent, dialect: Dialect, session: str, at: int, counts: Counts) -> str:
    """A natural key: the provider's request or response id, else span, else session and instant.

    Codex names no request: its session, instant and counts tell one response from another.
    """
    for name in ("request_id", "gen_ai.response.id"):
        if value := text(event.attributes, (name,)):
            return f"{dialect}:{value}"
    if dialect is Dialect.GENAI and event.span_id:
        return f"event:{event.trace_id}:{event.span_id}"
    sequence = str(event.attributes.get("event.sequence", ""))[:20]
    own: Key = key_of("event", session, event.trace_id, event.span_id, sequence, str(counts))
    return f"{dialect}:{at}:{own.hex()}"
