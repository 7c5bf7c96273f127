"""API keys. A secret is in one answer only: the page after creating or rotating."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from apps.access.permissions import MEANINGS, P
from apps.access.services import can, can_anywhere
from apps.access.web import requires
from apps.common import clock
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.organizations import selectors, services
from apps.organizations.enums import KeyState
from apps.organizations.models import ApiKey
from apps.organizations.web.base import SettingsConfirmPage, SettingsFormPage, SettingsMixin
from apps.organizations.web.forms import KeyForm, ReasonForm
from apps.organizations.web.places import place_options, scope_options
from apps.tenancy.urls import org_url


def _link(key: ApiKey, request: HttpRequest) -> str:
    return org_url(request, "organizations:key", key.id)


def _in_state(qs: QuerySet[ApiKey], state: str) -> QuerySet[ApiKey]:
    now = clock.now()
    conditions = {
        KeyState.ACTIVE: Q(revoked_at__isnull=True, expires_at__gt=now),
        KeyState.EXPIRED: Q(revoked_at__isnull=True, expires_at__lte=now),
        KeyState.REVOKED: Q(revoked_at__isnull=False),
    }
    return qs.filter(conditions[KeyState(state)])


@requires(P.APIKEY_VIEW)
class Keys(SettingsMixin, ListPage):
    tab = "organizations:keys"
    title = "API keys"
    lede = "Credentials of programs. Each holds a part of the permissions and ends by itself."
    noun = ("key", "keys")
    template_name = "organizations/list.html"
    columns = (
        Column("name", "Name", sort="name", link=_link, sub=lambda k: f"{k.prefix}…"),
        Column(
            "scopes",
            "Permissions",
            value=lambda k: ", ".join(k.scopes) if len(k.scopes) < 4 else f"{len(k.scopes)}",
            csv=lambda k: list(k.scopes),
            full=True,
        ),
        Column("unit", "Where", value=lambda k: k.unit.name if k.unit else "Organization"),
        Column("created", "Created", value=lambda k: k.created_at, sort="created_at"),
        Column("last_used", "Last used", value=lambda k: k.last_used_at),
        Column("expires", "Ends", value=lambda k: k.expires_at, sort="expires_at"),
        Column("state", "State", value=lambda k: k.state().label),
    )
    filters = (CustomFilter("state", "State", choices=KeyState.choices, narrow=_in_state),)
    default_sort = "-created_at"
    empty = Empty(
        "No key yet",
        "A gateway or a script pushes usage with a key: POST /api/v1/usage/records.",
        icon="lock",
    )

    def get_queryset(self) -> QuerySet[ApiKey]:
        return selectors.api_keys(self.actor)

    def row_class(self, obj: ApiKey) -> str:
        return "" if obj.state() is KeyState.ACTIVE else "mut"

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.actor, P.APIKEY_MANAGE):
            return ()
        return (Action("Create a key", self.url("key_new"), "plus", primary=True),)

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


class _Secret(SettingsMixin):
    """Shows a new secret once; no cache keeps the page."""

    tab = "organizations:keys"

    def show_secret(self, key: ApiKey, secret: str, old: ApiKey | None = None) -> HttpResponseBase:
        context = {
            "title": "Copy the key now",
            "crumbs": [*SettingsMixin.get_crumbs(self)[:2], (key.name, "")],
            "key": key,
            "secret": secret,
            "old": old,
            "next": self.url("key", key.id),
        }
        response = render(self.request, "organizations/key_secret.html", context)
        response["Cache-Control"] = "no-store"
        return response


@requires(P.APIKEY_MANAGE)
class NewKey(_Secret, SettingsFormPage):
    title = "Create a key"
    submit_label = "Create key"
    form_class = KeyForm

    def cancel_url(self) -> str:
        return self.url("keys")

    def form_kwargs(self) -> dict[str, Any]:
        return {
            "scopes": scope_options(self.actor),
            "units": place_options(self.actor, P.APIKEY_MANAGE),
        }

    def save(self, form: KeyForm) -> HttpResponseBase:
        unit = form.cleaned_data["unit"]
        key, secret = services.create_api_key(
            actor=self.actor,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            unit_id=UUID(unit) if unit else None,
            expires_at=form.expires_at(),
        )
        return self.show_secret(key, secret)


class _OneKey(SettingsMixin):
    tab = "organizations:keys"
    kwargs: dict[str, Any]
    _key: ApiKey | None = None

    @property
    def key(self) -> ApiKey:
        if self._key is None:
            found = selectors.api_keys(self.actor).filter(id=self.kwargs["pk"]).first()
            self._key = found or selectors.key_by_id(UUID(int=0))
        return self._key

    def cancel_url(self) -> str:
        return self.url("key", self.key.id)

    def more_crumbs(self) -> list[tuple[str, str]]:
        here: Any = self
        return [(self.key.name, self.cancel_url()), (here.get_title(), "")]


@requires(P.APIKEY_VIEW)
class KeyPage(_OneKey, SettingsFormPage):
    """One key: what it may do, and when it was last used."""

    template_name = "organizations/key.html"
    http_method_names = ["get", "head", "options"]

    def get_title(self) -> str:
        return self.key.name

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.key.name, "")]

    def extra_context(self, form: Any) -> dict[str, Any]:
        key = self.key
        state = key.state()
        manages = can(self.actor, P.APIKEY_MANAGE, unit_id=key.unit_id)
        return {
            **self.tab_context(),
            "key": key,
            "state": state,
            "scopes": [(scope, MEANINGS[scope].label) for scope in P if scope in key.permissions],
            "may_rotate": manages and state is KeyState.ACTIVE,
            "may_revoke": manages and state is KeyState.ACTIVE,
        }


@requires(P.APIKEY_MANAGE)
class RotateKey(_OneKey, _Secret, SettingsConfirmPage):
    title = "Rotate the key"
    message = (
        "A new key with the same permissions is made now. The old one works for another 24 hours, "
        "so that programs can change over."
    )
    submit_label = "Rotate key"

    def save(self, form: Any) -> HttpResponseBase:
        old = self.key
        key, secret = services.rotate_api_key(actor=self.actor, key_id=old.id)
        return self.show_secret(key, secret, old)


@requires(P.APIKEY_MANAGE)
class RevokeKey(_OneKey, SettingsConfirmPage):
    form_class = ReasonForm
    danger = True
    title = "Revoke the key"
    message = "Programs that use it are refused from now on. This cannot be undone."
    submit_label = "Revoke key"

    def save(self, form: ReasonForm) -> str:
        services.revoke_api_key(
            actor=self.actor, key_id=self.key.id, reason=form.cleaned_data["reason"]
        )
        messages.success(self.request, f"{self.key.name} is revoked.")
        return self.url("keys")
