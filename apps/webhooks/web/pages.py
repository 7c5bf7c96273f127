"""What there is: endpoints, one endpoint with what was sent to it, one delivery."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import actor_of, requires
from apps.common import fmt
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.organizations.web.base import SettingsMixin, settings_tabs
from apps.tenancy.urls import org_url
from apps.trail import registry
from apps.webhooks import events, selectors
from apps.webhooks.enums import DeliveryStatus, EndpointStatus, Form
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint


def words(action: str) -> str:
    """What a delivery was about, for people."""
    return "Test" if action == events.TEST else registry.label_of(action)


def wanted(endpoint: WebhookEndpoint) -> str:
    return ", ".join(endpoint.actions) or "Everything"


@requires(P.WEBHOOK_VIEW)
class Endpoints(SettingsMixin, ListPage):
    """The endpoints."""

    tab = "webhooks:list"
    title = "Webhooks"
    lede = "Other programs and chat channels that are told what happens here."
    noun = ("webhook", "webhooks")
    template_name = "organizations/list.html"
    columns = (
        Column(
            "name",
            "Name",
            sort="name",
            link=lambda e, r: org_url(r, "webhooks:detail", e.id),
            sub=lambda e: e.host,
        ),
        Column("form", "Form", value=lambda e: e.get_form_display(), sort="form"),
        Column("events", "Events", value=wanted, full=True),
        Column("failed", "Failed, 30 days", sort="failed", align="num"),
        Column("last", "Last try", value=lambda e: e.last, sort="last"),
        Column("state", "State", value=lambda e: e.get_status_display(), sort="status"),
    )
    filters = (
        SearchFilter("q", "Search", fields=("name", "host")),
        ChoiceFilter("form", "Form", choices=Form.choices),
        ChoiceFilter(
            "status",
            "State",
            choices=[c for c in EndpointStatus.choices if c[0] != EndpointStatus.RETIRED],
        ),
    )
    default_sort = "name"

    def get_queryset(self) -> QuerySet[Any]:
        failed = Count("deliveries", filter=Q(deliveries__status=DeliveryStatus.FAILED))
        return selectors.endpoints(self.actor).annotate(
            failed=failed, last=Max("deliveries__tried_at")
        )

    def get_actions(self) -> Sequence[Action]:
        if not can(self.actor, P.WEBHOOK_MANAGE):
            return ()
        return (
            Action("Add a webhook", org_url(self.request, "webhooks:new"), "plus", primary=True),
        )

    def get_empty(self) -> Empty:
        may_add = can(self.actor, P.WEBHOOK_MANAGE)
        return Empty(
            "No webhook yet",
            "A webhook sends each event to another program or a chat channel: a Token Story is "
            "approved, a budget is revised, a source fails.",
            "Add a webhook" if may_add else "",
            org_url(self.request, "webhooks:new") if may_add else "",
            "send",
        )

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


@requires(P.WEBHOOK_VIEW)
class Deliveries(ListPage):
    """One endpoint: what was sent to it, newest first, and what can be done."""

    noun = ("delivery", "deliveries")
    template_name = "webhooks/detail.html"
    paging = "keyset"
    page_size = 50
    default_sort = "-id"
    filters = (
        ChoiceFilter("status", "State", choices=DeliveryStatus.choices),
        SearchFilter("q", "Search", fields=("action", "label")),
    )
    empty = Empty(
        "Nothing was sent yet", "Send a test to see whether the other side listens.", icon="send"
    )

    @property
    def endpoint(self) -> WebhookEndpoint:
        if not hasattr(self, "_endpoint"):
            self._endpoint = selectors.endpoint_by_id(
                actor_of(self.request), self.kwargs["endpoint_id"]
            )
        return self._endpoint

    def get_columns(self) -> Sequence[Column]:
        zone = self.request.organization.timezone
        return (
            Column(
                "event",
                "Event",
                value=lambda d: words(d.action),
                sub=lambda d: d.label,
                link=lambda d, r: org_url(r, "webhooks:delivery", d.endpoint_id, d.id),
            ),
            Column("when", "When", value=lambda d: fmt.moment(d.created_at, zone)),
            Column("state", "State", value=lambda d: d.get_status_display()),
            Column("tries", "Tries", value=lambda d: d.attempts, align="num"),
            Column("answer", "Answer", value=lambda d: d.status_code, align="num"),
            Column("error", "Problem", value=lambda d: d.error, full=True),
        )

    def get_title(self) -> str:
        return self.endpoint.name

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Settings", org_url(self.request, "organizations:settings")),
            ("Webhooks", org_url(self.request, "webhooks:list")),
            (self.endpoint.name, ""),
        ]

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        return selectors.deliveries(self.endpoint)

    def extra_context(self) -> dict[str, Any]:
        endpoint = self.endpoint
        return {
            "endpoint": endpoint,
            "wanted": wanted(endpoint),
            "tabs": settings_tabs(self.request, "webhooks:list"),
            "may_manage": can(actor_of(self.request), P.WEBHOOK_MANAGE),
        }


@requires(P.WEBHOOK_VIEW)
def delivery(request: HttpRequest, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    """One delivery with the body that was sent."""
    actor = actor_of(request)
    found = selectors.delivery_by_id(actor, endpoint_id, delivery_id)
    context = {
        "title": f"{words(found.action)}: {found.get_status_display().lower()}",
        "crumbs": [
            ("Webhooks", org_url(request, "webhooks:list")),
            (found.endpoint.name, org_url(request, "webhooks:detail", endpoint_id)),
            (words(found.action), ""),
        ],
        "delivery": found,
        "endpoint": found.endpoint,
        "may_repeat": can(actor, P.WEBHOOK_MANAGE)
        and found.status != DeliveryStatus.WAITING
        and found.endpoint.status == EndpointStatus.ACTIVE,
    }
    return render(request, "webhooks/delivery.html", context)
