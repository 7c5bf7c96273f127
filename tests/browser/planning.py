"""A budget in tokens, which is used up before the month is over, and requests that wait."""

from apps.access.actors import system_actor
from apps.budgets.services import create_budget
from apps.common import clock
from tests.factories.approvals import make_request
from tests.world import OrganizationWorld

ENGINEERING = "Engineering tokens"
WAITING = ("Probe one", "Probe two", "Probe three")


def build_planning(org: OrganizationWorld) -> None:
    """A division's budget, and three requests in the queues of its approvers."""
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
        for title in WAITING:
            make_request(title=title, unit_id=org.units["engineering"].id)
