"""Small readers that all dialects share."""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from apps.connectors.push.rules import names
from apps.connectors.push.rules.calls import Call, Dropped, Origin, Reason, Run
from apps.connectors.push.rules.counts import whole
from apps.connectors.push.rules.origin import PREFIX, STATED, label, state
from apps.connectors.push.rules.told import Resource
from apps.ledger.rules.validation import EARLIEST
from apps.ledger.schema import MAX_TEXT

Attributes = Mapping[str, Any]
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_STATED = frozenset(PREFIX + name for name in STATED)
_SUFFIX = re.compile(r"\[[^\]]*\]$")
_EARLIEST = int(EARLIEST.timestamp()) * 1_000_000_000


def first(attributes: Attributes, among: Sequence[str]) -> Any:
    """The value of the first name that is there."""
    for name in among:
        if name in attributes:
            return attributes[name]
    return None


def text(attributes: Attributes, among: Sequence[str]) -> str:
    """A short text under the first of some names that has one, else empty."""
    for name in among:
        if name in attributes and (value := label(attributes[name])):
            return value
    return ""


def count(attributes: Attributes, *among: str) -> int:
    """The token count under the first of some names, 0 where there is none. May raise BadCount."""
    for name in among:
        if name in attributes:
            return whole(attributes[name], name)
    return 0


def optional(attributes: Attributes, *among: str) -> int | None:
    """The same, None where there is none."""
    for name in among:
        if name in attributes:
            return whole(attributes[name], name)
    return None


def model_of(attributes: Attributes) -> str:
    """The model that answered, without a CLI's marks (`claude-opus-4-8[1m]`)."""
    for name in names.MODEL:
        value = attributes.get(name)
        if isinstance(value, str) and value.strip():
            return _SUFFIX.sub("", value.strip())
    return ""


def run_of(attributes: Attributes, *, run_id: str = "") -> Run:
    """Run, agent, workflow and tool of a call."""
    session = text(attributes, names.SESSION)
    return Run(
        run_id=run_id or session,
        parent_run_id=session if run_id else "",
        agent=text(attributes, names.AGENT),
        workflow=text(attributes, names.WORKFLOW)
        or (
            text(attributes, ("traceloop.entity.name",))
            if attributes.get("traceloop.span.kind") == "workflow"
            else ""
        ),
        tool=text(attributes, names.TOOL),
        operation=text(attributes, names.OPERATION),
        retry=attempt(attributes),
    )


def attempt(attributes: Attributes) -> int:
    """Which retry a call was: 0 for the first try."""
    value = first(attributes, names.ATTEMPT)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return max(0, min(number, 1000) - (1 if "gen_ai.request.attempt" in attributes else 0))


def checked(call: Call, latest: int) -> Call | Dropped:
    """The call, or why the ledger would refuse it."""
    reason: Reason | None = None
    if not call.model:
        reason = Reason.NO_MODEL
    elif not _EARLIEST <= call.at <= latest:
        reason = Reason.BAD_TIME
    elif bad_text(call.model) or bad_text(call.provider) or len(call.event_id) > MAX_TEXT:
        reason = Reason.BAD_TEXT
    elif not call.counts.total:
        reason = Reason.NO_TOKENS
    if reason is None:
        return call
    return Dropped(call.dialect, call.signal, reason, call.counts.total)


def bad_text(value: str) -> bool:
    """Whether a name of a model is none: names hold no blanks, so a text cannot pass for one."""
    if value.isprintable():
        return len(value) > MAX_TEXT or " " in value
    return len(value) > MAX_TEXT or _BLANK.search(value) is not None


def with_stated(resource: Resource, attributes: Attributes) -> Origin:
    """The resource's origin, or a copy of it with what the record itself states."""
    origin = resource.origin
    if _STATED.isdisjoint(attributes):
        return origin
    mine = copy(origin)
    state(mine, attributes)
    return mine
