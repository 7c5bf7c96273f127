"""The checks of an audit. Each reads the audited scope and period and names what it found.

A check that finds nothing returns nothing; each finding carries the query that shows it, so that
a reader can look at the same figures.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.audits.enums import Check
from apps.audits.figures import query_of
from apps.audits.models import Audit
from apps.common.fmt import money, tokens
from apps.ledger.query import Row, run
from apps.organizations.selectors import units
from apps.portfolio.models import Capability
from apps.stories.selectors.plans import ApprovedPlan, approved_plans

#: Actual spend over the estimate by less than this is within any estimate's error.
TOLERANCE = Decimal("1.10")
ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Detected:
    """What a check found. `effect_nanos` None: the money is unknown (unpriced usage)."""

    check: Check
    subject: str
    title: str
    seen: str
    remedy: str
    effect_nanos: int | None
    evidence: dict[str, Any] = field(default_factory=dict)
    unit_id: UUID | None = None


def detect_all(audit: Audit) -> list[Detected]:
    """Every check in a fixed order; inside a check the largest effect first."""
    found: list[Detected] = []
    for check in (unattributed, without_story, over_estimate, unpriced):
        found += sorted(check(audit), key=lambda d: (-(d.effect_nanos or 0), d.subject))
    return found


def _evidence(audit: Audit, group: str, rows: list[Row], **filters: list[str]) -> dict[str, Any]:
    return {
        "query": {
            "start": audit.period_start.isoformat(),
            "end": audit.period_end.isoformat(),
            "group_by": [group],
            "filters": filters,
        },
        "rows": [
            {
                "key": str(row.keys[0]) if row.keys[0] is not None else None,
                "label": row.labels[0],
                "cost_nanos": row.cost_nanos,
                "tokens": row.tokens.total,
            }
            for row in rows[:ROWS_SHOWN]
        ],
        "more_rows": max(len(rows) - ROWS_SHOWN, 0),
    }


def _money(audit: Audit, nanos: int) -> str:
    return money(nanos, audit.currency, style="exact")


def unattributed(audit: Audit) -> Iterator[Detected]:
    """Spend that no rule and no caller gave to a unit. An audit of one unit cannot see it."""
    if audit.unit_id:
        return
    rows = run(query_of(audit, group_by=("api_key",), filters={"confidence": ["none"]})).rows
    rows = [row for row in rows if row.cost_nanos]
    cost = sum(row.cost_nanos or 0 for row in rows)
    if not cost:
        return
    keys = ", ".join(row.labels[0] for row in rows[:3])
    yield Detected(
        check=Check.UNATTRIBUTED,
        subject="all",
        title=f"{_money(audit, cost)} belongs to no team",
        seen=f"Usage of {len(rows)} keys has no owner, mostly {keys}.",
        remedy="Add attribution rules for these keys, largest first.",
        effect_nanos=cost,
        evidence=_evidence(audit, "api_key", rows, confidence=["none"]),
    )


def without_story(audit: Audit) -> Iterator[Detected]:
    """Capabilities that spend without an approved Token Story, one finding for each team."""
    covered = {
        str(plan.capability_id)
        for plan in approved_plans(audit.period_start, audit.period_end)
        if plan.capability_id
    }
    owners = {c.id: c for c in Capability.objects.all()}
    by_unit: dict[UUID, list[Row]] = defaultdict(list)
    for row in run(query_of(audit, group_by=("capability",))).rows:
        key = str(row.keys[0]) if row.keys[0] is not None else ""
        if key and row.cost_nanos and key not in covered and UUID(key) in owners:
            by_unit[owners[UUID(key)].unit_id].append(row)
    names = dict(units().values_list("id", "name"))
    for unit_id, rows in by_unit.items():
        cost = sum(row.cost_nanos or 0 for row in rows)
        listed = ", ".join(row.labels[0] for row in rows[:3])
        yield Detected(
            check=Check.NO_STORY,
            subject=str(unit_id),
            title=f"{names.get(unit_id, 'A team')} spent {_money(audit, cost)} without a story",
            seen=f"{len(rows)} capabilities run without an approved Token Story: {listed}.",
            remedy="File a Token Story for each, starting from its measured use.",
            effect_nanos=cost,
            evidence=_evidence(audit, "capability", rows, unit=[str(unit_id)]),
            unit_id=unit_id,
        )


def over_estimate(audit: Audit) -> Iterator[Detected]:
    """Stories whose capability cost over 110 % of its estimate in the months it covers."""
    actual = _actual_by_month(audit)
    for plan in approved_plans(audit.period_start, audit.period_end):
        if plan.capability_id is None or not plan.months:
            continue
        spent = actual.get(str(plan.capability_id), {})
        measured = sum(cost for month, cost in spent.items() if month in plan.months)
        estimated = sum(plan.months[month] for month in spent if month in plan.months)
        if estimated and measured > estimated * TOLERANCE:
            yield _over(audit, plan, measured, estimated)


def _actual_by_month(audit: Audit) -> dict[str, dict[Any, int]]:
    found: dict[str, dict[Any, int]] = defaultdict(dict)
    for row in run(query_of(audit, group_by=("capability",), grain="month")).rows:
        if row.keys[0] is not None and row.cost_nanos:
            found[str(row.keys[0])][row.period] = row.cost_nanos
    return found


def _over(audit: Audit, plan: ApprovedPlan, measured: int, estimated: int) -> Detected:
    share = (Decimal(measured) / estimated - 1) * 100
    return Detected(
        check=Check.OVER_ESTIMATE,
        subject=str(plan.story_id),
        title=f"{plan.ref} ran {share:.0f}% over its estimate",
        seen=(
            f"{plan.title}: measured {_money(audit, measured)}, "
            f"estimated {_money(audit, estimated)} for the same months."
        ),
        remedy="Amend the story with measured figures, or bring its use back to the estimate.",
        effect_nanos=measured - estimated,
        evidence={
            "query": {
                "start": audit.period_start.isoformat(),
                "end": audit.period_end.isoformat(),
                "grain": "month",
                "filters": {"capability": [str(plan.capability_id)]},
            },
            "story": plan.ref,
            "measured_nanos": measured,
            "estimated_nanos": estimated,
        },
        unit_id=plan.unit_id,
    )


def unpriced(audit: Audit) -> Iterator[Detected]:
    """Usage whose price is unknown: its cost is missing from every figure, not zero."""
    for row in run(query_of(audit, group_by=("model",))).rows:
        if not row.unpriced_tokens and not row.unpriced_requests:
            continue
        yield Detected(
            check=Check.UNPRICED,
            subject=str(row.keys[0])[:100],
            title=f"{row.labels[0]} has no price",
            seen=(
                f"{tokens(row.unpriced_tokens)} tokens in {row.unpriced_requests:,} requests "
                "carry no cost, so every total is too low by an unknown amount."
            ),
            remedy="Add a price for the model, then recost the open periods.",
            effect_nanos=None,
            evidence=_evidence(audit, "model", [row], model=[str(row.keys[0])]),
        )
