"""Support visits as the organization sees them."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.web import requires
from apps.common.errors import NotFound
from apps.common.web.lists import Column, DateRangeFilter, Empty, ListPage
from apps.organizations import selectors, services
from apps.organizations.models import SupportVisit
from apps.organizations.web.base import SettingsConfirmPage, SettingsMixin
from apps.tenancy.urls import org_url


def _end(visit: SupportVisit, request: HttpRequest) -> str:
    return org_url(request, "organizations:visit_end", visit.id) if visit.is_open() else ""


def _state(visit: SupportVisit) -> str:
    if visit.is_open():
        return "Open: end it"
    return f"Ended by {visit.ended_by_name}" if visit.ended_at else "Over"


@requires(P.TRAIL_VIEW)
class Visits(SettingsMixin, ListPage):
    tab = "organizations:support"
    title = "Support visits"
    lede = "When staff of this installation entered, and why. They read and change nothing."
    noun = ("visit", "visits")
    template_name = "organizations/list.html"
    columns = (
        Column("who", "Who", value=lambda v: v.user.display_name, sort="user__name"),
        Column("reason", "Reason", full=True),
        Column("started", "Entered", value=lambda v: v.started_at, sort="started_at"),
        Column("expires", "Ends at the latest", value=lambda v: v.expires_at, sort="expires_at"),
        Column("state", "State", value=_state, link=_end),
    )
    filters = (DateRangeFilter("entered", "Entered", field="started_at", moment=True),)
    default_sort = "-started_at"
    empty = Empty("Support was never here", icon="shield-check")

    def get_queryset(self) -> QuerySet[SupportVisit]:
        return selectors.support_visits()

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


@requires(P.TRAIL_VIEW)
class EndVisit(SettingsConfirmPage):
    tab = "organizations:support"
    title = "End the visit"
    message = "The visitor is shut out at once."
    submit_label = "End visit"

    def get_message(self) -> str:
        visit = selectors.open_visits().filter(id=self.kwargs["pk"]).first()
        if visit is None:
            raise NotFound("There is no such open visit.", code="visit_not_found")
        return f"{visit.user.display_name} is shut out at once."

    def cancel_url(self) -> str:
        return self.url("support")

    def save(self, form: Any) -> str:
        services.end_visit(actor=self.actor, visit_id=self.kwargs["pk"])
        messages.success(self.request, "The visit has ended.")
        return self.url("support")
