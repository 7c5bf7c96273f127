"""Accepting pushed usage: judged record by record, stored in the inbox before the answer."""

from dataclasses import dataclass
from operator import attrgetter
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.tokens import KINDS
from apps.connectors.enums import SourceKind
from apps.connectors.push.records import parse_array, parse_lines
from apps.connectors.push.rules.calls import Dialect, Reason, Signal
from apps.connectors.push.services.batches import store_json
from apps.connectors.push.services.sources import source_for
from apps.connectors.push.services.tally import COUNTED, Tally
from apps.ledger.schema import RecordError

SOURCE_NAME = "Records API"
_counts_of = attrgetter(*KINDS)
MAX_ERRORS = 1_000
"""Refusals explained in one answer; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a push. `batch_id` is None when nothing was stored.

    `ignored` counts what is well-formed and no usage: failed calls, other events.
    """

    accepted: int
    rejected: int
    errors: list[RecordError]
    batch_id: UUID | None
    duplicate: bool = False
    ignored: int = 0


def accept_usage(
    *, actor: Actor, data: bytes, lines: bool, source: str = "", packed: bytes | None = None
) -> Accepted:
    """Store the good records of a body, unpacked, and nothing else. Repeating it stores nothing.

    `packed`: the same body as one gzip stream, if it was sent so. A body without a refused record
    is kept as it was sent.
    `source` names another stream of events of the same organization: the same event id in two
    sources is two events. Raises Forbidden, TooLarge for too many records, Invalid (400) for a
    body that is no JSON at all.
    """
    require(actor, P.USAGE_WRITE)
    now = clock.now()
    parsed = (parse_lines if lines else parse_array)(data, now)
    rejected = parsed.total - len(parsed.records)
    if not parsed.records:
        return Accepted(0, rejected, parsed.errors[:MAX_ERRORS], None)
    source_id = source_for(actor=actor, kind=SourceKind.RECORDS_API, name=source or SOURCE_NAME)
    stored = store_json(
        source_id, parsed.body, len(parsed.records), packed=None if rejected else packed
    )
    tally = Tally()
    tokens = sum(map(sum, map(_counts_of, parsed.records)))
    counted = "repeated" if stored.duplicate else COUNTED
    tally.add(Dialect.RECORDS, Signal.RECORD, counted, tokens, len(parsed.records))
    tally.add(Dialect.RECORDS, Signal.RECORD, Reason.BAD_RECORD, items=rejected)
    tally.save(now)
    return Accepted(
        len(parsed.records),
        rejected,
        parsed.errors[:MAX_ERRORS],
        stored.batch_id,
        stored.duplicate,
    )
