"""A budget in tokens, which is used up before the month is over."""

from apps.access.actors import system_actor
from apps.budgets.services import create_budget
from apps.common import clock
from tests.world import OrganizationWorld

ENGINEERING = "Engineering tokens"


def build_planning(org: OrganizationWorld) -> None:
    """A division's budget."""
    actor = system_actor("tests", org.id)
    with org.scope():
        month = clock.today().replace(day=1)
        create_budget(
            actor=actor,
            name=ENGINEERING,
            scope="unit",
            unit_id=org.units["engineering"].id,
            starts_on=month,
            amount_nanos=None,
            amount_tokens=4_000_000_000,
        )
