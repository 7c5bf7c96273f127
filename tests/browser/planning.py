"""A budget in tokens, which is used up before the month is over, requests that wait, entitlements,
three sprints, two planning cycles (one that is locked, one in its second round), and a report.
"""

from datetime import timedelta

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.budgets.services import create_budget
from apps.common import clock
from apps.common.ids import uuid7
from apps.entitlements.rules import Wanted
from apps.entitlements.services import mint
from apps.planning import services
from apps.portfolio.models import Capability
from apps.reports import services as reports
from apps.reports.models import ReportDelivery
from apps.sprints.rules import series
from apps.sprints.services import add_sprints
from tests.factories.approvals import make_request
from tests.factories.planning import envelope_of, make_cycle
from tests.factories.reports import make_schedule
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
        _cycles(org)
        _entitlements(org)
        _report(org)
        monday = clock.today() - timedelta(days=7 + clock.today().weekday())
        add_sprints(
            actor=actor,
            unit_id=org.units["root"].id,
            wanted=series(monday, 3, 2, "Sprint", 8),
        )


def _report(org: OrganizationWorld) -> None:
    """A schedule with a copy that is sent and one that waits."""
    cfo, lead = org.person(Role.CFO), org.person(Role.UNIT_LEAD)
    made = make_schedule(cfo.actor, cfo, lead, with_pdf=True)
    reports.ask_for_one(actor=lead.actor, schedule_id=made.id)
    ReportDelivery.objects.update(
        state="sent", sent_at=clock.now(), headline="12 capabilities cost $48.7k"
    )
    reports.ask_for_one(actor=cfo.actor, schedule_id=made.id)


def _cycles(org: OrganizationWorld) -> None:
    actor = system_actor("tests", org.id)
    units = [org.units["engineering"].id, org.units["claims"].id]
    start = clock.today().replace(day=1)
    now = make_cycle(*units, name="This quarter", starts_on=start)
    later = (start + timedelta(days=100)).replace(day=1)
    after = make_cycle(*units, name="Next quarter", starts_on=later)
    for cycle in (now, after):
        for unit_id, thousands in zip(units, (90, 40), strict=True):
            row = envelope_of(cycle, unit_id)
            row = services.request_envelope(
                actor=actor,
                envelope_id=row.id,
                version=row.version,
                amount_nanos=(thousands + 15) * 10**12,
                note="One more assistant",
            )
            services.allocate_envelope(
                actor=actor,
                envelope_id=row.id,
                version=row.version,
                amount_nanos=thousands * 10**12,
            )
    services.lock_cycle(actor=actor, cycle_id=now.id, version=1, note="Board")
    services.start_round(actor=actor, cycle_id=after.id, version=1)


def _entitlements(org: OrganizationWorld) -> None:
    """A team's frontier models, which end soon, and long context of a capability."""
    today = clock.today()
    capability = Capability.objects.order_by("slug")[0]
    for wanted, days in (
        (Wanted("premium", unit_id=org.units["engineering"].id, reach="frontier"), 9),
        (Wanted("context", capability_id=capability.id, context_tokens=400_000), 90),
    ):
        mint(
            actor=system_actor("tests", org.id),
            wanted=wanted,
            title="Harder cases",
            reason="The standard model misreads seals.",
            evidence="Measured on 300 cases: 94% right with it, 71% without.",
            starts_on=today - timedelta(days=60),
            ends_on=today + timedelta(days=days),
            request_id=uuid7(),
            source_id=uuid7(),
            source_ref="ER-0001",
            asked_by_id=None,
            asked_by_name="Ada Okafor",
            granted_by_name="Bea Larsen",
        )
