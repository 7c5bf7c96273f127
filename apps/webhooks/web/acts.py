"""What can be done with a webhook. Each act carries the version that its page showed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.organizations.web.base import SettingsConfirmPage, SettingsFormPage, SettingsMixin
from apps.tenancy.urls import org_url
from apps.webhooks import selectors, services
from apps.webhooks.models import WebhookEndpoint
from apps.webhooks.web.forms import EndpointForm, ReasonForm


class _Secret(SettingsMixin):
    """Shows a new secret once; no cache keeps the page."""

    tab = "webhooks:list"

    def show_secret(self, endpoint: WebhookEndpoint, secret: str, rotated: bool) -> HttpResponse:
        context = {
            "title": "Copy the secret now",
            "crumbs": [*SettingsMixin.get_crumbs(self)[:2], (endpoint.name, "")],
            "endpoint": endpoint,
            "secret": secret,
            "rotated": rotated,
            "next": org_url(self.request, "webhooks:detail", endpoint.id),
        }
        response = render(self.request, "webhooks/secret.html", context)
        response["Cache-Control"] = "no-store"
        return response


@requires(P.WEBHOOK_MANAGE)
class New(_Secret, SettingsFormPage):
    title = "Add a webhook"
    lede = "It is told of what happens from now on."
    submit_label = "Add webhook"
    form_class = EndpointForm

    def cancel_url(self) -> str:
        return org_url(self.request, "webhooks:list")

    def save(self, form: EndpointForm) -> str | HttpResponseBase:
        endpoint, secret = services.create_endpoint(actor=self.actor, **form.cleaned_data)
        if secret:
            return self.show_secret(endpoint, secret, rotated=False)
        messages.success(self.request, f"{endpoint.name} is told from now on.")
        return org_url(self.request, "webhooks:detail", endpoint.id)


class _One(SettingsMixin):
    tab = "webhooks:list"
    kwargs: dict[str, Any]
    _endpoint: WebhookEndpoint | None = None

    @property
    def endpoint(self) -> WebhookEndpoint:
        if self._endpoint is None:
            self._endpoint = selectors.endpoint_by_id(self.actor, self.kwargs["endpoint_id"])
        return self._endpoint

    @property
    def version(self) -> int:
        text = self.request.POST.get("version", "")
        return int(text) if text.isdigit() else self.endpoint.version

    def cancel_url(self) -> str:
        return org_url(self.request, "webhooks:detail", self.endpoint.id)

    def more_crumbs(self) -> list[tuple[str, str]]:
        here: Any = self
        return [(self.endpoint.name, self.cancel_url()), (here.get_title(), "")]


@requires(P.WEBHOOK_MANAGE)
class Edit(_One, SettingsFormPage):
    title = "Change the webhook"
    form_class = EndpointForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"edit": True}

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.endpoint.name, "actions": self.endpoint.actions}

    def save(self, form: EndpointForm) -> str:
        services.change_endpoint(
            actor=self.actor, endpoint=self.endpoint, version=self.version, **form.cleaned_data
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()


@requires(P.WEBHOOK_MANAGE)
class Rotate(_One, _Secret, SettingsConfirmPage):
    title = "Rotate the secret"
    message = "A new secret is made now. For 24 hours every delivery is signed with both."
    submit_label = "Rotate secret"

    def save(self, form: Any) -> HttpResponseBase:
        secret = services.rotate_secret(
            actor=self.actor, endpoint=self.endpoint, version=self.version
        )
        return self.show_secret(self.endpoint, secret, rotated=True)


@requires(P.WEBHOOK_MANAGE)
class Pause(_One, SettingsConfirmPage):
    title = "Pause the webhook"
    message = "Nothing is sent until somebody resumes it. What happens meanwhile is not sent later."
    submit_label = "Pause webhook"
    form_class = ReasonForm

    def save(self, form: ReasonForm) -> str:
        services.pause_endpoint(
            actor=self.actor,
            endpoint=self.endpoint,
            version=self.version,
            reason=form.cleaned_data["reason"],
        )
        return self.cancel_url()


@requires(P.WEBHOOK_MANAGE)
class Retire(_One, SettingsConfirmPage):
    title = "Retire the webhook"
    message = "Its address and secrets are erased. This cannot be undone."
    submit_label = "Retire webhook"
    danger = True

    def save(self, form: Any) -> str:
        services.retire_endpoint(actor=self.actor, endpoint=self.endpoint, version=self.version)
        messages.success(self.request, f"{self.endpoint.name} is retired.")
        return org_url(self.request, "webhooks:list")


def _back(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    return redirect(org_url(request, "webhooks:detail", endpoint_id))


@requires(P.WEBHOOK_MANAGE)
@require_POST
def resume(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Send again from now on."""
    actor = actor_of(request)
    endpoint = selectors.endpoint_by_id(actor, endpoint_id)
    version = request.POST.get("version", "")
    services.resume_endpoint(
        actor=actor, endpoint=endpoint, version=int(version) if version.isdigit() else 0
    )
    messages.success(request, f"{endpoint.name} is told again from now on.")
    return _back(request, endpoint_id)


@requires(P.WEBHOOK_MANAGE)
@require_POST
def test(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Send a test."""
    actor = actor_of(request)
    services.send_test(actor=actor, endpoint=selectors.endpoint_by_id(actor, endpoint_id))
    messages.success(request, "A test is on its way. Its answer shows here in a moment.")
    return _back(request, endpoint_id)


@requires(P.WEBHOOK_MANAGE)
@require_POST
def repeat(request: HttpRequest, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send one delivery again."""
    actor = actor_of(request)
    found = selectors.delivery_by_id(actor, endpoint_id, delivery_id)
    services.repeat_delivery(actor=actor, delivery=found)
    messages.success(request, "It is sent again.")
    return _back(request, endpoint_id)
