"""The inbox."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.common import fmt
from apps.common.web.lists import BooleanFilter, Column, DateRangeFilter, Empty, ListPage
from apps.notifications import selectors, services
from apps.notifications.models import Notification
from apps.tenancy.urls import org_url


class UnreadFilter(BooleanFilter):
    """Read or not."""

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(read_at__isnull=value == "1")


def _link(row: Notification, request: HttpRequest) -> str:
    return org_url(request, "notifications:one", row.id)


@requires(P.ORG_VIEW)
class Inbox(ListPage):
    """What you were told, newest first."""

    title = "Notifications"
    crumbs = (("Notifications", ""),)
    noun = ("notification", "notifications")
    template_name = "notifications/list.html"
    paging = "keyset"
    columns = (
        Column("title", "What", link=_link, sub=lambda n: n.body.partition("\n")[0][:160]),
        Column("created", "When", value=lambda n: n.created_at),
        Column("state", "State", value=lambda n: "Read" if n.read_at else "New"),
        Column("email", "E-mail", value=lambda n: n.get_email_state_display()),
    )
    filters = (
        UnreadFilter("new", "State", yes="New", no="Read"),
        DateRangeFilter("at", "When", field="created_at", moment=True),
    )
    default_sort = "-id"
    empty = Empty(
        "Nothing to tell you yet",
        "Requests that wait for you, decisions on yours, and alerts arrive here and by e-mail.",
        icon="bell",
    )

    def get_queryset(self) -> QuerySet[Notification]:
        return selectors.inbox(actor_of(self.request))

    def row_class(self, obj: Notification) -> str:
        return "mut" if obj.read_at else ""

    @cached_property
    def unread(self) -> int:
        return selectors.unread_count(actor_of(self.request))

    def get_title(self) -> str:
        return fmt.plural(self.unread, "new notification") if self.unread else self.title

    def extra_context(self) -> dict[str, Any]:
        return {"unread": self.unread}


@requires(P.ORG_VIEW)
def one(request: HttpRequest, pk: Any) -> HttpResponse:
    """Opening a notification reads it: straight to what it is about, or its text where it leads
    nowhere.

    That is a link, so that it opens in a new tab and works without script. GET may do it: however
    often it is asked, the first time of reading stays, and what only looks ahead reads nothing.
    """
    actor = actor_of(request)
    ahead = request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", "")
    if ahead:
        found = selectors.one(actor, pk)
    else:
        found = services.mark_read(actor=actor, notification_id=pk)
    if found.path:
        return redirect(found.path)
    crumbs = [("Notifications", org_url(request, "notifications:list")), (found.title, "")]
    context = {"title": found.title, "notification": found, "crumbs": crumbs}
    return render(request, "notifications/one.html", context)


@requires(P.ORG_VIEW)
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    count = services.mark_all_read(actor=actor_of(request))
    messages.success(request, f"{count} marked as read.")
    return redirect(org_url(request, "notifications:list"))
