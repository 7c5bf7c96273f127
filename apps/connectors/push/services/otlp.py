"""OTLP: spans, log records and data points to usage, each call counted once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.tokens import KINDS
from apps.connectors.enums import SourceKind
from apps.connectors.push.checks import FUTURE_TOLERANCE
from apps.connectors.push.otlp import wire
from apps.connectors.push.otlp.told import Body
from apps.connectors.push.rules.calls import (
    REFUSALS,
    Call,
    Dialect,
    Dropped,
    Reason,
    Signal,
    nanoseconds,
)
from apps.connectors.push.rules.events import read_events
from apps.connectors.push.rules.points import Group, read_points, to_call
from apps.connectors.push.rules.spans import drop_sums, read_spans
from apps.connectors.push.services.batches import store
from apps.connectors.push.services.resolve import Withdrawn, remember, resolve
from apps.connectors.push.services.series import advance_all
from apps.connectors.push.services.sources import NAMES, source_for
from apps.connectors.push.services.tally import COUNTED, Tally
from apps.ledger.schema import UsageIn
from apps.organizations.selectors import organization

_SIGNALS = {
    wire.Kind.TRACES: Signal.SPAN,
    wire.Kind.METRICS: Signal.METRIC,
    wire.Kind.LOGS: Signal.EVENT,
}


@dataclass(frozen=True, slots=True)
class OtlpOutcome:
    """`rejected` counts what the sender can mend; `message` says how. `counted` became usage."""

    counted: int
    rejected: int
    message: str = ""


def accept_otlp(*, actor: Actor, kind: wire.Kind, media: str, data: bytes) -> OtlpOutcome:
    """Take an OTLP body, unpacked. Repeating it, or telling it by another signal, adds nothing.

    What is no usage of a model is taken quietly. Raises Forbidden, and Undecodable for a body that
    is no message of its signal, TooMany for one with too many parts; then nothing was written.
    """
    require(actor, P.USAGE_WRITE)
    now = clock.now()
    body = wire.read(kind, media, data)
    tally = Tally()
    calls: list[Call] = []
    for found in decode(body, now):
        if isinstance(found, Call):
            calls.append(found)
        else:
            tally.add(found.dialect, found.signal, found.reason, found.tokens)
    tally.add(Dialect.OTHER, Signal.METRIC, Reason.NOT_USAGE, items=body.others)
    tally.add(Dialect.OTHER, _SIGNALS[kind], Reason.BAD_RECORD, items=body.too_large)
    accept_calls(actor=actor, kind=SourceKind.OTLP, calls=calls, now=now, tally=tally)
    tally.save(now)
    rejected = tally.items(REFUSALS)
    return OtlpOutcome(tally.items((COUNTED,)), rejected, _message(tally) if rejected else "")


def decode(body: Body, now: datetime) -> Iterable[Call | Dropped]:
    """Calls of a body, and what is none, before it is known what was told before.

    Cumulative counters are advanced here: their records are differences to the last point.
    """
    latest = nanoseconds(now + FUTURE_TOLERANCE)
    told = (
        found for resource, spans in body.spans for found in read_spans(resource, spans, latest)
    )
    yield from drop_sums(told, body.parents)
    for resource, events in body.events:
        yield from read_events(resource, events, latest)
    groups: list[Group] = []
    for resource, points in body.points:
        found, dropped = read_points(resource, points)
        groups += found
        yield from dropped
    advance_all(groups, now)
    for group in groups:
        yield to_call(group, latest)


def accept_calls(
    *, actor: Actor, kind: SourceKind, calls: list[Call], now: datetime, tally: Tally
) -> None:
    """Count what was not told better, withdraw what is now told better, keep it in the inbox."""
    found = resolve(calls, now)
    by_source: dict[UUID, list[UsageIn]] = {}
    sources: dict[str, UUID] = {}
    provisional: list[tuple[Call, UUID, UsageIn]] = []
    for call in found.counted:
        name = NAMES[call.dialect]
        if name not in sources:
            sources[name] = source_for(actor=actor, kind=kind, name=name)
        usage = call.usage()
        by_source.setdefault(sources[name], []).append(usage)
        if call.checks:
            provisional.append((call, sources[name], usage))
        tally.add(call.dialect, call.signal, COUNTED, call.counts.total)
    for call in found.superseded:
        tally.add(call.dialect, call.signal, Reason.SUPERSEDED, call.counts.total)
    remember(provisional, now)
    currency = organization().currency if found.withdrawn else ""
    for gone in found.withdrawn:
        by_source.setdefault(gone.source_id, []).append(_nothing(gone, currency))
        tally.add(Dialect(gone.dialect), Signal(gone.signal), Reason.WITHDRAWN, gone.tokens)
    for source_id, usages in sorted(by_source.items()):
        store(source_id, usages)


def _nothing(gone: Withdrawn, currency: str) -> UsageIn:
    """The record again with no quantities: a restatement that takes it out of every figure."""
    return msgspec.structs.replace(
        gone.usage,
        **dict.fromkeys(KINDS, 0),
        requests=0,
        cost=Decimal(0),
        currency=currency,
        cost_basis="computed",
    )


def _message(tally: Tally) -> str:
    """What the sender can mend, by reason, with numbers and never with what was sent."""
    parts = [
        f"{number} with {REFUSALS[reason]}"
        for reason in REFUSALS
        if (number := tally.items((reason,)))
    ]
    return f"Not counted: {'; '.join(parts)}."
