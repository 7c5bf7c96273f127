"""Writing what a run read: directory, provider bill, usage, cursor. One transaction, or nothing."""

from collections.abc import Iterable
from datetime import date, datetime

from apps.common import clock
from apps.connectors.models import DirectoryEntry, ProviderCost, Source
from apps.connectors.providers.base import CostLine, Entry

_BATCH = 1000


def store_directory(source: Source, entries: Iterable[Entry]) -> None:
    """Names as the provider gives them now. Entries it no longer lists are kept."""
    now = clock.now()
    unique = {(entry.kind, entry.external_id[:120]): entry for entry in entries}
    rows = [
        DirectoryEntry(
            source=source,
            kind=entry.kind,
            external_id=entry.external_id[:120],
            name=entry.name[:255],
            parent_id=entry.parent_id[:120],
            owner=entry.owner[:255],
            hint=entry.hint[:60],
            seen_at=now,
        )
        for entry in unique.values()
    ]
    DirectoryEntry.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["organization_id", "source", "kind", "external_id"],
        update_fields=["name", "parent_id", "owner", "hint", "seen_at"],
    )


def store_costs(source: Source, lines: Iterable[CostLine], observed_at: datetime) -> int:
    """Keep the bill's lines; the number of lines that were new or changed.

    Lines with the same day, project and item are one line. An unchanged line causes no write; a
    changed one keeps what it said first and counts the revision.
    """
    merged = _merged(lines)
    if not merged:
        return 0
    days = [key[0] for key in merged]
    known = {
        (row.day, row.project_id, row.line_item): row
        for row in ProviderCost.objects.filter(
            source=source, day__gte=min(days), day__lte=max(days)
        )
    }
    fresh, changed = [], []
    for key, line in merged.items():
        row = known.get(key)
        if row is None:
            fresh.append(_row(source, line, observed_at))
        elif (row.amount_nanos, row.quantity) != (line.amount_nanos, line.quantity):
            row.amount_nanos, row.quantity = line.amount_nanos, line.quantity
            row.revisions += 1
            row.observed_at = observed_at
            changed.append(row)
    ProviderCost.objects.bulk_create(fresh, batch_size=_BATCH)
    ProviderCost.objects.bulk_update(
        changed, ["amount_nanos", "quantity", "revisions", "observed_at"], batch_size=_BATCH
    )
    return len(fresh) + len(changed)


def _merged(lines: Iterable[CostLine]) -> dict[tuple[date, str, str], CostLine]:
    found: dict[tuple[date, str, str], CostLine] = {}
    for line in lines:
        key = (line.day, line.project_id[:120], line.line_item[:255])
        other = found.get(key)
        found[key] = line if other is None else _sum(other, line)
    return found


def _sum(one: CostLine, other: CostLine) -> CostLine:
    quantities = [q for q in (one.quantity, other.quantity) if q is not None]
    return CostLine(
        day=one.day,
        project_id=one.project_id,
        line_item=one.line_item,
        model=one.model or other.model,
        amount_nanos=one.amount_nanos + other.amount_nanos,
        currency=one.currency,
        quantity=sum(quantities) if quantities else None,
        quantity_unit=one.quantity_unit or other.quantity_unit,
    )


def _row(source: Source, line: CostLine, observed_at: datetime) -> ProviderCost:
    return ProviderCost(
        source=source,
        account=source.account,
        day=line.day,
        project_id=line.project_id[:120],
        line_item=line.line_item[:255],
        model=line.model[:255],
        amount_nanos=line.amount_nanos,
        first_nanos=line.amount_nanos,
        currency=line.currency,
        quantity=line.quantity,
        quantity_unit=line.quantity_unit[:40],
        observed_at=observed_at,
    )
