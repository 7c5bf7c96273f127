"""Budgets, their entries and their place in the tree."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.budgets.enums import BudgetStatus, EntryKind, Scope
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.amounts import Entry, Limit, limit_of
from apps.budgets.rules.periods import Period
from apps.budgets.rules.tree import Node, children_of, parents_of
from apps.common.errors import NotFound
from apps.organizations.selectors import parents

WIDEST = (Scope.ORGANIZATION, Scope.UNIT, Scope.CAPABILITY, Scope.STORY)


def budgets_for(actor: Actor) -> QuerySet[Budget]:
    """Budgets an actor may see, with what names their scope."""
    related = Budget.objects.select_related("unit", "capability", "owner_membership__user")
    return visible(actor, related, P.BUDGET_VIEW)


def budget_by_id(actor: Actor, budget_id: UUID) -> Budget:
    """Raises NotFound for a budget out of sight as for none at all."""
    found = budgets_for(actor).filter(id=budget_id).first()
    if found is None:
        raise _missing()
    return found


def get_budget(budget_id: UUID) -> Budget:
    """For services, which check the permission themselves."""
    found = Budget.objects.filter(id=budget_id).first()
    if found is None:
        raise _missing()
    return found


def active_budget_of_story(story_id: UUID) -> Budget | None:
    return Budget.objects.filter(
        story_id=story_id, scope=Scope.STORY, status=BudgetStatus.ACTIVE
    ).first()


def budgets_matching(
    *, unit_id: UUID | None, capability_id: UUID | None, story_id: UUID | None
) -> list[Budget]:
    """Every active budget that pays for such use: the whole chain up to the organization's."""
    tree = parents()
    units, unit = [], unit_id
    while unit is not None and unit not in units:
        units.append(unit)
        unit = tree.get(unit)
    wanted = Q(scope=Scope.ORGANIZATION) | Q(scope=Scope.UNIT, unit_id__in=units)
    if capability_id is not None:
        wanted |= Q(scope=Scope.CAPABILITY, capability_id=capability_id)
    if story_id is not None:
        wanted |= Q(scope=Scope.STORY, story_id=story_id)
    found = Budget.objects.filter(wanted, status=BudgetStatus.ACTIVE).order_by("id")
    return sorted(found, key=lambda budget: WIDEST.index(Scope(budget.scope)))


def entries_of(budget: Budget) -> list[BudgetEntry]:
    """Rows in the order they were written."""
    return list(BudgetEntry.objects.filter(budget_id=budget.id).order_by("budget_version"))


def entries_by_budget(ids: Iterable[UUID]) -> dict[UUID, list[Entry]]:
    """The entries of many budgets as the rules read them, in one query."""
    found: dict[UUID, list[Entry]] = {}
    rows = BudgetEntry.objects.filter(budget_id__in=list(ids)).values_list(
        "budget_id", "kind", "effective_on", "amount_nanos", "amount_tokens", "budget_version"
    )
    for budget_id, kind, day, nanos, tokens, order in rows:
        found.setdefault(budget_id, []).append(Entry(EntryKind(kind), day, nanos, tokens, order))
    return found


def limit_for(budget: Budget, period: Period, on: date) -> Limit:
    """The limit of one period as it stands on a day."""
    return limit_of(entries_by_budget([budget.id]).get(budget.id, []), period, on)


def node_of(budget: Budget) -> Node:
    return Node(
        budget.id, Scope(budget.scope), budget.unit_id, budget.capability_id, budget.story_id
    )


def active_tree() -> tuple[dict[UUID, list[UUID]], dict[UUID, list[UUID]]]:
    """(parents, children) of every active budget, by id."""
    rows = Budget.objects.filter(status=BudgetStatus.ACTIVE).values_list(
        "id", "scope", "unit_id", "capability_id", "story_id"
    )
    nodes = [Node(row_id, Scope(scope), *rest) for row_id, scope, *rest in rows]
    above = parents_of(nodes, parents())
    return above, children_of(above)


def _missing() -> NotFound:
    return NotFound("There is no such budget.", code="budget_not_found")
