"""Accepting pushed usage: judged record by record, stored in the inbox before the answer."""

import gzip
from dataclasses import dataclass
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.connectors.enums import SourceKind
from apps.connectors.push.records import Parsed, parse_array, parse_lines
from apps.connectors.services.sources import intake_source
from apps.ledger.schema import RecordError
from apps.ledger.services import accept_batch

SOURCE_NAME = "Records API"
MAX_ERRORS = 1_000
"""Refusals explained in one answer; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a push. `batch_id` is None when no record was good."""

    accepted: int
    rejected: int
    errors: list[RecordError]
    batch_id: UUID | None
    duplicate: bool = False


def accept_usage(*, actor: Actor, data: bytes, lines: bool, source: str = "") -> Accepted:
    """Store the good records of a body, unpacked. Repeating a body stores nothing again.

    `source` names another stream of events of the same organization: the same event id in two
    sources is two events. Raises Forbidden, TooLarge for too many records, Invalid (400) for a
    body that is no JSON at all.
    """
    require(actor, P.USAGE_WRITE)
    parsed = (parse_lines if lines else parse_array)(data, clock.now())
    rejected = parsed.total - len(parsed.records)
    if not parsed.records:
        return Accepted(0, rejected, parsed.errors[:MAX_ERRORS], None)
    found = intake_source(actor=actor, kind=SourceKind.RECORDS_API, name=source or SOURCE_NAME)
    stored = accept_batch(source_id=found.id, body=_packed(parsed), encoding="gzip")
    return Accepted(
        len(parsed.records),
        rejected,
        parsed.errors[:MAX_ERRORS],
        stored.batch_id,
        stored.duplicate,
    )


def _packed(parsed: Parsed) -> bytes:
    """The good records alone: nothing that was refused reaches the database."""
    return gzip.compress(b"[" + b",".join(parsed.raw) + b"]", compresslevel=1, mtime=0)
