"""Token counters: intervals of delta or cumulative series, one record per group and collection.

The kinds of one group (input, output, cached …) are series of their own. They are collected at the
same instant, and only together can they be made disjoint.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.connectors.push.rules import names
from apps.connectors.push.rules.calls import (
    Call,
    Dialect,
    Dropped,
    Key,
    Origin,
    Rank,
    Reason,
    Run,
    Signal,
)
from apps.connectors.push.rules.counts import BadCount, Counts, disjoint, whole
from apps.connectors.push.rules.emitters import key_of
from apps.connectors.push.rules.providers import provider_of
from apps.connectors.push.rules.reading import checked, model_of, text
from apps.connectors.push.rules.spans import agent_keys, house_of, user_of
from apps.connectors.push.rules.told import Resource, ToldPoint

KINDS = {
    "input": "input",
    "prompt": "input",
    "output": "output",
    "completion": "output",
    "cacheread": "cache_read",
    "cache_read": "cache_read",
    "cached": "cache_read",
    "cached_input": "cache_read",
    "cache": "cache_read",
    "cache_read_input": "cache_read",
    "cachecreation": "cache_write",
    "cache_creation": "cache_write",
    "cache_write": "cache_write",
    "cache_write_input": "cache_write",
    "cache_creation_input": "cache_write",
    "reasoning": "reasoning",
    "reasoning_output": "reasoning",
    "thought": "reasoning",
    "tool": "tool",
}
"""Kinds of tokens under the names of all counters; `total` and unknown kinds are left out."""
DIALECTS = {
    "claude_code.token.usage": Dialect.CLAUDE_CODE,
    "codex.turn.token_usage": Dialect.CODEX,
    "gemini_cli.token.usage": Dialect.GEMINI_CLI,
}
SERVICES = {"gemini-cli": Dialect.GEMINI_CLI, "claude-code": Dialect.CLAUDE_CODE}


@dataclass(slots=True)
class Series:
    """One point of one series, on its way to an interval.

    `value` is what the counter says; `delta` what was added since the last point, decided with
    the stored state when the counter is cumulative.
    """

    key: Key
    kind: str
    start: int
    time: int
    value: int
    count: int
    delta: int = 0
    calls: int = 0
    since: int = 0


@dataclass(slots=True)
class Group:
    """The series that differ only in the kind of token, collected at one instant.

    `silence` is why the group adds nothing, if it does not.
    """

    dialect: Dialect
    rank: Rank
    key: Key
    time: int
    cumulative: bool
    provider: str
    model: str
    user: str
    tier: str
    operation: str
    session: str
    origin: Origin
    claims: tuple[Key, ...]
    checks: tuple[Key, ...]
    series: list[Series] = field(default_factory=list)
    silence: Reason = Reason.NO_TOKENS


def read_points(
    resource: Resource, points: Iterable[ToldPoint]
) -> tuple[list[Group], list[Dropped]]:
    """Groups of one resource's points of token counters, and what is none."""
    groups: dict[tuple[Key, int, bool], Group] = {}
    dropped: list[Dropped] = []
    for point in points:
        dialect = DIALECTS.get(point.metric) or SERVICES.get(resource.service, Dialect.GENAI)
        kind = KINDS.get(str(_kind(point.attributes)).lower(), "")
        if not kind:
            dropped.append(Dropped(dialect, Signal.METRIC, Reason.NOT_USAGE))
            continue
        try:
            value = whole(point.value, point.metric)
            count = 0 if point.count is None else whole(point.count, point.metric)
        except BadCount:
            dropped.append(Dropped(dialect, Signal.METRIC, Reason.BAD_COUNT))
            continue
        group = _group(resource, point, dialect)
        known = groups.setdefault((group.key, point.time, point.cumulative), group)
        series = Series(
            key_of(
                "series", resource.instance, point.metric, point.identity.hex(), str(point.start)
            ),
            kind,
            point.start,
            point.time,
            value,
            count,
        )
        if not point.cumulative:
            series.delta, series.calls, series.since = value, count, point.start
        known.series.append(series)
    return list(groups.values()), dropped


def _kind(attributes: Mapping[str, Any]) -> Any:
    for name in ("gen_ai.token.type", "token_type", "type", "llm.token.type"):
        if name in attributes:
            return attributes[name]
    return ""


def _group(resource: Resource, point: ToldPoint, dialect: Dialect) -> Group:
    attributes = point.attributes
    model = model_of(attributes)
    provider = provider_of(text(attributes, names.PROVIDER) or house_of(dialect), model)
    session = text(attributes, names.SESSION)
    labels = sorted(
        (name, str(value))
        for name, value in attributes.items()
        if name not in ("gen_ai.token.type", "token_type", "type", "llm.token.type")
    )
    key = key_of(
        "group", resource.instance, point.metric, *(part for label in labels for part in label)
    )
    native = point.metric in DIALECTS
    if native or resource.service in SERVICES:
        claims, checks = agent_keys(resource, dialect, session, attributes)
    else:
        narrow = key_of("service", resource.instance, provider)
        claims, checks = (), (narrow,)
    return Group(
        dialect=dialect,
        rank=Rank.NATIVE_METRIC if native else Rank.GENERIC_METRIC,
        key=key,
        time=point.time,
        cumulative=point.cumulative,
        provider=provider,
        model=model,
        user=user_of(dialect, attributes),
        tier=text(attributes, names.TIER),
        operation=text(attributes, names.OPERATION),
        session=session,
        origin=resource.origin,
        claims=claims if native else (),
        checks=checks,
    )


def to_call(group: Group, latest: int) -> Call | Dropped:
    """The interval of a group whose deltas are known."""
    if not group.time:
        return Dropped(group.dialect, Signal.METRIC, Reason.BAD_TIME)
    sums: dict[str, int] = {}
    for series in group.series:
        sums[series.kind] = sums.get(series.kind, 0) + series.delta
    since = min((s.since for s in group.series if s.delta), default=group.time)
    generic = group.dialect is Dialect.GENAI
    counts = _disjoint(group.dialect, group.rank, sums)
    if not counts.total:
        return Dropped(group.dialect, Signal.METRIC, group.silence)
    calls: dict[str, int] = {}
    for series in group.series:
        calls[series.kind] = calls.get(series.kind, 0) + series.calls
    kinds = "+".join(sorted({s.kind for s in group.series}))
    return checked(
        Call(
            dialect=group.dialect,
            signal=Signal.METRIC,
            rank=group.rank,
            event_id=f"metric:{group.key.hex()}:{group.time}:{kinds}",
            first=since or group.time,
            last=group.time,
            at=group.time,
            provider=group.provider,
            model=group.model,
            counts=counts,
            requests=max(calls.values(), default=0) or None if generic else None,
            granularity="hour",
            user=group.user,
            service_tier=group.tier,
            origin=group.origin,
            run=Run(run_id=group.session, operation=group.operation),
            claims=group.claims,
            checks=group.checks,
        ),
        latest,
    )


def _disjoint(dialect: Dialect, rank: Rank, sums: dict[str, int]) -> Counts:
    claude = dialect is Dialect.CLAUDE_CODE
    gemini = dialect is Dialect.GEMINI_CLI and rank is Rank.NATIVE_METRIC
    return disjoint(
        input_tokens=sums.get("input", 0) + sums.get("tool", 0),
        output_tokens=sums.get("output", 0),
        cache_read=sums.get("cache_read", 0),
        cache_write=sums.get("cache_write", 0),
        reasoning=sums.get("reasoning", 0),
        input_has_cache=not claude,
        output_has_reasoning=not gemini,
    )


@dataclass(slots=True)
class State:
    """What is remembered of a cumulative series: its last point."""

    time: int
    value: int
    count: int


def advance(series: Series, state: State | None, *, oldest: int) -> tuple[State | None, Reason]:
    """Decide a cumulative point's delta; the new state, or None for a point already counted.

    The start is part of a series' key: a restart, like another copy of the process, is a series of
    its own. A series that is seen for the first time is new since its start, unless the start is
    unknown or older than `oldest`, what is remembered at most: then its first point is a baseline
    and counts nothing. A smaller value with the same start is a restart that forgot to say so.
    """
    now = State(series.time, series.value, series.count)
    if state is None:
        known = series.start > oldest
        series.delta, series.calls = (series.value, series.count) if known else (0, 0)
        series.since = series.start
        return now, Reason.NO_TOKENS if known else Reason.BASELINE
    if series.time <= state.time:
        series.delta = series.calls = 0
        return None, Reason.OLDER_POINT
    series.since = state.time
    if series.value < state.value:
        series.delta, series.calls = series.value, series.count
    else:
        series.delta = series.value - state.value
        series.calls = max(0, series.count - state.count)
    return now, Reason.NO_TOKENS
