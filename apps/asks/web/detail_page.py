"""One ask: what, why, until when, and where it stands."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.asks import selectors
from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.web.words import amount_words, state_words
from apps.common.web.lists import Action
from apps.tenancy.urls import org_url


@requires(P.APPROVAL_VIEW)
class AskPage(View):
    """One ask: what, why, until when, and where it stands."""

    def get(self, request: HttpRequest, ask_id: UUID) -> HttpResponse:
        ask = selectors.ask_by_id(request.actor, ask_id)
        mine = request.actor.owns(ask.requester_id)
        actions = []
        if mine and ask.status == AskStatus.SENT_BACK:
            url = org_url(request, "asks:change", ask_id=ask.id)
            actions.append(Action("Change and ask again", url, "pencil", primary=True))
        if ask.request_id:
            url = org_url(request, "approvals:detail", request_id=ask.request_id)
            actions.append(Action("Open the approval", url, "inbox"))
        context = {
            "title": ask.title,
            "lede": f"{ask.ref}: {AskKind(ask.kind).label.lower()}, {state_words(ask).lower()}.",
            "crumbs": [("Requests", org_url(request, "asks:list")), (ask.ref, "")],
            "actions": actions,
            "ask": ask,
            "kind": AskKind(ask.kind).label,
            "rule": Rule(ask.rule).label if ask.rule else "",
            "state": state_words(ask),
            "amount": amount_words(ask),
            "revisions": selectors.revisions_of(ask),
            "wanted": selectors.wanted_view(ask, selectors.wanted_of(ask))
            if ask.is_entitlement
            else None,
            "zone": request.organization.timezone,
        }
        return render(request, "asks/detail.html", context)
