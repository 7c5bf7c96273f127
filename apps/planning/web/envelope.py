"""One team's envelope: what is behind it, asking, allocating, opening its budget."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common.money import from_nanos, to_nanos
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action
from apps.planning import selectors, services
from apps.planning.models import Envelope
from apps.planning.selectors.cycles import history_of
from apps.planning.selectors.standing import EnvelopeStanding, standing
from apps.planning.web.present import days, money
from apps.tenancy.urls import org_url


def standing_of(request: HttpRequest, envelope: Envelope) -> EnvelopeStanding:
    """The envelope among the others of its round."""
    found = standing(request.actor, envelope.round.cycle, envelope.round.number)
    return next(row for row in found.rows if row.envelope.id == envelope.id)


def crumbs(request: HttpRequest, envelope: Envelope, last: str = "") -> list[tuple[str, str]]:
    cycle = envelope.round.cycle
    own = org_url(request, "planning:envelope", envelope_id=envelope.id)
    found = [
        ("Planning cycles", org_url(request, "planning:list")),
        (cycle.name, org_url(request, "planning:detail", cycle_id=cycle.id)),
        (envelope.unit.name, own if last else ""),
    ]
    return [*found, (last, "")] if last else found


@requires(P.BUDGET_VIEW)
class EnvelopePage(View):
    """One envelope."""

    def get(self, request: HttpRequest, envelope_id: UUID) -> HttpResponse:
        envelope = selectors.envelope_by_id(request.actor, envelope_id)
        cycle, row = envelope.round.cycle, standing_of(request, envelope)
        newest = envelope.round.number == cycle.round_number
        context = {
            "title": _title(row),
            "lede": f"{cycle.name}, {days(cycle)}. {envelope.round.name}.",
            "crumbs": crumbs(request, envelope),
            "actions": _actions(request, row, newest),
            "row": row,
            "envelope": envelope,
            "cycle": cycle,
            "newest": newest,
            "history": history_of(envelope),
            "zone": request.organization.timezone,
        }
        return render(request, "planning/envelope.html", context)


def _title(row: EnvelopeStanding) -> str:
    name, currency = row.envelope.unit.name, row.envelope.round.cycle.currency
    if not row.envelope.round.cycle.is_open and row.current is not None:
        if row.left is None:
            return f"{name} has an envelope of {money(row.current, currency)}"
        if row.left < 0:
            return f"{name} is {money(-row.left, currency)} over its envelope"
        return f"{name} has {money(row.left, currency)} of {money(row.current, currency)} left"
    if row.allocated is not None:
        return f"{name} is given {money(row.allocated, currency)}"
    if row.requested is not None:
        return f"{name} asks for {money(row.requested, currency)}"
    return f"{name} has not asked yet"


def _actions(request: HttpRequest, row: EnvelopeStanding, newest: bool) -> list[Action]:
    envelope, actor = row.envelope, request.actor

    def url(name: str) -> str:
        return org_url(request, f"planning:{name}", envelope_id=envelope.id)

    if not newest:
        return []
    if envelope.round.cycle.is_open:
        found = []
        manages = can(actor, P.PLANNING_MANAGE)
        if can(actor, P.PLANNING_REQUEST, unit_id=envelope.unit_id):
            word = "Ask" if envelope.requested_nanos is None else "Ask for another amount"
            found.append(Action(word, url("request"), "send", primary=not manages))
        if manages:
            found.append(Action("Allocate", url("allocate"), "check", primary=True))
        return found
    budget = row.unit_budget
    if budget is not None:
        ask = org_url(request, "asks:new") + f"?kind=increase&budget={budget.id}"
        return [Action("Ask for more", ask, "send")] if can(actor, P.APPROVAL_VIEW) else []
    if can(actor, P.BUDGET_MANAGE, unit_id=envelope.unit_id):
        return [Action("Open its budget", url("budget"), "wallet", primary=True)]
    return []


class AmountForm(forms.Form):
    """An amount over the whole cycle, and why."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    amount = forms.DecimalField(
        label="Amount over the whole cycle", min_value=0, max_digits=15, decimal_places=2
    )
    note = forms.CharField(
        label="Why", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class OfEnvelope(FormPage):
    """A form about one envelope. `what`: the field it states."""

    form_class: ClassVar[type[forms.BaseForm]] = AmountForm
    what: ClassVar[str] = ""
    envelope: Envelope

    def dispatch(self, request: HttpRequest, envelope_id: UUID) -> HttpResponseBase:
        self.envelope = selectors.envelope_by_id(request.actor, envelope_id)
        return super().dispatch(request)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request, self.envelope, self.submit_label)

    def cancel_url(self) -> str:
        return org_url(self.request, "planning:envelope", envelope_id=self.envelope.id)

    def get_initial(self) -> dict[str, Any]:
        row = standing_of(self.request, self.envelope)
        known = getattr(row, self.what)
        if known is None:
            known = row.requested if row.requested is not None else row.suggested
        return {
            "version": self.envelope.version,
            "amount": None if known is None else round(from_nanos(known), 2),
            "note": getattr(self.envelope, f"{self.what}_note"),
        }

    def get_lede(self) -> str:
        row = standing_of(self.request, self.envelope)
        currency = self.envelope.round.cycle.currency
        parts = [f"In {currency}"]
        if row.suggested is not None:
            parts.append(f"its stories plan {money(row.suggested, currency)}")
        if row.requested is not None:
            parts.append(f"asked for {money(row.requested, currency)}")
        return ", ".join(parts) + "."


@requires(P.PLANNING_REQUEST)
class RequestEnvelope(OfEnvelope):
    """What the team asks for."""

    what = "requested"
    submit_label = "Ask"

    def get_title(self) -> str:
        return f"What {self.envelope.unit.name} asks for"

    def save(self, form: AmountForm) -> str:
        data = form.cleaned_data
        services.request_envelope(
            actor=self.request.actor,
            envelope_id=self.envelope.id,
            version=data["version"],
            amount_nanos=to_nanos(data["amount"]),
            note=data["note"],
        )
        messages.success(self.request, f"{self.envelope.unit.name} has asked.")
        return self.cancel_url()


@requires(P.PLANNING_MANAGE)
class AllocateEnvelope(OfEnvelope):
    """What the team is given."""

    what = "allocated"
    submit_label = "Allocate"

    def get_title(self) -> str:
        return f"What {self.envelope.unit.name} is given"

    def save(self, form: AmountForm) -> str:
        data = form.cleaned_data
        services.allocate_envelope(
            actor=self.request.actor,
            envelope_id=self.envelope.id,
            version=data["version"],
            amount_nanos=to_nanos(data["amount"]),
            note=data["note"],
        )
        messages.success(self.request, f"{self.envelope.unit.name} has its allocation.")
        cycle = self.envelope.round.cycle
        return org_url(self.request, "planning:detail", cycle_id=cycle.id)


@requires(P.BUDGET_MANAGE)
class OpenBudget(OfEnvelope, ConfirmPage):
    """Opens the team's budget at the approved envelope."""

    form_class = forms.Form
    template_name = "confirm.html"
    submit_label = "Open the budget"

    def get_title(self) -> str:
        return f"Open the budget of {self.envelope.unit.name}"

    def get_lede(self) -> str:
        return ""

    def get_initial(self) -> dict[str, Any]:
        return {}

    def get_message(self) -> str:
        cycle = self.envelope.round.cycle
        given = money(self.envelope.allocated_nanos, cycle.currency)
        return f"A budget of {given} for {days(cycle)} is opened for the team and those below it."

    def save(self, form: forms.Form) -> str:
        budget = services.open_envelope_budget(
            actor=self.request.actor, envelope_id=self.envelope.id
        )
        messages.success(self.request, f"{budget.name} is open.")
        return org_url(self.request, "budgets:detail", budget.id)
