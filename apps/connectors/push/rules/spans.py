"""Spans: one model call each, or an agent's sum over its children."""

from collections.abc import Iterable

from apps.connectors.push.rules import names
from apps.connectors.push.rules.calls import Call, Dialect, Dropped, Rank, Reason, Signal
from apps.connectors.push.rules.counts import BadCount, Counts, disjoint
from apps.connectors.push.rules.emitters import key_of, service_key, span_key
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
from apps.connectors.push.rules.told import Resource, ToldSpan

AGENT_OPERATIONS = frozenset(
    {"create_agent", "invoke_agent", "invoke_workflow", "execute_tool", "plan"}
)
AGENT_KINDS = frozenset({"workflow", "agent", "task", "tool"})
OI_AGENT_KINDS = frozenset(
    {"AGENT", "CHAIN", "TOOL", "RETRIEVER", "GUARDRAIL", "EVALUATOR", "PROMPT"}
)
CODING_AGENTS = frozenset({Dialect.CLAUDE_CODE, Dialect.CODEX, Dialect.GEMINI_CLI})
CLAUDE_SERVICE = "claude-code"
CLAUDE_PLATFORM = "claude-platform"
CODEX_SERVICE = "codex"
GEMINI_SERVICE = "gemini-cli"
_ID_TRACE, _ID_SPAN = 32, 16


def read_spans(
    resource: Resource, spans: Iterable[ToldSpan], latest: int
) -> Iterable[Call | Dropped]:
    """Calls of one resource's spans, in their order. See `drop_sums` for what follows."""
    for span in spans:
        attributes = span.attributes
        if names.SPAN_USAGE.isdisjoint(attributes):
            yield Dropped(Dialect.OTHER, Signal.SPAN, Reason.NOT_USAGE)
            continue
        dialect = dialect_of(resource.service, attributes)
        if len(span.trace_id) != _ID_TRACE or len(span.span_id) != _ID_SPAN:
            yield Dropped(dialect, Signal.SPAN, Reason.BAD_ID)
            continue
        try:
            counts = _counts(dialect, attributes)
        except BadCount:
            yield Dropped(dialect, Signal.SPAN, Reason.BAD_COUNT)
            continue
        yield checked(_call(resource, span, dialect, counts), latest)


def dialect_of(service: str, attributes: Attributes) -> Dialect:
    """Who speaks: told by the service's name, else by the names of its attributes."""
    if service == CLAUDE_SERVICE or attributes.get("span.type") == "llm_request":
        return Dialect.CLAUDE_CODE
    if service.startswith(CODEX_SERVICE) or not names.CODEX_USAGE.isdisjoint(attributes):
        return Dialect.CODEX
    if service == GEMINI_SERVICE:
        return Dialect.GEMINI_CLI
    if not names.GENAI_USAGE.isdisjoint(attributes):
        traceloop = (
            "traceloop.span.kind" in attributes
            or "llm.request.type" in attributes
            or "llm.usage.total_tokens" in attributes
        )
        return Dialect.TRACELOOP if traceloop else Dialect.GENAI
    if not names.OPENINFERENCE_USAGE.isdisjoint(attributes):
        return Dialect.OPENINFERENCE
    return Dialect.GENAI


def _counts(dialect: Dialect, attributes: Attributes) -> Counts:
    if dialect is Dialect.CLAUDE_CODE and "input_tokens" in attributes:
        return flat_counts(attributes)
    if dialect is Dialect.CODEX and not names.CODEX_USAGE.isdisjoint(attributes):
        return _codex_counts(attributes)
    if dialect is Dialect.OPENINFERENCE:
        return disjoint(
            input_tokens=count(attributes, names.OI_PROMPT),
            output_tokens=count(attributes, names.OI_COMPLETION),
            cache_read=count(attributes, *names.OI_CACHE_READ),
            cache_write=count(attributes, names.OI_CACHE_WRITE),
            reasoning=count(attributes, names.OI_REASONING),
            audio_input=count(attributes, names.OI_AUDIO_INPUT),
            audio_output=count(attributes, names.OI_AUDIO_OUTPUT),
            total=optional(attributes, names.OI_TOTAL),
        )
    return genai_counts(attributes)


def genai_counts(attributes: Attributes) -> Counts:
    """The GenAI conventions, old and new, and Traceloop's additions."""
    return disjoint(
        input_tokens=count(attributes, *names.INPUT),
        output_tokens=count(attributes, *names.OUTPUT),
        cache_read=count(attributes, *names.CACHE_READ),
        cache_write=count(attributes, *names.CACHE_WRITE),
        reasoning=count(attributes, *names.REASONING),
        audio_input=count(attributes, *names.AUDIO_INPUT),
        audio_output=count(attributes, *names.AUDIO_OUTPUT),
        total=optional(attributes, *names.TOTAL),
    )


def flat_counts(attributes: Attributes) -> Counts:
    """Claude Code: input excludes the cache, output includes thinking, nothing is split further."""
    return Counts(
        input_uncached=count(attributes, "input_tokens"),
        cache_read=count(attributes, "cache_read_tokens"),
        cache_write_5m=count(attributes, "cache_creation_tokens"),
        output=count(attributes, "output_tokens"),
    )


def _codex_counts(attributes: Attributes) -> Counts:
    """A turn or a call of Codex: input includes cached, output includes reasoning."""
    prefix = (
        names.CODEX_CALL
        if any(name.startswith(names.CODEX_CALL) for name in attributes)
        else names.CODEX_TURN
    )
    return disjoint(
        input_tokens=count(attributes, f"{prefix}input_tokens", *names.INPUT),
        output_tokens=count(attributes, f"{prefix}output_tokens", *names.OUTPUT),
        cache_read=count(attributes, f"{prefix}cached_input_tokens", *names.CACHE_READ),
        cache_write=count(attributes, f"{prefix}cache_write_input_tokens", *names.CACHE_WRITE),
        reasoning=count(attributes, f"{prefix}reasoning_output_tokens", *names.REASONING),
    )


def is_sum(dialect: Dialect, attributes: Attributes) -> bool:
    """Whether a span may sum the calls below it: an agent, a workflow, a tool, a turn."""
    if attributes.get("gen_ai.operation.name") in AGENT_OPERATIONS:
        return True
    if attributes.get("traceloop.span.kind") in AGENT_KINDS:
        return True
    if str(attributes.get(names.OI_KIND, "")).upper() in OI_AGENT_KINDS:
        return True
    return dialect is Dialect.CODEX and any(
        name.startswith(names.CODEX_TURN) for name in attributes
    )


def _call(resource: Resource, span: ToldSpan, dialect: Dialect, counts: Counts) -> Call:
    attributes = span.attributes
    provider = text(attributes, names.PROVIDER)
    model = model_of(attributes)
    provider = provider_of(provider or house_of(dialect), model)
    agent = is_sum(dialect, attributes)
    claims: tuple[bytes, ...]
    if dialect in CODING_AGENTS:
        session = text(attributes, names.SESSION)
        claims, checks = agent_keys(resource, dialect, session, attributes)
    else:
        service = key_of("service", resource.instance)
        claims = (key_of("service", resource.instance, provider), service)
        checks = (service,) if agent else ()
    if resource.service == CLAUDE_PLATFORM:
        claims, checks, agent = (), (key_of("trace", span.trace_id),), True
    elif provider == "anthropic" and not agent:
        claims = (*claims, key_of("trace", span.trace_id))
    return Call(
        dialect=dialect,
        signal=Signal.SPAN,
        rank=Rank.AGENT_SPAN if agent else Rank.CALL_SPAN,
        event_id=f"span:{span.trace_id}:{span.span_id}",
        first=span.start,
        last=max(span.end, span.start),
        at=span.start,
        provider=provider,
        model=model,
        counts=counts,
        user=user_of(dialect, attributes),
        service_tier=text(attributes, names.TIER),
        origin=with_stated(resource, attributes),
        run=run_of(attributes, run_id=span.trace_id),
        claims=claims,
        checks=checks,
        own=span_key(span.trace_id, span.span_id),
    )


def agent_keys(
    resource: Resource, dialect: Dialect, session: str, attributes: Attributes
) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Keys of a coding agent: what to claim, and what to look under.

    The session where a signal names it; the person and the machine where it does not.
    """
    user = text(attributes, names.USER)
    wide = key_of(dialect, service_key(resource.service, resource.origin.tags))
    person = key_of(dialect, "user", user) if user else wide
    if not session:
        return (person, wide), (person,)
    own = key_of(dialect, "session", session)
    return (own, person, wide), (own,)


def house_of(dialect: Dialect) -> str:
    """The provider a coding agent calls when it does not say."""
    return {
        Dialect.CLAUDE_CODE: "anthropic",
        Dialect.CODEX: "openai",
        Dialect.GEMINI_CLI: "google",
    }.get(dialect, "")


def user_of(dialect: Dialect, attributes: Attributes) -> str:
    """Who used a coding agent. The end users of an application are not our business."""
    if dialect in CODING_AGENTS:
        return text(attributes, names.USER)
    return ""


Parents = dict[bytes, bytes]
"""Keys of spans to the keys of their parents, of every span of a body."""


def drop_sums(calls: Iterable[Call | Dropped], parents: Parents) -> Iterable[Call | Dropped]:
    """Without the spans whose usage is told again by a span below them in the same body.

    What is kept covers the spans above it: those that arrive in a later body are recognized.
    """
    found = list(calls)
    above: set[bytes] = set()
    for call in found:
        if isinstance(call, Call) and call.own in parents:
            call.covers = tuple(_ancestors(call.own, parents))
            above.update(call.covers)
    for call in found:
        if not isinstance(call, Call):
            yield call
        elif call.own in above:
            yield Dropped(call.dialect, call.signal, Reason.AGGREGATE, call.counts.total)
        else:
            if call.rank is Rank.CALL_SPAN:
                call.covers = tuple(key for key in call.covers if key not in parents)
            yield call


def _ancestors(key: bytes, parents: Parents) -> Iterable[bytes]:
    """All spans above one, as far as the body knows them; a circle ends the walk."""
    seen = {key}
    current = parents.get(key)
    while current is not None and current not in seen:
        yield current
        seen.add(current)
        current = parents.get(current)
