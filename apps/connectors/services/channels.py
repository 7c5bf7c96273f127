"""Which handed-in usage counts: what is of a comparison-only channel never reaches the ledger."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.common import clock
from apps.connectors import rules
from apps.connectors.enums import PULLED_KINDS, SourceRole
from apps.connectors.models import RoleChange, Source
from apps.connectors.services.compared import read, store_records
from apps.ledger.schema import IngestResult, UsageIn
from apps.ledger.services import ingest
from apps.ledger.services.state import lock
from apps.tenancy.scope import require_organization_id


def spans_of(source: Source) -> list[rules.RoleSpan]:
    """Decisions about a source's role, the first one first."""
    changes = RoleChange.objects.filter(source=source).order_by("created_at", "id")
    return [rules.RoleSpan(since, role) for since, role in changes.values_list("since", "role")]


def take(
    source_id: UUID,
    batch: Sequence[UsageIn],
    *,
    batch_id: UUID | None = None,
    accepted_at: datetime | None = None,
) -> IngestResult:
    """Usage read from a file, in the open transaction: what counts into the ledger, the rest to
    compare."""
    accepted_at = accepted_at or clock.now()
    counted, result, _ = divide(source_id, batch, accepted_at)
    if counted or not batch:
        result.add(
            ingest(
                organization_id=require_organization_id(),
                source_id=source_id,
                batch=counted,
                batch_id=batch_id,
                accepted_at=accepted_at,
            )
        )
    return result


class SourceChannels:
    """The ledger's question, answered by the roles of sources."""

    def counting(
        self, source_id: UUID, usages: Sequence[UsageIn], accepted_at: datetime
    ) -> tuple[list[UsageIn], int]:
        kept, _, version = divide(source_id, usages, accepted_at)
        return kept, version

    def version(self, source_id: UUID) -> int:
        found = _handed_in(source_id)
        return 0 if found is None else found.version


def _handed_in(source_id: UUID) -> Source | None:
    """Pulled sources decide as they read (`services.pull`)."""
    return Source.objects.filter(id=source_id).exclude(kind__in=PULLED_KINDS).first()


def divide(
    source_id: UUID, usages: Sequence[UsageIn], accepted_at: datetime
) -> tuple[list[UsageIn], IngestResult, int]:
    """What counts, what became of the rest, and the version of the source that said so.

    The rest is kept for comparison in the open transaction. Takes the ledger's lock: a role that
    is being changed waits, or is read as changed.
    """
    source = _handed_in(source_id)
    if source is None:
        return list(usages), IngestResult(), 0
    spans = spans_of(source)
    if not spans and not source.is_compared:
        return list(usages), IngestResult(), source.version
    lock()
    source.refresh_from_db(fields=["role", "version"])
    spans = spans_of(source)
    counted: list[UsageIn] = []
    compared: list[UsageIn] = []
    for usage in usages:
        role = rules.role_at(usage.occurred_at, source.role, spans)
        (compared if role == SourceRole.COMPARISON else counted).append(usage)
    records = read(source.id, compared, accepted_at) if compared else []
    result = store_records(source.id, records, today=clock.today())
    return counted, result, source.version
