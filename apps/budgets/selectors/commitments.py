"""What budgets have given to those below them, without their use: what an approval asks.

Every approved story has a budget, so an organization has thousands. They are added up by the
database; only those that are not plain (a revision, a grant, another kind of period) are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from apps.budgets.enums import BudgetStatus, PeriodKind, Scope
from apps.budgets.models import Budget
from apps.budgets.rules.amounts import Entry, limit_of
from apps.budgets.rules.periods import Period, Plan, nearest_period, periods_between
from apps.budgets.rules.tree import Key, Node, children_of, parents_of, share_within
from apps.budgets.selectors.budgets import WIDEST, entries_by_budget, node_of
from apps.common import clock
from apps.organizations.selectors import parents, unit_ancestor_ids
from apps.tenancy.scope import require_organization_id


@dataclass(frozen=True, slots=True)
class Commitment:
    """A budget in its current period: its limit (None is unlimited) and what those directly below
    it may use of it, in nanos.
    """

    budget: Budget
    period: Period
    today: date
    limit_nanos: int | None
    committed_nanos: int


def commitments_above(*, unit_id: UUID, capability_id: UUID | None) -> list[Commitment]:
    """Of every active budget above a story of the unit and capability, the widest first: a fixed
    number of queries, none of the ledger.
    """
    known = list(
        Budget.objects.filter(status=BudgetStatus.ACTIVE).exclude(scope=Scope.STORY).order_by("id")
    )
    around = {(Scope.ORGANIZATION, None), (Scope.CAPABILITY, capability_id)}
    around |= {(Scope.UNIT, unit) for unit in unit_ancestor_ids(unit_id)}
    above = [budget for budget in known if node_of(budget).key in around]
    above.sort(key=lambda budget: WIDEST.index(Scope(budget.scope)))
    days = {b.id: clock.today(b.timezone) for b in above}
    periods = {b.id: nearest_period(b.plan, days[b.id]) for b in above}
    tree = [node_of(b) for b in known], {b.id: b.plan for b in known}
    below, entries = _below(periods, days, tree)
    return [
        Commitment(
            b,
            periods[b.id],
            days[b.id],
            limit_of(entries.get(b.id, []), periods[b.id], days[b.id]).nanos,
            below[b.id][0],
        )
        for b in above
    ]


def committed_below(
    periods: Mapping[UUID, Period], days: Mapping[UUID, date]
) -> dict[UUID, tuple[int, int]]:
    """For each budget what those directly below it may use in its period, and how many of them
    have no limit.
    """
    return _below(periods, days, _above_stories())[0]


def _below(
    periods: Mapping[UUID, Period],
    days: Mapping[UUID, date],
    tree: tuple[list[Node], dict[UUID, Plan]],
) -> tuple[dict[UUID, tuple[int, int]], dict[UUID, list[Entry]]]:
    """`committed_below`, and the entries of the budgets asked about and of those it has read."""
    if not periods:
        return {}, {}
    nodes, plans = tree
    total, unlimited = dict.fromkeys(periods, 0), dict.fromkeys(periods, 0)
    children = {k: v for k, v in children_of(parents_of(nodes, parents())).items() if k in periods}
    for parent, nanos, without, others in _stories_below(nodes, periods):
        total[parent] += int(nanos)
        unlimited[parent] += without
        children.setdefault(parent, []).extend(others)
    below = {child for found in children.values() for child in found}
    if unread := below - plans.keys():
        plans = plans | _plans(unread)
    entries = entries_by_budget(below | periods.keys())
    for parent, found in children.items():
        for child in found:
            amount = _commits(plans[child], entries.get(child, ()), periods[parent], days[parent])
            total[parent] += amount or 0
            unlimited[parent] += amount is None
    return {each: (total[each], unlimited[each]) for each in periods}, entries


_PLAN = ("period_kind", "starts_on", "ends_on", "timezone", "year_starts_in")


def _above_stories() -> tuple[list[Node], dict[UUID, Plan]]:
    """Every active budget but those of stories: as many as there are teams and capabilities."""
    rows = (
        Budget.objects.filter(status=BudgetStatus.ACTIVE)
        .exclude(scope=Scope.STORY)
        .values_list("id", "scope", "unit_id", "capability_id", *_PLAN)
    )
    nodes, plans = [], {}
    for budget_id, scope, unit_id, capability_id, kind, *plan in rows:
        nodes.append(Node(budget_id, Scope(scope), unit_id, capability_id))
        plans[budget_id] = Plan(PeriodKind(kind), *plan)
    return nodes, plans


def _plans(ids: Iterable[UUID]) -> dict[UUID, Plan]:
    rows = Budget.objects.filter(id__in=list(ids)).values_list("id", *_PLAN)
    return {budget_id: Plan(PeriodKind(kind), *plan) for budget_id, kind, *plan in rows}


_STORIES = """
    WITH place(parent, unit, capability) AS (
      SELECT * FROM unnest(%(parents)s::uuid[], %(units)s::uuid[], %(capabilities)s::uuid[])),
    parent(id, starts, ends) AS (
      SELECT * FROM unnest(%(ids)s::uuid[], %(starts)s::date[], %(ends)s::date[])),
    story AS (
      SELECT b.id, place.parent, b.period_kind = 'month' AS monthly,
        greatest(b.starts_on, parent.starts) AS first,
        least(coalesce(b.ends_on, parent.ends), parent.ends) AS past,
        parent.starts = date_trunc('month', parent.starts)
          AND parent.ends = date_trunc('month', parent.ends) AS whole
      FROM budgets_budget b
      JOIN place ON place.capability = b.capability_id OR (place.unit = b.unit_id
        AND (b.capability_id IS NULL OR NOT b.capability_id = ANY(%(held)s::uuid[])))
      JOIN parent ON parent.id = place.parent
      WHERE b.organization_id = %(org)s AND b.status = 'active' AND b.scope = 'story'),
    entry AS (
      SELECT e.budget_id, count(*) AS n, min(e.kind) AS kind, min(e.effective_on) AS since,
        max(e.amount_nanos) AS nanos
      FROM budgets_budgetentry e
      WHERE e.organization_id = %(org)s GROUP BY e.budget_id),
    plain AS (
      SELECT story.parent, story.id, entry.nanos,
        (entry.n = 1 AND entry.kind = 'initial' AND entry.since <= story.first
          AND story.monthly AND story.whole) IS TRUE AS is_plain,
        CASE WHEN story.past <= story.first THEN 0 ELSE
          (extract(year FROM story.past - 1) - extract(year FROM story.first)) * 12
          + extract(month FROM story.past - 1) - extract(month FROM story.first) + 1
        END::bigint AS months
      FROM story LEFT JOIN entry ON entry.budget_id = story.id)
    SELECT parent,
      coalesce(sum(nanos * months) FILTER (WHERE is_plain), 0),
      count(*) FILTER (WHERE is_plain AND nanos IS NULL AND months > 0),
      coalesce(array_agg(id) FILTER (WHERE NOT is_plain), ARRAY[]::uuid[])
    FROM plain GROUP BY parent
"""
"""Budgets of stories by the budget right above them. A plain one has a single amount, from its
start, a month: whole months inside whole months commit all of themselves.
"""


def _stories_below(
    nodes: Sequence[Node], periods: Mapping[UUID, Period]
) -> list[tuple[UUID, int, int, list[UUID]]]:
    """For budgets with stories right below: nanos of plain ones, how many of them are unlimited,
    and the ids of the others.
    """
    places = _places(nodes, periods.keys())
    if not places:
        return []
    ids = list(periods)
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "parents": [parent for parent, _, _ in places],
        "units": [unit for _, unit, _ in places],
        "capabilities": [capability for _, _, capability in places],
        "held": [n.capability_id for n in nodes if n.scope is Scope.CAPABILITY],
        "ids": ids,
        "starts": [periods[each].start for each in ids],
        "ends": [periods[each].end for each in ids],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORIES, values)
        return cursor.fetchall()


def _places(
    nodes: Sequence[Node], wanted: Iterable[UUID]
) -> list[tuple[UUID, UUID | None, UUID | None]]:
    """(budget, unit, None) and (budget, None, capability): whose stories are right below it.

    A story is below the budget of its capability, else of the nearest unit that has one, else of
    the organization.
    """
    asked = frozenset(wanted)
    by_key: dict[Key, list[UUID]] = {}
    for node in nodes:
        by_key.setdefault(node.key, []).append(node.id)
    found: list[tuple[UUID, UUID | None, UUID | None]] = []
    tree = parents()
    for unit in tree:
        current: UUID | None = unit
        seen: set[UUID] = set()
        while current is not None and (Scope.UNIT, current) not in by_key and current not in seen:
            seen.add(current)
            current = tree.get(current)
        above = by_key.get((Scope.UNIT, current)) if current is not None else None
        nearest = above or by_key.get((Scope.ORGANIZATION, None), [])
        found += [(budget_id, unit, None) for budget_id in nearest if budget_id in asked]
    found += [
        (node.id, None, node.capability_id)
        for node in nodes
        if node.scope is Scope.CAPABILITY and node.id in asked
    ]
    return found


def _commits(plan: Plan, entries: Sequence[Entry], within: Period, today: date) -> int | None:
    """What a child may use inside a parent's period; None when it has no limit there."""
    total = 0
    for period in periods_between(plan, within.start, within.end):
        limit = limit_of(entries, period, max(today, period.start)).nanos
        if limit is None:
            return None
        total += share_within(limit, period, within)
    return total
