"""The figures an audit freezes, read through the one query service."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audits.models import Audit
from apps.ledger.query import Query, Result, Row, run
from apps.organizations.selectors import unit_subtree_ids, units
from apps.stories.selectors.plans import approved_plans

#: Each grouping of the baseline; together they let any finding be traced to a figure.
GROUPINGS = ("unit", "capability", "story", "model", "source", "confidence", "month")
METHOD = "tokenops.audit.baseline/1"


@dataclass(frozen=True, slots=True)
class Figures:
    """The document to freeze and the two headline figures."""

    document: dict[str, Any]
    spend_nanos: int
    tokens: int
    data_as_of: datetime | None


def query_of(audit: Audit, **changes: Any) -> Query:
    """The audit's scope and period as a query."""
    filters: dict[str, list[str]] = dict(changes.pop("filters", {}))
    if audit.unit_id:
        filters["unit"] = sorted(str(unit) for unit in unit_subtree_ids(audit.unit_id))
    return Query(start=audit.period_start, end=audit.period_end, filters=filters, **changes)


def collect(audit: Audit) -> Figures:
    """Every figure of the baseline as plain JSON values: integers, text and null."""
    total = run(query_of(audit))
    groups = {name: run(_grouped(audit, name)) for name in GROUPINGS}
    document = {
        "method": METHOD,
        "query": {
            "audit": audit.ref,
            "period_start": audit.period_start.isoformat(),
            "period_end": audit.period_end.isoformat(),
            "unit": str(audit.unit_id) if audit.unit_id else None,
            "currency": audit.currency,
        },
        "figures": {
            "total": _row(total.total),
            **{f"by_{name}": _rows(result.rows) for name, result in groups.items()},
            "declared_by_unit": _declared(audit),
        },
        "coverage": _coverage(total),
        "data_as_of": total.data_as_of.isoformat() if total.data_as_of else None,
    }
    return Figures(
        document=document,
        spend_nanos=total.total.cost_nanos or 0,
        tokens=total.total.tokens.total,
        data_as_of=total.data_as_of,
    )


def _grouped(audit: Audit, name: str) -> Query:
    if name == "month":
        return query_of(audit, grain="month")
    return query_of(audit, group_by=(name,))


def _declared(audit: Audit) -> list[dict[str, Any]]:
    """What approved stories expected for the period, by the unit that owns them."""
    scope = unit_subtree_ids(audit.unit_id) if audit.unit_id else None
    sums: dict[UUID, int] = defaultdict(int)
    for plan in approved_plans(audit.period_start, audit.period_end):
        if scope is None or plan.unit_id in scope:
            sums[plan.unit_id] += sum(plan.months.values())
    names = dict(units().filter(id__in=sums).values_list("id", "name"))
    return [
        {"unit": str(unit_id), "label": names[unit_id], "cost_nanos": sums[unit_id]}
        for unit_id in sorted(sums, key=str)
    ]


def _rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """In an order that depends on the keys alone, so that equal figures have equal bytes."""
    plain = [_row(row) for row in rows]
    return sorted(plain, key=lambda row: (row["period"] or "", [key or "" for key in row["keys"]]))


def _row(row: Row) -> dict[str, Any]:
    return {
        "keys": [None if key is None else str(key) for key in row.keys],
        "labels": list(row.labels),
        "period": row.period.isoformat() if row.period else None,
        "tokens": row.tokens.as_dict(),
        "requests": row.requests,
        "cost_nanos": row.cost_nanos,
        "unpriced_tokens": row.unpriced_tokens,
        "unpriced_requests": row.unpriced_requests,
    }


def _coverage(result: Result) -> dict[str, Any]:
    through = result.coverage.complete_through
    return {
        "complete_through": through.isoformat() if through else None,
        "sources": sorted(
            (
                {
                    "name": source.name,
                    "complete_through": (
                        source.complete_through.isoformat() if source.complete_through else None
                    ),
                }
                for source in result.coverage.sources
            ),
            key=lambda source: source["name"],
        ),
    }
