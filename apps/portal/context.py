"""What every page needs around its content. Asked lazily: a fragment pays for nothing."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.portal import badges, nav
from apps.portal.theme import other_theme, theme_of
from apps.tenancy import doors
from apps.tenancy.urls import org_url


@dataclass(frozen=True, slots=True)
class Link:
    """A menu entry as the templates draw it."""

    label: str
    url: str
    icon: str
    current: bool = False
    count: int | None = None
    count_label: str = ""
    tone: str = ""
    short: str = ""
    url_name: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A headed part of the menu."""

    label: str
    items: list[Link]


@dataclass(frozen=True, slots=True)
class OrganizationLink:
    """One of the person's organizations in the switcher."""

    name: str
    url: str
    current: bool


class Shell:
    """Menu, person, theme and organizations for one request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def _inside(self) -> bool:
        return getattr(self.request, "organization", None) is not None and bool(
            getattr(self.request, "actor", None)
        )

    @cached_property
    def _links(self) -> dict[str, Link]:
        if not self._inside:
            return {}
        items = [*nav.offered(self.request, nav.ITEMS), *nav.offered(self.request, nav.FOOT)]
        urls = {item.url_name: org_url(self.request, item.url_name) for item in items}
        current = self._current(urls)
        return {
            item.url_name: Link(
                label=item.label,
                url=urls[item.url_name],
                icon=item.icon,
                current=item.url_name == current,
                count=item.badge(self.request) if item.badge else None,
                count_label=item.badge_label,
                tone=item.tone,
                short=item.short or item.label,
                url_name=item.url_name,
            )
            for item in items
        }

    def _current(self, urls: dict[str, str]) -> str:
        """The item whose address is the longest beginning of this page's address."""
        path = self.request.path
        hits = [
            (len(url), name)
            for name, url in urls.items()
            if path == url or (name != nav.HOME.url_name and path.startswith(url))
        ]
        return max(hits)[1] if hits else ""

    @cached_property
    def nav(self) -> list[Group]:
        """The menu, grouped, in the same order for every role."""
        groups: dict[str, list[Link]] = {}
        for item in nav.ITEMS:
            if item.url_name in self._links:
                groups.setdefault(item.group, []).append(self._links[item.url_name])
        return [Group(label, items) for label, items in groups.items()]

    @cached_property
    def nav_foot(self) -> list[Link]:
        return [self._links[i.url_name] for i in nav.FOOT if i.url_name in self._links]

    @cached_property
    def tabs(self) -> list[Link]:
        """Four pages for the phone's tab bar; approvers find the queue second."""
        decides = self._inside and can_anywhere(self.request.actor, P.APPROVAL_DECIDE)
        order = nav.DECIDER_TABS if decides else nav.TABS
        return [self._links[name] for name in order if name in self._links][:4]

    @cached_property
    def organizations(self) -> list[OrganizationLink]:
        """The person's organizations, by name."""
        user = self.request.user
        if not user.is_authenticated:
            return []
        known = getattr(self.request, "belongings", None)
        belongings = doors.memberships_of(user.pk) if known is None else known
        here = getattr(self.request.organization, "slug", "")
        return [
            OrganizationLink(b.name, org_url(b.slug, nav.HOME.url_name), b.slug == here)
            for b in belongings
        ]

    @cached_property
    def inbox(self) -> Link | None:
        """The bell: notifications and how many are unread."""
        if not self._inside:
            return None
        url = nav.link_to(self.request, "notifications:list")
        count = badges.unread(self.request) if url else None
        return Link("Notifications", url, "bell", count=count) if url else None

    @cached_property
    def home_url(self) -> str:
        return org_url(self.request, nav.HOME.url_name) if self._inside else "/"

    @cached_property
    def theme(self) -> str:
        """`light`, `dark`, or empty: as the device says."""
        return theme_of(self.request)

    @cached_property
    def other_theme(self) -> str:
        return other_theme(self.theme)

    @cached_property
    def theme_url(self) -> str:
        return reverse("portal_global:theme")

    @cached_property
    def logout_url(self) -> str:
        return reverse("account_logout")

    @cached_property
    def user_name(self) -> str:
        return str(getattr(self.request.user, "display_name", "") or self.request.user)

    @cached_property
    def role_label(self) -> str:
        """The person's roles here, shortly: `CFO`, `Unit lead, Member`."""
        if not self._inside:
            return ""
        seen = dict.fromkeys(binding.role.label for binding in self.request.actor.bindings)
        return ", ".join(list(seen)[:2])

    @cached_property
    def scope_label(self) -> str:
        """Whether the person's roles reach the whole organization or a part of it."""
        if not self._inside:
            return ""
        bindings = self.request.actor.bindings
        whole = any(binding.unit_ids is None for binding in bindings)
        return "All teams" if whole or not bindings else "Your teams"

    @cached_property
    def account_links(self) -> list[Link]:
        links = [
            Link("Your profile", reverse("accounts:profile"), "user"),
            Link("Two-step sign-in", reverse("mfa_index"), "shield-check"),
            Link("Change password", reverse("account_change_password"), "lock"),
        ]
        if len(self.organizations) > 1:
            links.append(Link("Your organizations", reverse("portal_global:chooser"), "building"))
        return links


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, and the nonce that our own scripts carry."""
    return {
        "shell": SimpleLazyObject(lambda: Shell(request)),
        "csp_nonce": getattr(request, "csp_nonce", ""),
    }
