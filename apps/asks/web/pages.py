"""Asks: the list, filing one, one with its history, asking again."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.asks import selectors, services
from apps.asks.enums import BUDGET_KINDS, AskKind, AskStatus, Rule
from apps.asks.models import Ask
from apps.asks.services import AskInput, EntitlementInput
from apps.budgets.selectors import budgets_for
from apps.common import clock, fmt
from apps.common.errors import Conflict
from apps.common.money import from_nanos, to_nanos
from apps.common.web.forms import FormPage
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.common.web.numbers import NumberField
from apps.entitlements.enums import Gives, Reach
from apps.organizations.selectors import unit_choices
from apps.portfolio.selectors import active_capabilities
from apps.tenancy.urls import org_url


def amount_words(ask: Ask) -> str:
    if ask.amount_nanos is None:
        return fmt.DASH
    nanos = ask.approved_nanos if ask.approved_nanos is not None else ask.amount_nanos
    text = fmt.money(nanos, ask.currency, style="exact")
    return f"{text} a period" if ask.kind == AskKind.AMOUNT else text


def state_words(ask: Ask) -> str:
    """The status; of what holds until a day also whether it does today."""
    if (ask.is_exception or ask.is_entitlement) and ask.status == AskStatus.APPROVED:
        today = clock.today()
        if ask.holds_on(today):
            return f"Holds until {fmt.day(ask.ends_on)}" if ask.ends_on else "Holds"
        return "Ended" if ask.starts_on <= today else "To come"
    return AskStatus(ask.status).label


@requires(P.APPROVAL_VIEW)
class Asks(ListPage):
    """Budget requests, entitlements and exceptions in sight, newest first."""

    title = "Requests"
    noun = ("request", "requests")
    default_sort = "-number"
    filename = "requests"
    crumbs = (("Requests", ""),)
    filters = (
        SearchFilter("q", "Search", fields=("title_norm",), placeholder="Title…"),
        ChoiceFilter("kind", "For", choices=AskKind.choices()),
        ChoiceFilter("status", "Status", choices=AskStatus.choices()),
        RelationFilter("unit", "Team", choices=lambda request: unit_choices()),
    )
    columns = (
        Column(
            "title",
            "Request",
            sort="title_norm",
            link=lambda r, request: org_url(request, "asks:detail", ask_id=r.id),
            sub=lambda r: f"{r.ref}, {AskKind(r.kind).label.lower()}",
        ),
        Column("ref", "Reference", in_table=False),
        Column("kind", "For", value=lambda r: AskKind(r.kind).label, in_table=False),
        Column("rule", "Rule", value=lambda r: Rule(r.rule).label if r.rule else None, phone=False),
        Column("team", "Team", value=lambda r: r.unit.name if r.unit else "All"),
        Column(
            "amount",
            "Amount",
            value=amount_words,
            align="num",
            csv=lambda r: None if r.amount_nanos is None else from_nanos(r.amount_nanos),
        ),
        Column("currency", "Currency", in_table=False),
        Column("starts_on", "From", sort="starts_on"),
        Column("ends_on", "To"),
        Column("status", "Status", value=state_words, sort="status"),
        Column("by", "Asked by", value=lambda r: r.requester_name),
    )

    def get_queryset(self) -> QuerySet[Ask]:
        return selectors.asks(self.request.actor)

    def get_title(self) -> str:
        rows = selectors.asks(self.request.actor)
        waiting = rows.filter(status=AskStatus.ASKED).count()
        today = clock.today()
        held = rows.filter(
            kind=AskKind.EXCEPTION,
            status=AskStatus.APPROVED,
            starts_on__lte=today,
            ends_on__gte=today,
        ).count()
        if not waiting and not held:
            return "No request waits, no exception holds"
        return f"{fmt.plural(waiting, 'request')} waiting, {fmt.plural(held, 'exception')} in force"

    def get_actions(self) -> list[Action]:
        if self.request.actor.membership_id is None:
            return []
        url = org_url(self.request, "asks:new")
        return [
            Action("Ask for budget", f"{url}?kind=increase", "wallet"),
            Action("Ask for an entitlement", f"{url}?kind=entitlement", "cpu"),
            Action("Ask for an exception", f"{url}?kind=exception", "plus", primary=True),
        ]

    def get_empty(self) -> Empty:
        return Empty(
            "Nobody asked for budget, an entitlement or an exception",
            "More for a month, money from another team; premium models or long context until a "
            "day.",
            "Ask for an exception",
            org_url(self.request, "asks:new") + "?kind=exception",
            icon="send",
        )


BUDGET_FIELDS = ("kind", "budget", "source_budget", "title", "reason", "amount", "starts_on")
FIELDS: dict[str, tuple[str, ...]] = {
    AskKind.EXCEPTION: (
        *("kind", "rule", "unit", "title", "reason", "about", "amount", "starts_on", "ends_on"),
    ),
    AskKind.ENTITLEMENT: (
        *("kind", "gives", "unit", "capability", "user", "reach", "models", "context_tokens"),
        *("title", "reason", "evidence", "amount", "starts_on", "ends_on"),
    ),
}
"""What is asked until a day; everything else is about a budget."""
NAMED_ONCE = frozenset(
    {"kind", "rule", "budget", "source_budget", "unit", "gives", "capability", "user"}
)
TITLES = {
    AskKind.EXCEPTION: "Ask for an exception",
    AskKind.ENTITLEMENT: "Ask for an entitlement",
}
KNOWN = (
    *("kind", "budget", "about", "rule", "gives", "capability", "unit", "user", "reach"),
    *("models", "context_tokens", "title"),
)
"""What a link to the form may fill in."""


def asked_kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", AskKind.EXCEPTION.value)
    return kind if kind in {k.value for k in AskKind} else AskKind.EXCEPTION.value


class AskForm(forms.Form):
    """What is asked for; which fields there are follows from the kind."""

    kind = forms.ChoiceField(label="What is asked for")
    rule = forms.ChoiceField(label="From which rule", choices=Rule.choices())
    budget = forms.ChoiceField(label="Budget")
    source_budget = forms.ChoiceField(label="From budget", required=False)
    unit = forms.ChoiceField(label="Team", required=False, help_text="And all teams below it.")
    title = forms.CharField(label="In a few words", max_length=160)
    reason = forms.CharField(label="Why", max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    about = forms.CharField(
        label="About",
        required=False,
        max_length=200,
        help_text="A finding, a model, a story: what it concerns.",
    )
    amount = forms.DecimalField(
        label="Amount", required=False, min_value=0, max_digits=15, decimal_places=2
    )
    starts_on = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    gives = forms.ChoiceField(label="To what", choices=Gives.choices())
    capability = forms.ChoiceField(
        label="For the capability",
        required=False,
        help_text="Without one it is for the whole team, or for the person named.",
    )
    user = forms.CharField(
        label="For the person",
        required=False,
        max_length=200,
        help_text="As usage records name them: an e-mail or a key. Premium models only.",
    )
    reach = forms.ChoiceField(
        label="Which models", choices=[("", "Choose"), *Reach.choices()], required=False
    )
    models = forms.CharField(
        label="Models by name",
        required=False,
        max_length=4000,
        help_text="One a line, as provider/model.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    context_tokens = NumberField(label="Input tokens a call, at most")
    evidence = forms.CharField(
        label="Evidence",
        required=False,
        max_length=4000,
        help_text="What was measured with and without it. Long context needs it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, request: HttpRequest, ask: Ask | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask = ask
        kind = ask.kind if ask else asked_kind(request)
        wanted = FIELDS.get(kind, BUDGET_FIELDS)
        if ask is not None:
            wanted = tuple(name for name in wanted if name not in NAMED_ONCE)
        for name in set(self.fields) - set(wanted):
            del self.fields[name]
        self.order_fields(wanted)
        until_a_day = kind in FIELDS
        budgets = [("", "Choose"), *((str(b.id), b.name) for b in self._budgets(request))]
        choices: dict[str, list[tuple[str, str]]] = {
            "kind": [(kind, AskKind(kind).label)]
            if until_a_day
            else [(k.value, k.label) for k in BUDGET_KINDS],
            "budget": budgets,
            "source_budget": budgets,
            "unit": [
                ("", "Choose" if kind == AskKind.ENTITLEMENT else "The whole organization"),
                *unit_choices(),
            ],
            "capability": [
                ("", "None"),
                *((str(c.id), c.name) for c in active_capabilities()),
            ],
        }
        for name, found in choices.items():
            if name in self.fields:
                self.fields[name].choices = found
        if until_a_day:
            self.fields["amount"].label = "At most a month"
            self.fields["ends_on"].required = True

    @staticmethod
    def _budgets(request: HttpRequest) -> Any:
        return budgets_for(request.actor).filter(status="active").order_by("name_norm")

    def asked(self, kind: str) -> AskInput:
        data = self.cleaned_data

        def chosen(name: str) -> UUID | None:
            return UUID(data[name]) if data.get(name) else None

        amount = data["amount"]
        return AskInput(
            kind=data.get("kind", kind),
            title=data["title"],
            reason=data["reason"],
            starts_on=data["starts_on"],
            ends_on=data.get("ends_on"),
            amount_nanos=None if amount is None else to_nanos(amount),
            budget_id=chosen("budget"),
            source_budget_id=chosen("source_budget"),
            unit_id=chosen("unit"),
            rule=data.get("rule", ""),
            about=data.get("about", ""),
            entitlement=self._entitlement() if "evidence" in self.fields else None,
        )

    def _entitlement(self) -> EntitlementInput:
        """What is wanted; of a request that was sent back for whom it was the first time."""
        data = self.cleaned_data
        before = selectors.wanted_of(self.ask) if self.ask else None
        capability = data.get("capability")
        tokens = data.get("context_tokens")
        return EntitlementInput(
            gives=before.gives if before else data["gives"],
            capability_id=before.capability_id
            if before
            else (UUID(capability) if capability else None),
            user=before.user if before else data.get("user", ""),
            reach=data.get("reach", ""),
            models=tuple(data.get("models", "").split()),
            context_tokens=None if tokens is None else int(tokens),
            evidence=data.get("evidence", ""),
        )


@requires(P.APPROVAL_VIEW)
class NewAsk(FormPage):
    """`?kind=exception`, `?kind=entitlement`, or a budget kind with `&budget=<id>`."""

    form_class = AskForm
    submit_label = "Ask"
    lede = "It goes to the people on its route; you are told how it ends."

    def get_title(self) -> str:
        return TITLES.get(AskKind(asked_kind(self.request)), "Ask for budget")

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Requests", self.cancel_url()), ("New", "")]

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
