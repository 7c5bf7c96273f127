"""Payloads of one call each: LiteLLM's callback and CloudEvents."""

from collections.abc import Callable, Iterable
from datetime import datetime

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.tokens import KINDS
from apps.connectors.enums import SourceKind
from apps.connectors.push.checks import check_record
from apps.connectors.push.records import split_array, split_lines
from apps.connectors.push.rules.calls import REFUSALS, Dialect, Reason, Signal
from apps.connectors.push.rules.cloudevents import Envelope, read_envelope, read_event
from apps.connectors.push.rules.litellm import read_payload
from apps.connectors.push.services.batches import store
from apps.connectors.push.services.records import MAX_ERRORS, Accepted
from apps.connectors.push.services.sources import NAMES, source_for
from apps.connectors.push.services.tally import COUNTED, Tally
from apps.ledger.schema import RecordError, UsageIn

Found = UsageIn | Reason | RecordError
REPEATED = "repeated"
_FIXES = {
    Reason.GUARDRAIL: "Send the callback `generic_api` here; a guardrail asks another address.",
}


def accept_litellm(*, actor: Actor, data: bytes, lines: bool) -> Accepted:
    """Take a batch of LiteLLM's generic callback: an array, one payload, or NDJSON.

    Failed calls and answers from the gateway's own cache are no usage. Raises Forbidden, TooLarge,
    and Invalid (400) for no JSON at all.
    """
    require(actor, P.USAGE_WRITE)
    items = split_lines(data) if lines else split_array(data)
    return _accept(actor, Dialect.LITELLM, SourceKind.LITELLM_PUSH, items, read_payload)


def accept_cloudevents(*, actor: Actor, events: list[bytes] | Envelope) -> Accepted:
    """Take CloudEvents that carry usage; others are ignored. Raises Forbidden."""
    require(actor, P.USAGE_WRITE)
    kind = SourceKind.CLOUDEVENTS
    if isinstance(events, Envelope):
        envelope = events
        return _accept(
            actor, Dialect.CLOUDEVENTS, kind, [b""], lambda index, _: read_envelope(index, envelope)
        )
    return _accept(actor, Dialect.CLOUDEVENTS, kind, events, read_event)


def _accept(
    actor: Actor,
    dialect: Dialect,
    kind: SourceKind,
    items: Iterable[bytes],
    read: Callable[[int, bytes], Found],
) -> Accepted:
    now = clock.now()
    usages: dict[str, UsageIn] = {}
    errors: list[RecordError] = []
    tally = Tally()
    ignored = 0
    for index, raw in enumerate(items):
        found = _judged(index, read(index, raw), now)
        if isinstance(found, UsageIn):
            usages[found.event_id or ""] = found
            continue
        reason = Reason.BAD_RECORD
        if isinstance(found, Reason):
            reason = found
            if reason in REFUSALS:
                found = RecordError(index, "", f"This is {REFUSALS[reason]}.", _FIXES[reason])
            else:
                ignored += 1
        tally.add(dialect, Signal.RECORD, reason)
        if isinstance(found, RecordError):
            errors.append(found)
    batch_id, duplicate = None, False
    if usages:
        source_id = source_for(actor=actor, kind=kind, name=NAMES[dialect])
        stored = store(source_id, list(usages.values()))
        batch_id, duplicate = stored.batch_id, stored.duplicate
        tokens = sum(getattr(usage, name) for usage in usages.values() for name in KINDS)
        outcome = REPEATED if duplicate else COUNTED
        tally.add(dialect, Signal.RECORD, outcome, tokens, len(usages))
    if usages or ignored:
        tally.save(now)
    return Accepted(len(usages), len(errors), errors[:MAX_ERRORS], batch_id, duplicate, ignored)


def _judged(index: int, found: Found, now: datetime) -> Found:
    """What types cannot say: the calendar, control characters, tags that promise content."""
    if not isinstance(found, UsageIn):
        return found
    return check_record(index, found, now) or found
