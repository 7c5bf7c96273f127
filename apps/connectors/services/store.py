"""Writing what a run read besides tokens: directory, bill, other units. All of it, or nothing."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common import clock
from apps.common.ids import uuid7
from apps.connectors.models import DirectoryEntry, Source, UnitUsage
from apps.connectors.providers.base import CostLine, Entry, UnitLine

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


_UPSERT = """
INSERT INTO connectors_providercost AS known (
  organization_id, source_id, account, observed_at, currency, id, day, project_id, line_item,
  model, amount_nanos, first_nanos, quantity, quantity_unit, revisions)
SELECT %s, %s, %s, %s, line.currency, line.id, line.day, line.project_id, line.line_item,
  line.model, line.amount, line.amount, line.quantity, line.unit, 0
FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::text[], %s::bigint[],
  %s::bigint[], %s::text[], %s::text[])
  AS line (id, day, project_id, line_item, model, amount, quantity, unit, currency)
ON CONFLICT (organization_id, source_id, day, project_id, line_item, dims) DO UPDATE SET
  amount_nanos = excluded.amount_nanos, quantity = excluded.quantity,
  revisions = known.revisions + 1, observed_at = excluded.observed_at
WHERE (known.amount_nanos, known.quantity)
  IS DISTINCT FROM (excluded.amount_nanos, excluded.quantity)"""


def store_costs(source: Source, lines: Iterable[CostLine], observed_at: datetime) -> int:
    """Keep the bill's lines; the number of lines that were new or changed.

    Lines with the same day, project and item are one line. An unchanged line causes no write; a
    changed one keeps what it said first and counts the revision.
    """
    merged = list(_merged(lines).values())
    if not merged:
        return 0
    columns = (
        [uuid7() for _ in merged],
        [line.day for line in merged],
        [line.project_id[:120] for line in merged],
        [line.line_item[:255] for line in merged],
        [line.model[:255] for line in merged],
        [line.amount_nanos for line in merged],
        [line.quantity for line in merged],
        [line.quantity_unit[:40] for line in merged],
        [line.currency[:3] for line in merged],
    )
    head = (source.organization_id, source.id, source.account, observed_at)
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [*head, *columns])
        return int(cursor.rowcount)


_UNITS = """
INSERT INTO connectors_unitusage AS known (
  organization_id, source_id, observed_at, revisions, id, day, key, what, unit, quantity, requests,
  gauge, project_id, api_key_id, model, detail)
SELECT %s, %s, %s, 0, line.*
FROM unnest(%s::uuid[], %s::date[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
  %s::bigint[], %s::bool[], %s::text[], %s::text[], %s::text[], %s::text[]) AS line
ON CONFLICT (organization_id, source_id, day, key) DO UPDATE SET
  quantity = excluded.quantity, requests = excluded.requests,
  revisions = known.revisions + 1, observed_at = excluded.observed_at
WHERE (known.quantity, known.requests)
  IS DISTINCT FROM (excluded.quantity, excluded.requests)"""


def store_units(
    source: Source,
    lines: Iterable[UnitLine],
    start: datetime,
    end: datetime,
    observed_at: datetime,
) -> None:
    """Keep usage that is not tokens: what the provider says now of the window's days.

    The day in which the window begins after midnight is left as it was: only a part of it was
    read. Lines that are no longer reported are removed.
    """
    first = start.date() if start.time() == time() else start.date() + timedelta(days=1)
    last = (end - timedelta(microseconds=1)).date()
    merged: dict[tuple[date, UUID], UnitLine] = {}
    for line in lines:
        if not first <= line.day <= last:
            continue
        key = (line.day, _unit_key(line))
        other = merged.get(key)
        merged[key] = line if other is None else _unit_sum(other, line)
    known = UnitUsage.objects.filter(source=source, day__gte=first, day__lte=last)
    gone = [
        row_id
        for row_id, day, key in known.values_list("id", "day", "key")
        if (day, key) not in merged
    ]
    if gone:
        known.filter(id__in=gone).delete()
    if not merged:
        return
    columns: list[list[Any]] = [
        [uuid7() for _ in merged],
        [day for day, _ in merged],
        [key for _, key in merged],
        [line.what[:40] for line in merged.values()],
        [line.unit[:20] for line in merged.values()],
        [line.quantity for line in merged.values()],
        [line.requests for line in merged.values()],
        [line.gauge for line in merged.values()],
        [line.project_id[:120] for line in merged.values()],
        [line.api_key_id[:120] for line in merged.values()],
        [line.model[:255] for line in merged.values()],
        [line.detail[:120] for line in merged.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UNITS, [source.organization_id, source.id, observed_at, *columns])


def _unit_key(line: UnitLine) -> UUID:
    dimensions = (line.what, line.project_id, line.api_key_id, line.model, line.detail)
    digest = hashlib.blake2b("\x1f".join(dimensions).encode(), digest_size=16)
    return UUID(bytes=digest.digest())


def _unit_sum(one: UnitLine, other: UnitLine) -> UnitLine:
    """Two parts of a day's line; a gauge takes the later level."""
    requests = [r for r in (one.requests, other.requests) if r is not None]
    return replace(
        one,
        quantity=other.quantity if one.gauge else one.quantity + other.quantity,
        requests=sum(requests) if requests else None,
    )


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
