"""What the settings pages share: tabs, breadcrumbs, and conflicts shown on the form."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import actor_of
from apps.common.errors import Conflict, Invalid
from apps.common.web.forms import ConfirmPage, FormPage, add_errors
from apps.organizations.models import Organization
from apps.tenancy.urls import org_url


@dataclass(frozen=True, slots=True)
class Tab:
    """A settings page in the row of tabs."""

    label: str
    url: str
    current: bool


TABS: tuple[tuple[str, str, P], ...] = (
    ("General", "organizations:settings", P.ORG_VIEW),
    ("Units", "organizations:units", P.ORG_VIEW),
    ("People", "organizations:people", P.PEOPLE_VIEW),
    ("Invitations", "organizations:invitations", P.PEOPLE_VIEW),
    ("Roles", "organizations:roles", P.ORG_VIEW),
    ("Estimating", "stories:estimating", P.STORY_VIEW),
    ("Tiers", "portfolio:tiers", P.CAPABILITY_VIEW),
    ("API keys", "organizations:keys", P.APIKEY_VIEW),
    ("Webhooks", "webhooks:list", P.WEBHOOK_VIEW),
    ("Support visits", "organizations:support", P.TRAIL_VIEW),
)


def organization_of(request: HttpRequest) -> Organization:
    """The organization whose pages these are; the middleware put it there."""
    return request.organization


def settings_tabs(request: HttpRequest, current: str) -> list[Tab]:
    """The settings pages this actor may open."""
    actor = actor_of(request)
    return [
        Tab(label, org_url(request, name), name == current)
        for label, name, permission in TABS
        if can_anywhere(actor, permission)
    ]


class SettingsMixin:
    """Tabs and breadcrumbs. `tab` is the URL name of the tab; `trail_of` adds crumbs."""

    request: HttpRequest
    tab = "organizations:settings"

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def url(self, name: str, *args: Any) -> str:
        return org_url(self.request, f"organizations:{name}", *args)

    def get_crumbs(self) -> list[tuple[str, str]]:
        crumbs = [("Settings", self.url("settings"))]
        for label, name, _ in TABS[1:]:
            if name == self.tab:
                crumbs.append((label, org_url(self.request, name)))
        return [*crumbs, *self.more_crumbs()]

    def more_crumbs(self) -> list[tuple[str, str]]:
        return []

    def tab_context(self) -> dict[str, Any]:
        return {"tabs": settings_tabs(self.request, self.tab)}


class KeepingFormPage(FormPage):
    """A form that also keeps what was typed when the service answers with a conflict (409)."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = self.build_form(request.POST, request.FILES)
        if not form.is_valid():
            return self._render(form)
        try:
            with transaction.atomic():
                done = self.save(form)
        except (Invalid, Conflict) as error:
            add_errors(form, error)
            response = self._render(form)
            response.status_code = error.status
            return response
        return redirect(done) if isinstance(done, str) else done


class SettingsFormPage(SettingsMixin, KeepingFormPage):
    """A form of the settings."""

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.get_title(), "")]


class SettingsConfirmPage(SettingsMixin, ConfirmPage):
    """Asks before it acts."""

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.get_title(), "")]


__all__ = [
    "KeepingFormPage",
    "SettingsConfirmPage",
    "SettingsFormPage",
    "SettingsMixin",
    "Tab",
    "organization_of",
    "settings_tabs",
]
