"""Filing an ask, and asking again after it was sent back."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.web import requires
from apps.asks import selectors, services
from apps.asks.enums import AskKind, AskStatus
from apps.asks.models import Ask
from apps.asks.services import AskInput
from apps.asks.web.forms import SERVICE_NAMES, AskForm, asked_gives, asked_kind
from apps.common import clock
from apps.common.errors import Conflict
from apps.common.money import from_nanos
from apps.common.web.forms import FormPage
from apps.entitlements.enums import Gives
from apps.tenancy.urls import org_url

TITLES = {
    AskKind.EXCEPTION: "Ask for an exception",
    AskKind.ENTITLEMENT: "Ask for an entitlement",
}
WAYS = {
    Gives.PREMIUM: (
        "cpu",
        "Models beyond the tier, for a team, a capability or a person: of every class, or by name.",
    ),
    Gives.CONTEXT: (
        "file-text",
        "More input tokens in one call than the tier gives, for a team or a capability. It needs "
        "evidence.",
    ),
}
"""What an entitlement may give: icon and words."""
KNOWN = (
    *("kind", "budget", "about", "rule", "gives", "capability", "unit", "user", "reach"),
    *("models", "context_tokens", "title"),
)
"""What a link to the form may fill in."""


@requires(P.APPROVAL_VIEW)
class NewAsk(FormPage):
    """`?kind=exception`, `?kind=entitlement&gives=premium` or `context`, or a budget kind with
    `&budget=<id>`. An entitlement to nothing yet asks first what it is to give: each has a form of
    its own.
    """

    form_class = AskForm
    submit_label = "Ask"
    field_names = SERVICE_NAMES

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if asked_kind(request) == AskKind.ENTITLEMENT and not asked_gives(request):
            return self._choose()
        return super().dispatch(request, *args, **kwargs)

    def _choose(self) -> HttpResponseBase:
        known = {k: v for k in KNOWN if (v := self.request.GET.get(k)) and k != "gives"}
        ways = [
            {
                "url": f"?{urlencode({**known, 'gives': gives.value})}",
                "name": gives.label,
                "icon": icon,
                "text": text,
            }
            for gives, (icon, text) in WAYS.items()
        ]
        context = {
            "title": TITLES[AskKind.ENTITLEMENT],
            "lede": "Two kinds, decided on the same route.",
            "crumbs": [("Requests", self.cancel_url()), ("New", "")],
            "ways": ways,
        }
        return render(self.request, "asks/choose.html", context)

    def get_title(self) -> str:
        if gives := self._gives():
            return f"Ask for {gives.label.lower()}"
        return TITLES.get(AskKind(asked_kind(self.request)), "Ask for budget")

    def get_lede(self) -> str:
        return "It goes to the people on its route; you are told how it ends."

    def get_crumbs(self) -> list[tuple[str, str]]:
        crumbs = [("Requests", self.cancel_url())]
        if gives := self._gives():
            url = f"{org_url(self.request, 'asks:new')}?kind={AskKind.ENTITLEMENT.value}"
            return [*crumbs, ("Entitlement", url), (gives.label, "")]
        return [*crumbs, ("New", "")]

    def _gives(self) -> Gives | None:
        is_one = asked_kind(self.request) == AskKind.ENTITLEMENT
        return Gives(asked_gives(self.request)) if is_one else None

    def cancel_url(self) -> str:
        return org_url(self.request, "asks:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request, "ask": None}

    def get_initial(self) -> dict[str, Any]:
        known = {k: self.request.GET.get(k, "") for k in KNOWN}
        return {"starts_on": clock.today(), **{k: v for k, v in known.items() if v}}

    def save(self, form: AskForm) -> str:
        kind = asked_kind(self.request)
        ask = services.file_ask(actor=self.request.actor, asked=form.asked(kind))
        messages.success(self.request, f"{ask.ref} is filed.")
        return org_url(self.request, "asks:detail", ask_id=ask.id)


@requires(P.APPROVAL_VIEW)
class ChangeAsk(FormPage):
    """The next revision of an ask that was sent back."""

    form_class = AskForm
    field_names = SERVICE_NAMES
    submit_label = "Ask again"
    row: Ask

    def dispatch(self, request: HttpRequest, ask_id: UUID) -> HttpResponseBase:
        self.row = selectors.ask_by_id(request.actor, ask_id)
        if self.row.status != AskStatus.SENT_BACK:
            raise Conflict("Only a request that was sent back is changed.", code="not_sent_back")
        return super().dispatch(request)

    def get_title(self) -> str:
        return f"Change {self.row.ref}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Requests", org_url(self.request, "asks:list")),
            (self.row.ref, self.cancel_url()),
            ("Change", ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "asks:detail", ask_id=self.row.id)

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request, "ask": self.row}

    def get_initial(self) -> dict[str, Any]:
        amount = self.row.amount_nanos
        wanted = selectors.wanted_of(self.row) if self.row.is_entitlement else None
        more = {}
        if wanted is not None:
            more = {
                "reach": wanted.reach,
                "models": "\n".join(wanted.model_names),
                "context_tokens": wanted.context_tokens,
                "evidence": wanted.evidence,
            }
        return {
            **more,
            "title": self.row.title,
            "reason": self.row.reason,
            "about": self.row.about,
            "amount": None if amount is None else from_nanos(amount),
            "starts_on": self.row.starts_on,
            "ends_on": self.row.ends_on,
        }

    def save(self, form: AskForm) -> str:
        asked = form.asked(self.row.kind)
        services.ask_again(
            actor=self.request.actor,
            ask_id=self.row.id,
            version=self.row.version,
            asked=AskInput(
                kind=self.row.kind,
                title=asked.title,
                reason=asked.reason,
                starts_on=asked.starts_on,
                ends_on=asked.ends_on,
                amount_nanos=asked.amount_nanos,
                rule=self.row.rule,
                about=asked.about,
                entitlement=asked.entitlement,
            ),
        )
        messages.success(self.request, f"{self.row.ref} is asked again.")
        return self.cancel_url()
