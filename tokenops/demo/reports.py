"""One scheduled report: the league table on Mondays, and the last one already asked for."""

import datetime as dt

from apps.access.roles import Role
from apps.common import clock
from apps.reports import services
from apps.reports.models import ReportSchedule
from tokenops.demo.organization import Demo


def ensure_report(demo: Demo, now: dt.datetime) -> None:
    """Inside the organization's scope, after the people: made three weeks ago, asked for today."""
    if ReportSchedule.objects.exists():
        return
    lead, cfo = demo.role(Role.TOKENOPS_LEAD), demo.role(Role.CFO)
    with clock.at(now - dt.timedelta(days=20)):
        made = services.create_schedule(
            actor=lead,
            kind="league",
            wanted=services.Wanted(
                name="Workflows of the week",
                query="stage=production",
                cadence="weekly",
                with_pdf=True,
                recipients=[i for i in (lead.membership_id, cfo.membership_id) if i],
            ),
        )
    services.ask_for_one(actor=lead, schedule_id=made.id)
