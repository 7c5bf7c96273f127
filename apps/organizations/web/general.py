"""Settings, general."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.docs import sign
from apps.access.matrix import scope_of
from apps.access.permissions import MEANINGS, P, grouped
from apps.access.roles import ASSIGNABLE, GRANTABLE, ORGANIZATION_ONLY, PURPOSES
from apps.access.services import can
from apps.access.web import actor_of, requires
from apps.organizations import services
from apps.organizations.services.organization import SETTINGS
from apps.organizations.web.base import SettingsFormPage, organization_of, settings_tabs
from apps.organizations.web.forms import MONTHS, OrganizationForm
from apps.tenancy.urls import org_url


@requires(P.ORG_VIEW)
class General(SettingsFormPage):
    """Name, currency, time zone and fiscal year: a form for managers, a sheet for others."""

    form_class = OrganizationForm
    template_name = "organizations/general.html"
    title = "Settings"
    submit_label = "Save settings"

    def more_crumbs(self) -> list[tuple[str, str]]:
        return []

    def get_lede(self) -> str:
        return organization_of(self.request).name

    def get_initial(self) -> dict[str, Any]:
        organization = organization_of(self.request)
        return {name: getattr(organization, name) for name in SETTINGS}

    def save(self, form: OrganizationForm) -> str:
        services.change_organization(actor=self.actor, **form.cleaned_data)
        messages.success(self.request, "Settings saved.")
        return self.url("settings")

    def extra_context(self, form: Any) -> dict[str, Any]:
        organization = organization_of(self.request)
        return {
            **self.tab_context(),
            "may_change": can(self.actor, P.ORG_MANAGE),
            "organization": organization,
            "fiscal_month": dict(MONTHS)[organization.fiscal_year_start],
        }


@requires(P.ORG_VIEW)
def roles(request: HttpRequest) -> HttpResponse:
    """The permission matrix as it is in force."""
    mine = actor_of(request).roles
    shown = list(ASSIGNABLE)
    groups = [
        {
            "name": name,
            "rows": [
                {
                    "permission": permission,
                    "label": MEANINGS[permission].label,
                    "cells": [
                        {"sign": sign(role, permission), "scope": scope_of(role, permission)}
                        for role in shown
                    ],
                }
                for permission in permissions
            ],
        }
        for name, permissions in grouped().items()
        if name != "Support"
    ]
    sheet = [
        {
            "role": role,
            "purpose": PURPOSES[role],
            "mine": role in mine,
            "organization_only": role in ORGANIZATION_ONLY,
            "gives": [r.label for r in ASSIGNABLE if r in GRANTABLE.get(role, frozenset())],
        }
        for role in shown
    ]
    context = {
        "title": "Roles",
        "lede": "What each role may do here. Roles are given to people, at the organization or "
        "at a unit.",
        "tabs": settings_tabs(request, "organizations:roles"),
        "crumbs": [("Settings", org_url(request, "organizations:settings")), ("Roles", "")],
        "roles": shown,
        "sheet": sheet,
        "groups": groups,
    }
    return render(request, "organizations/roles.html", context)
