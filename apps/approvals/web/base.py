"""What the pages beside the queue share: their row of tabs and breadcrumbs."""

from typing import Any

from django.http import HttpRequest

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.approvals import selectors
from apps.tenancy.urls import org_url

TABS = (
    ("Queue", "approvals:list", P.APPROVAL_VIEW),
    ("Conditions", "approvals:conditions", P.APPROVAL_VIEW),
    ("Deputies", "approvals:delegations", P.APPROVAL_VIEW),
    ("Metrics", "approvals:metrics", P.APPROVAL_VIEW),
    ("Routes", "approvals:policies", P.APPROVAL_VIEW),
    ("Calendar", "approvals:calendar", P.APPROVAL_VIEW),
)


def tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": org_url(request, name), "current": name == current}
        for label, name, permission in TABS
        if can_anywhere(request.actor, permission)
    ]


class ApprovalsPage:
    """Tabs and breadcrumbs of a page beside the queue. `tab` is its URL name."""

    request: HttpRequest
    tab = "approvals:list"

    def get_crumbs(self) -> list[tuple[str, str]]:
        found = [("Approvals", org_url(self.request, "approvals:list"))]
        for label, name, _ in TABS[1:]:
            if name == self.tab:
                found.append((label, org_url(self.request, name)))
        return [*found, *self.more_crumbs()]

    def more_crumbs(self) -> list[tuple[str, str]]:
        return []

    def tab_context(self) -> dict[str, Any]:
        return {"tabs": tabs(self.request, self.tab)}


def people_choices(*, without: Any = None, actor: Actor | None = None) -> list[tuple[str, str]]:
    """Active people whose roles decide somewhere, for a select box.

    A unit lead who decides nothing else may also choose another lead.
    """
    leads = actor is not None and not can_anywhere(actor, P.APPROVAL_DECIDE)
    return [(str(m), name) for m, name in selectors.deciders(leads=leads) if m != without]
