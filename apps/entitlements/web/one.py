"""One entitlement, and ending it early."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.people import sees_people_of
from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.web.forms import ConfirmPage
from apps.common.web.lists import Action
from apps.entitlements import services
from apps.entitlements.enums import Gives, Holder
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.held import entitlement_by_id
from apps.entitlements.selectors.use import Sum, use_seen
from apps.entitlements.web import words
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.urls import org_url
from apps.trail.registry import label_of
from apps.trail.selectors import events_of_object


@requires(P.CAPABILITY_VIEW)
class EntitlementPage(View):
    """Who, to what, until when, why, who granted it, and what it was used for."""

    def get(self, request: HttpRequest, entitlement_id: UUID) -> HttpResponse:
        row = entitlement_by_id(request.actor, entitlement_id)
        today = clock.today()
        tone, state = words.state_of(row, today)
        start, end = words.days_back(words.DAYS)
        context = {
            "title": f"{row.holder_name}: {Gives(row.gives).label.lower()}",
            "lede": f"{row.ref}, {Holder(row.holder).label.lower()}, "
            f"{fmt.day(row.starts_on)} to {fmt.long_day(row.last)}.",
            "crumbs": [("Entitlements", org_url(request, "entitlements:list")), (row.ref, "")],
            "actions": self._actions(request, row),
            "row": row,
            "gives": Gives(row.gives).label,
            "to": words.to_what(row),
            "tone": tone,
            "state": state,
            "holder_url": words.holder_url(request, row),
            "source_url": org_url(request, "asks:detail", row.source_id),
            "days": words.DAYS,
            "used": self._used(request, row),
            "currency": ledger_settings().currency,
            "explore": self._explore(request, row, start, end),
            "events": [
                (event, label_of(event.action))
                for event in events_of_object("entitlement", row.id)[:10]
            ],
            "zone": request.organization.timezone,
        }
        return render(request, "entitlements/detail.html", context)

    def _actions(self, request: HttpRequest, row: Entitlement) -> list[Action]:
        found = []
        if row.last >= max(clock.today(), row.starts_on) and can(request.actor, P.TIER_MANAGE):
            found.append(Action("End early", org_url(request, "entitlements:end", row.id), "x"))
        return [*found, *words.ask_action(request, "Ask to renew", **words.again(row))]

    def _used(self, request: HttpRequest, row: Entitlement) -> Sum | None:
        if row.gives != Gives.PREMIUM or not can_anywhere(request.actor, P.USAGE_VIEW):
            return None
        if row.holder == Holder.USER and not sees_people_of(request.actor, P.USAGE_VIEW):
            return None
        found = use_seen(request.actor, *words.days_back(words.DAYS))
        return found.by_entitlement.get(row.id, Sum())

    def _explore(self, request: HttpRequest, row: Entitlement, start: Any, end: Any) -> str:
        if not can_anywhere(request.actor, P.USAGE_VIEW):
            return ""
        if row.holder == Holder.USER and not sees_people_of(request.actor, P.USAGE_VIEW):
            return ""
        narrowed = {
            Holder.CAPABILITY: {"capability": str(row.capability_id)},
            Holder.UNIT: {"unit": str(row.unit_id)},
            Holder.USER: {"user": row.user},
        }[Holder(row.holder)]
        return words.explore_url(request, start, end, group="model", **narrowed)


class EndForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.TIER_MANAGE)
class End(ConfirmPage):
    """End it today."""

    form_class = EndForm
    submit_label = "End it"
    danger = True
    row: Entitlement

    def dispatch(self, request: HttpRequest, entitlement_id: UUID) -> HttpResponseBase:
        self.row = entitlement_by_id(request.actor, entitlement_id)
        return super().dispatch(request)

    def get_title(self) -> str:
        return f"End {self.row.ref}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Entitlements", org_url(self.request, "entitlements:list")),
            (self.row.ref, self.cancel_url()),
            ("End", ""),
        ]

    def get_message(self) -> str:
        day = clock.today() - timedelta(days=1)
        return (
            f"{self.row} has its last day on {fmt.long_day(max(day, self.row.starts_on))}. "
            "Calls go on as before: they count as outside the tier from then on."
        )

    def cancel_url(self) -> str:
        return org_url(self.request, "entitlements:detail", self.row.id)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.row.version}

    def save(self, form: EndForm) -> str:
        services.end_entitlement(
            actor=self.request.actor,
            entitlement_id=self.row.id,
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, f"{self.row.ref} has ended.")
        return self.cancel_url()
