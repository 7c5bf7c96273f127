"""Budgets above those of the stories, one for each way a budget can stand."""

from datetime import timedelta

from apps.access.actors import system_actor
from apps.budgets.models import Budget
from apps.budgets.services import create_budget
from apps.common import clock
from apps.common.money import NANOS
from tests.world import OrganizationWorld

WHOLE, ENGINEERING = "All AI spend", "Engineering"


def build_planning(org: OrganizationWorld) -> None:
    """The organization's budget in dollars, and a division's in tokens."""
    actor = system_actor("tests", org.id)
    with org.scope():
        month = clock.today().replace(day=1)
        create_budget(
            actor=actor,
            name=WHOLE,
            scope="organization",
            starts_on=(month - timedelta(days=40)).replace(day=1),
            amount_nanos=30_000 * NANOS,
            note="Agreed for the year.",
        )
        create_budget(
            actor=actor,
            name=ENGINEERING,
            scope="unit",
            unit_id=org.units["engineering"].id,
            starts_on=month,
            amount_nanos=None,
            amount_tokens=4_000_000_000,
        )


def budget(org: OrganizationWorld, name: str) -> Budget:
    with org.scope():
        return Budget.objects.get(name=name)
