"""Answering a request, looking at what an answer would do, and taking a request back."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.approvals import selectors, services
from apps.approvals.subjects import handler_for
from apps.approvals.web import present
from apps.approvals.web.forms import WithdrawForm, decision_form, said_of
from apps.approvals.web.pane import Pane
from apps.approvals.web.rows import receipt_words
from apps.common.errors import Conflict, Invalid
from apps.common.web.forms import add_errors
from apps.tenancy.urls import org_url


@requires(P.APPROVAL_VIEW)
class Effect(View):
    """GET `?decision=…&cap=…`: the parts of the page that say what this answer would do, for htmx.

    Without script the page comes back with `choice` and `cap` in its address.
    """

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        current = selectors.request_by_id(request.actor, request_id)
        choice, cap = request.GET.get("decision", ""), request.GET.get("cap", "")
        if request.headers.get("HX-Request") != "true":
            page = org_url(request, "approvals:detail", request_id=request_id)
            return HttpResponseRedirect(f"{page}?{urlencode({'choice': choice, 'cap': cap})}")
        form = decision_form(current, choice=choice, cap=cap)
        context: dict[str, Any] = present.answer_context(current, form)
        context["chosen"] = request.GET.get("bar") == "1"
        shown = context["approval"]
        context["effect"] = handler_for(current.subject_type).effect(
            actor=request.actor, request=shown
        )
        return render(request, "approvals/_answering.html", {**context, "fragment": True})


@requires(P.APPROVAL_ANSWER)
def usual(request: HttpRequest) -> HttpResponse:
    """Conditions that were asked before, for the list under the field: read when it is unfolded."""
    texts = selectors.usual_conditions()
    return render(request, "approvals/_usual.html", {"texts": texts})


@requires(P.APPROVAL_ANSWER)
class Decide(Pane):
    """POST: one answer. 422 and 409 come back on the same page with what was typed.

    `preview` shows the page as the answer would leave it and records nothing. `said` is what the
    pressed button promised: an answer that is another one by now is shown again, not recorded.
    """

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        current = selectors.request_by_id(request.actor, request_id)
        form = decision_form(current, request.POST)
        if "preview" in request.POST:
            return self.pane(current, chosen=True, form=form, preview=True)
        if not form.is_valid():
            return self.pane(current, chosen=True, form=form, status=422)
        if request.POST.get("said", said_of(form)) not in {"", said_of(form), form.chosen}:
            return self.pane(current, chosen=True, form=form, preview=True, status=422)
        answer = form.answer()
        try:
            receipt = services.decide(actor=request.actor, request_id=request_id, **answer)
        except Invalid as error:
            add_errors(form, error)
            return self.pane(current, chosen=True, form=form, status=422)
        except Conflict as error:
            return self._conflict(request_id, answer, error)
        return self._done(receipt)

    def _conflict(self, request_id: UUID, answer: dict[str, Any], error: Conflict) -> HttpResponse:
        """What changed since the page was opened, and the form again for the new version."""
        self.request.undo_writes = True
        current = selectors.request_by_id(self.request.actor, request_id)
        form = decision_form(current)
        form.initial["note"] = answer["note"]
        for n, asked in enumerate(answer["conditions"]):
            form.initial[f"condition_{n}"] = asked.text
            form.initial[f"condition_due_{n}"] = asked.due_on
        changes = present.changes_since(current, answer["version"])
        return self.pane(
            current, chosen=True, form=form, status=409, conflict=error, changes=changes
        )

    def _done(self, receipt: services.Receipt) -> HttpResponse:
        """The receipt, and what waits next. Without script: a redirect to the queue."""
        words = receipt_words(receipt)
        if self.request.headers.get("HX-Request") != "true":
            messages.success(self.request, words)
            return HttpResponseRedirect(org_url(self.request, "approvals:list"))
        url = org_url(self.request, "approvals:detail", request_id=receipt.request.id)
        response = self.pane(None, chosen=False, receipt=words, receipt_url=url)
        response["HX-Push-Url"] = org_url(self.request, "approvals:list")
        return response


@requires(P.APPROVAL_VIEW)
class Withdraw(Pane):
    """POST: the requester takes an open request back."""

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        form = WithdrawForm(request.POST)
        current = selectors.request_by_id(request.actor, request_id)
        if not form.is_valid():
            return self.pane(current, chosen=True, status=422)
        services.withdraw(
            actor=request.actor,
            request_id=request_id,
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        messages.success(request, f"You took back {current.title}.")
        return HttpResponseRedirect(org_url(request, "approvals:detail", request_id=request_id))
