"""What there is: schedules, and one schedule with the copies it sent."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.reports import kinds, selectors
from apps.reports.enums import Cadence, DeliveryState
from apps.reports.models import ReportDelivery, ReportSchedule
from apps.reports.web import words
from apps.tenancy.urls import org_url

PAUSED = (("1", "Paused"), ("0", "Running"))


def _paused(rows: Any, value: str) -> Any:
    return rows.filter(due_at__isnull=value == "1")


def _last_state(rows: Any, value: str) -> Any:
    return rows.filter(last_state=value)


@requires(P.ORG_VIEW)
class Schedules(ListPage):
    """One's own schedules, and those that send to one."""

    noun = ("schedule", "schedules")
    filename = "scheduled-reports"
    default_sort = "name_norm"
    crumbs = (("Inform", ""), ("Scheduled reports", ""))
    filters = (
        SearchFilter("q", "Search", fields=("name_norm",), placeholder="Name…"),
        ChoiceFilter(
            "kind", "Page", choices=lambda request: [(k.name, k.label) for k in kinds.kinds()]
        ),
        ChoiceFilter("cadence", "How often", choices=Cadence.choices),
        CustomFilter("paused", "State", choices=PAUSED, narrow=_paused),
        CustomFilter("last", "Last copy", choices=DeliveryState.choices, narrow=_last_state),
    )

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.schedules(self.request.actor)

    @cached_property
    def failing(self) -> int:
        return self.get_queryset().filter(last_state=DeliveryState.FAILED).count()

    def get_columns(self) -> Sequence[Column]:
        zone = self.request.organization.timezone
        return (
            Column(
                "name",
                "Report",
                sort="name_norm",
                link=lambda row, request: org_url(request, "reports:detail", row.id),
                sub=lambda row: f"{kinds.label_of(row.kind)} · {row.owner_name}",
                csv=lambda row: row.name,
            ),
            Column("kind", "Page", value=lambda row: kinds.label_of(row.kind), in_table=False),
            Column("owner", "Owner", value=lambda row: row.owner_name, in_table=False),
            Column("when", "Sent", value=words.when),
            Column("holds", "As", value=words.holds),
            Column(
                "due",
                "Next",
                value=lambda row: words.due(row, zone),
                sort="due_at",
                csv=lambda row: row.due_at,
            ),
            Column(
                "last_sent",
                "Last sent",
                value=lambda row: fmt.moment(row.last_sent_at, zone),
                csv=lambda row: row.last_sent_at,
            ),
            Column(
                "last",
                "Last copy",
                value=words.last,
                sub=lambda row: row.last_reason or "",
                csv=lambda row: row.last_state or "",
            ),
            Column("error", "Problem", value=lambda row: row.last_reason or "", in_table=False),
        )

    def get_title(self) -> str:
        if self.failing:
            verb = "fails" if self.failing == 1 else "fail"
            return f"{fmt.plural(self.failing, 'scheduled report')} {verb}"
        found = self.get_queryset().count()
        return f"{fmt.plural(found, 'report')} sent regularly" if found else "No report is sent"

    def get_lede(self) -> str:
        return "A page with its filters, mailed to people. Each gets the figures that they may see."

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.request.actor, P.REPORT_SCHEDULE):
            return ()
        return (
            Action("Schedule a report", org_url(self.request, "reports:new"), "plus", primary=True),
        )

    def get_empty(self) -> Empty:
        may = can_anywhere(self.request.actor, P.REPORT_SCHEDULE)
        return Empty(
            "No report is sent yet",
            "The league table of workflows every Monday, or any view of Explore on the first of a "
            "month: by e-mail, with a CSV or PDF file.",
            "Schedule a report" if may else "",
            org_url(self.request, "reports:new") if may else "",
            "send",
        )


@requires(P.ORG_VIEW)
class Copies(ListPage):
    """One schedule: what it sends when to whom, and every copy with how it ended."""

    noun = ("copy", "copies")
    template_name = "reports/detail.html"
    filename = "report-copies"
    paging = "keyset"
    page_size = 50
    default_sort = "-id"
    filters = (ChoiceFilter("state", "State", choices=DeliveryState.choices),)

    @cached_property
    def schedule(self) -> ReportSchedule:
        return selectors.schedule_by_id(self.request.actor, self.kwargs["schedule_id"])

    def get_queryset(self) -> QuerySet[ReportDelivery]:
        return selectors.deliveries(self.schedule)

    def get_columns(self) -> Sequence[Column]:
        zone = self.request.organization.timezone
        return (
            Column(
                "to",
                "To",
                value=lambda row: str(row.membership),
                sub=lambda row: "asked for it" if row.issue.asked_by_id else "",
                csv=lambda row: str(row.membership),
            ),
            Column("days", "Days", value=lambda row: words.days(row.issue), in_csv=False),
            Column("from", "From", value=lambda row: row.issue.period_start, in_table=False),
            Column(
                "until",
                "To, not included",
                value=lambda row: row.issue.period_end,
                in_table=False,
            ),
            Column(
                "state",
                "State",
                value=words.copy_state,
                sub=lambda row: row.reason,
                csv=lambda row: row.state,
            ),
            Column("reason", "Problem", value=lambda row: row.reason, in_table=False),
            Column(
                "sent",
                "Sent",
                value=lambda row: fmt.moment(row.sent_at, zone),
                csv=lambda row: row.sent_at,
            ),
            Column("headline", "Said", value=lambda row: row.headline, full=True),
        )

    def get_title(self) -> str:
        return self.schedule.name

    def get_lede(self) -> str:
        schedule = self.schedule
        return f"{words.when(schedule)}, about {words.period_words(schedule.cadence)}."

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return (
            ("Scheduled reports", org_url(self.request, "reports:list")),
            (self.schedule.name, ""),
        )

    def get_empty(self) -> Empty:
        return Empty(
            "Nothing was sent yet",
            "Each person's copy appears here with how it ended. Send yourself one to see it.",
            icon="send",
        )

    def extra_context(self) -> dict[str, Any]:
        schedule, actor = self.schedule, self.request.actor
        label, url = words.cut(schedule, self.request)
        people = selectors.recipients(schedule)
        return {
            "schedule": schedule,
            "people": people,
            "cut_label": label,
            "cut_url": url,
            "when": words.when(schedule),
            "holds": words.holds(schedule),
            "due": words.due(schedule, self.request.organization.timezone),
            "may_change": selectors.may_change(actor, schedule),
            "may_get": actor.membership_id is not None,
            "receives": any(one.id == actor.membership_id for one in people),
        }
