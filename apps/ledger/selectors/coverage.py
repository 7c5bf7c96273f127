"""How complete and how fresh the figures are."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from apps.common import clock
from apps.common.memo import once
from apps.common.tokens import KINDS
from apps.ledger.enums import Axis
from apps.ledger.models import RollupAxis
from apps.ledger.models import SourceCoverage as Stored


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """How far one source's data goes. `status`: ok, lagging, never (no data yet), open (a pushed
    source cannot say when it is complete) or off."""

    source_id: UUID
    name: str
    complete_through: datetime | None
    lag_seconds: int | None
    status: str
    data_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """`complete_through`: the instant until which every source that can say so is complete."""

    complete_through: datetime | None
    sources: list[SourceCoverage]

    @property
    def data_as_of(self) -> datetime | None:
        """When any source last brought something."""
        return max((s.data_as_of for s in self.sources if s.data_as_of), default=None)

    @property
    def lagging(self) -> list[SourceCoverage]:
        return [source for source in self.sources if source.status in ("lagging", "never")]


@once
def coverage() -> Coverage:
    """Every source's coverage. The whole is complete as far as its slowest active source."""
    now = clock.now()
    rows = list(Stored.objects.order_by("name", "source_id"))
    known = [row.complete_through for row in rows if row.is_active and row.complete_through]
    return Coverage(min(known) if known else None, [_source(row, now) for row in rows])


def of_source(source_id: UUID) -> SourceCoverage | None:
    """One source's coverage; None before it brought or stated anything."""
    row = Stored.objects.filter(source_id=source_id).first()
    return _source(row, clock.now()) if row else None


@dataclass(frozen=True, slots=True)
class Received:
    """What a source brought so far: when it last did, the newest usage in it, and how much."""

    last_at: datetime | None = None
    newest_at: datetime | None = None
    records: int = 0
    tokens: int = 0


def received(source_id: UUID) -> Received:
    """All that one source ever brought into the ledger."""
    row = Stored.objects.filter(source_id=source_id).first()
    sums = RollupAxis.objects.filter(axis=Axis.SOURCE, key=source_id).aggregate(
        records=Sum("records"), **{f"sum_{kind}": Sum(kind) for kind in KINDS}
    )
    return Received(
        row.data_as_of if row else None,
        row.last_occurred_at if row else None,
        sums["records"] or 0,
        sum(sums[f"sum_{kind}"] or 0 for kind in KINDS),
    )


def _source(row: Stored, now: datetime) -> SourceCoverage:
    lag = int((now - row.complete_through).total_seconds()) if row.complete_through else None
    if not row.is_active:
        status = "off"
    elif lag is not None:
        status = "lagging" if lag > row.expected_lag_seconds else "ok"
    else:
        status = "open" if row.data_as_of else "never"
    return SourceCoverage(
        source_id=row.source_id,
        name=row.name or f"Source {str(row.source_id)[-6:]}",
        complete_through=row.complete_through,
        lag_seconds=lag,
        status=status,
        data_as_of=row.data_as_of,
    )
