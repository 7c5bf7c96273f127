"""The navigation, as data. An item is absent when its page does not exist or the actor may not
open it: nobody is shown a door that stays closed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import NoReverseMatch

from apps.access.permissions import P
from apps.access.services import can_anywhere, visible_unit_ids
from apps.portal import badges
from apps.tenancy.urls import org_url

Badge = Callable[[HttpRequest], int | None]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One page of the menu. `short` labels it in the phone's tab bar; `badge` counts what waits."""

    label: str
    url_name: str
    icon: str
    permission: P
    group: str = ""
    badge: Badge | None = None
    badge_label: str = "waiting for you"
    tone: str = ""
    short: str = ""
    whole: bool = False
    """For those who see the use of the whole organization: its figures have no parts."""


HOME = NavItem("Home", "portal:home", "home", P.ORG_VIEW)

ITEMS: tuple[NavItem, ...] = (
    HOME,
    NavItem("Token Stories", "stories:list", "file-text", P.STORY_VIEW, "Plan", short="Stories"),
    NavItem(
        "Approvals", "approvals:list", "inbox", P.APPROVAL_VIEW, "Plan", badges.approvals_waiting
    ),
    NavItem("Requests", "asks:list", "send", P.APPROVAL_VIEW, "Plan"),
    NavItem("Sprints", "sprints:list", "refresh", P.STORY_VIEW, "Plan"),
    NavItem("Planning cycles", "planning:list", "calendar", P.BUDGET_VIEW, "Plan"),
    NavItem("Capabilities", "portfolio:list", "stack-2", P.CAPABILITY_VIEW, "Plan"),
    NavItem("Changes", "changelog:list", "git-compare", P.CAPABILITY_VIEW, "Plan"),
    NavItem("Entitlements", "entitlements:list", "file-certificate", P.CAPABILITY_VIEW, "Plan"),
    NavItem("Overview", "portal:inform", "chart-bar", P.USAGE_VIEW, "Inform", short="Inform"),
    NavItem("Domains", "portal:development", "layout-dashboard", P.USAGE_VIEW, "Inform"),
    NavItem("Workflows", "portal:league", "chart-area-line", P.USAGE_VIEW, "Inform"),
    NavItem("Explore", "portal:explore", "search", P.USAGE_VIEW, "Inform"),
    NavItem("Trends", "portal:trends", "trending-up", P.USAGE_VIEW, "Inform"),
    NavItem("Agent runs", "ledger:runs", "robot", P.USAGE_VIEW, "Inform"),
    NavItem("Usage records", "ledger:records", "table", P.USAGE_VIEW, "Inform"),
    NavItem("Unattributed use", "ledger:unattributed", "fingerprint", P.USAGE_VIEW, "Inform"),
    NavItem("Scheduled reports", "reports:list", "clock", P.USAGE_VIEW, "Inform"),
    NavItem("Worth", "outcomes:list", "target", P.STORY_VIEW, "Optimize"),
    NavItem("Models and prices", "pricing:list", "cpu", P.PRICE_VIEW, "Optimize"),
    NavItem("Budgets", "budgets:list", "wallet", P.BUDGET_VIEW, "Operate"),
    NavItem("Sources", "connectors:list", "database", P.SOURCE_VIEW, "Operate"),
    NavItem(
        "Data quality",
        "quality:list",
        "shield-check",
        P.SOURCE_VIEW,
        "Operate",
        badges.open_alerts,
        badge_label="not taken up",
    ),
    NavItem("Exchange rates", "fx:rates", "coins", P.PRICE_VIEW, "Operate"),
    NavItem("Seats", "seats:list", "users", P.SOURCE_VIEW, "Operate"),
    NavItem("Attribution rules", "attribution:list", "route", P.ATTRIBUTION_VIEW, "Operate"),
    NavItem(
        "Reconciliation", "connectors:reconciliation", "scale", P.SOURCE_VIEW, "Assure", whole=True
    ),
    NavItem("Coverage", "connectors:coverage", "gauge", P.SOURCE_VIEW, "Assure", whole=True),
    NavItem(
        "Provider accounts", "connectors:accounts", "building", P.SOURCE_VIEW, "Assure", whole=True
    ),
    NavItem("Key inventory", "connectors:inventory", "lock", P.SOURCE_VIEW, "Assure", whole=True),
    NavItem("Periods", "ledger:periods", "calendar", P.USAGE_VIEW, "Assure"),
    NavItem("Audits", "audits:list", "clipboard-check", P.AUDIT_VIEW, "Assure"),
    NavItem("Trail", "trail:list", "history", P.TRAIL_VIEW, "Assure"),
)

FOOT: tuple[NavItem, ...] = (NavItem("Settings", "organizations:settings", "settings", P.ORG_VIEW),)

#: Pages that others link to and no menu shows.
BESIDES: tuple[NavItem, ...] = (
    NavItem("Unpriced use", "ledger:unpriced", "coin", P.USAGE_VIEW),
    NavItem("Stories without a return", "stories:returns", "target", P.STORY_VIEW),
    NavItem("Notifications", "notifications:list", "bell", P.ORG_VIEW, badge=badges.unread),
    NavItem("People", "organizations:people", "users", P.PEOPLE_VIEW),
    NavItem("Units", "organizations:units", "building", P.ORG_VIEW),
)

#: The phone's tab bar, best first; the first four that the actor may open are shown.
TABS = ("portal:inform", "stories:list", "approvals:list", "budgets:list", "portal:home")
#: Who decides finds the queue second.
DECIDER_TABS = ("portal:inform", "approvals:list", "stories:list", "budgets:list", "portal:home")


@cache
def _exists(url_name: str) -> bool:
    try:
        org_url("any", url_name)
    except NoReverseMatch:
        return False
    return True


def link_to(request: HttpRequest, url_name: str) -> str:
    """The address of a known page, or an empty string where the actor may not go there."""
    item = next((item for item in (*ITEMS, *FOOT, *BESIDES) if item.url_name == url_name), None)
    if item is None or not any(offered(request, (item,))):
        return ""
    return org_url(request, url_name)


def offered(request: HttpRequest, items: tuple[NavItem, ...]) -> Iterator[NavItem]:
    """The items whose page exists and whose permission the actor holds somewhere."""
    for item in items:
        if item.whole and visible_unit_ids(request.actor, P.USAGE_VIEW) is not None:
            continue
        if _exists(item.url_name) and can_anywhere(request.actor, item.permission):
            yield item
