"""Records summed by the database: per dimension set, span and day or hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from apps.common.tokens import KINDS
from apps.ledger.enums import Axis, CostStatus, Granularity
from apps.ledger.models import MEASURES, LedgerState
from apps.ledger.rules import keys
from apps.ledger.rules.axes import NONE, Assignment, Labelled, Names, axis_values
from apps.tenancy.scope import require_organization_id

_DIMS = [f'd."{name}"' for name in keys.DIM_FIELDS]
_OWNER = ["unit_id", "capability_id", "story_id", "phase", "work_item", "confidence"]


@dataclass(frozen=True, slots=True)
class RecordSum:
    """Sums of the records of one set in one span and day (or hour)."""

    dimset_id: int
    day: date
    hour: datetime | None
    source_id: UUID
    dims: dict[str, str]
    names: Names
    assignment: Assignment
    measures: tuple[int, ...]

    @property
    def values(self) -> dict[Axis, Labelled]:
        return axis_values(self.dims, self.names)


def of_records(
    first: date,
    last: date,
    *,
    by: Literal["day", "hour"] = "day",
    sets: Sequence[int] | None = None,
) -> Iterator[RecordSum]:
    """Sums of the records of the ledger's days [first, last), of some sets or of all.

    This is the recomputation that rollups are held against: it shares no code with the batches
    that maintain them.
    """
    state = LedgerState.objects.first()
    if state is None:
        return
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "zone": state.timezone,
        "first": first,
        "last": last,
        "sets": list(sets or ()),
    }
    at = 3 + len(MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(_sql(by=by, some=sets is not None), values)
        for row in cursor:
            owner = row[at + 1 : at + 1 + len(_OWNER)]
            rest = row[at + 1 + len(_OWNER) :]
            yield RecordSum(
                dimset_id=row[0],
                day=row[1],
                hour=row[2],
                source_id=row[at],
                dims=dict(zip(keys.DIM_FIELDS, rest[:-3], strict=True)),
                names=Names(*rest[-3:]),
                assignment=replace(NONE, **dict(zip(_OWNER, owner, strict=True))),
                measures=tuple(map(int, row[3:at])),
            )


@dataclass(frozen=True, slots=True)
class UtcDay:
    """Usage of one provider on one UTC day, whatever the ledger's time zone."""

    provider: str
    day: date
    tokens: int
    unpriced_tokens: int
    cost_nanos: int | None


def by_utc_day(start: date, end: date, provider: str = "") -> list[UtcDay]:
    """Records of the UTC days [start, end) by provider: what bills are cut in.

    Read from records: for questions about few weeks. The cost is None where nothing has a price.
    """
    tokens = "+".join(f"coalesce(r.{kind}, 0)" for kind in KINDS)
    unpriced = f"FILTER (WHERE r.cost_status >= {CostStatus.UNPRICED})"
    sql = (
        "WITH s AS (SELECT r.dimset_id, (r.occurred_at AT TIME ZONE 'UTC')::date AS day, "
        f"sum({tokens})::bigint AS tokens, coalesce(sum({tokens}) {unpriced}, 0)::bigint AS open, "
        "sum(r.cost_nanos)::bigint AS cost FROM usage_record r "
        "WHERE r.organization_id = %(org)s AND r.occurred_at >= %(start)s "
        f"AND r.occurred_at < %(end)s AND r.cost_status <> {CostStatus.WITHDRAWN} GROUP BY 1, 2) "
        "SELECT d.provider_name, s.day, sum(s.tokens), sum(s.open), sum(s.cost) FROM s "
        "JOIN dimension_set d ON d.organization_id = %(org)s AND d.id = s.dimset_id "
        "WHERE %(provider)s = '' OR d.provider_name = %(provider)s GROUP BY 1, 2 ORDER BY 1, 2"
    )
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "start": datetime.combine(start, time(), UTC),
        "end": datetime.combine(end, time(), UTC),
        "provider": provider,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [
            UtcDay(name, day, int(whole), int(left), None if cost is None else int(cost))
            for name, day, whole, left, cost in cursor.fetchall()
        ]


def _sql(*, by: str, some: bool) -> str:
    kinds = ", ".join(f"sum(coalesce(r.{kind}, 0))::bigint" for kind in KINDS)
    tokens = "+".join(f"coalesce(r.{kind}, 0)" for kind in KINDS)
    unpriced = f"FILTER (WHERE r.cost_status >= {CostStatus.UNPRICED})"
    hour = "date_trunc('hour', r.occurred_at, %(zone)s)" if by == "hour" else "NULL::timestamptz"
    wanted = "AND r.dimset_id = ANY(%(sets)s) " if some else ""
    return (
        f"WITH r AS (SELECT r.*, {hour} AS hour, CASE WHEN r.granularity = {Granularity.DAY} "
        "THEN (r.occurred_at AT TIME ZONE 'UTC')::date "
        "ELSE (r.occurred_at AT TIME ZONE %(zone)s)::date END AS day FROM usage_record r "
        "WHERE r.organization_id = %(org)s AND r.occurred_at >= %(first)s::date - 2 "
        f"AND r.occurred_at < %(last)s::date + 2 {wanted}), "
        f"s AS (SELECT r.dimset_id, r.day, r.hour, {kinds}, "
        "coalesce(sum(r.requests), 0)::bigint, "
        f"count(*) FILTER (WHERE r.cost_status <> {CostStatus.WITHDRAWN}), "
        "coalesce(sum(r.cost_nanos), 0)::bigint, "
        f"coalesce(sum({tokens}) {unpriced}, 0)::bigint, "
        f"coalesce(sum(r.requests) {unpriced}, 0)::bigint, count(*) {unpriced} "
        "FROM r WHERE r.day >= %(first)s AND r.day < %(last)s "
        "GROUP BY r.dimset_id, r.day, r.hour) "
        f"SELECT s.*, d.source_id, {', '.join(f'a.{name}' for name in _OWNER)}, "
        f"{', '.join(_DIMS)}, d.provider_name, d.model_name, d.tier_name "
        "FROM s JOIN dimension_set d ON d.organization_id = %(org)s AND d.id = s.dimset_id "
        "JOIN attribution_span a ON a.organization_id = %(org)s "
        "AND a.dimset_id = s.dimset_id AND a.valid_from <= s.day AND s.day < a.valid_to"
    )
