"""Runs beside the figures: how many began in each group and period, and what they cost."""

from typing import Any

from apps.common.errors import Invalid
from apps.ledger.enums import NO_KEY, Axis
from apps.ledger.query.plan import Plan
from apps.ledger.query.read import PERIODS, Sum, keys_of
from apps.tenancy.reading import rows_with_text_keys
from apps.tenancy.scope import require_organization_id

COLUMNS = {
    Axis.UNIT: "unit_id",
    Axis.CAPABILITY: "capability_id",
    Axis.STORY: "story_id",
    Axis.SOURCE: "source_id",
}
"""A run belongs to one of each; its calls may use several models, keys or tiers."""


def read_runs(plan: Plan) -> list[Sum]:
    """(period, keys, (runs, nanos of their calls)) of a plan, in no order.

    Invalid where runs have no such axis.
    """
    unknown = [axis for axis in (*plan.axes, *plan.filters) if axis not in COLUMNS]
    if unknown:
        known = ", ".join(axis.label.lower() for axis in COLUMNS)
        raise Invalid(
            f"Runs are not counted by {unknown[0].label.lower()}.",
            field="runs",
            fix=f"Group and filter by {known}, or kind.",
        )
    if plan.query.grain == "hour":
        raise Invalid("Runs are counted by day.", field="grain", fix="Ask for day or longer.")
    if plan.nothing:
        return []
    keys, join = keys_of(plan, [f"r.{COLUMNS[axis]}" for axis in plan.axes])
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "start": plan.query.start,
        "end": plan.query.end,
    }
    conditions = ""
    for axis, accepted in plan.filters.items():
        conditions += f" AND r.{COLUMNS[axis]} = ANY(%({axis.name})s)"
        values[axis.name] = list(accepted)
    selected = [PERIODS[plan.query.grain], *keys]
    places = ", ".join(str(i + 1) for i in range(len(selected)))
    rows = rows_with_text_keys(
        f"SELECT {', '.join(selected)}, sum(r.runs)::bigint, sum(r.cost_nanos)::bigint "
        f"FROM rollup_run r{join} WHERE r.organization_id = %(org)s "
        "AND r.day >= %(start)s AND r.day < %(end)s"
        f"{conditions} GROUP BY {places}",
        values,
    )
    return [(row[0], tuple(key or NO_KEY for key in row[1:-2]), row[-2:]) for row in rows]
