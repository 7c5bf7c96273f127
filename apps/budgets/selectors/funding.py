"""Who pays: whoever funds something alone does not decide about it."""

from collections.abc import Iterable
from uuid import UUID

from apps.budgets.enums import Scope
from apps.budgets.models import Budget
from apps.budgets.rules.tree import enclosing
from apps.budgets.selectors.budgets import budgets_matching, node_of
from apps.organizations.selectors import parents


def sole_funders(*, unit_id: UUID, capability_id: UUID | None) -> list[UUID]:
    """The one person who owns every budget above a story, if there is one: they fund it alone.

    A budget without an owner is shared; then nobody does.
    """
    above = budgets_matching(unit_id=unit_id, capability_id=capability_id, story_id=None)
    return _alone(budget for budget in above if budget.scope != Scope.STORY)


def sole_funders_of(budget: Budget) -> list[UUID]:
    """The one person who owns every budget above this one; of a budget with none above, its own
    owner: its money comes out of no other.
    """
    around = set(enclosing(node_of(budget), parents()))
    matching = budgets_matching(
        unit_id=budget.unit_id, capability_id=budget.capability_id, story_id=None
    )
    above = [other for other in matching if node_of(other).key in around]
    return _alone(above or [budget])


def _alone(budgets: Iterable[Budget]) -> list[UUID]:
    owners = {budget.owner_membership_id for budget in budgets}
    return [owner for owner in owners if owner is not None] if len(owners) == 1 else []
