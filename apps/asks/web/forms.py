"""What is asked for, as a form: which fields there are follows from the kind."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest

from apps.asks import selectors
from apps.asks.enums import BUDGET_KINDS, AskKind, Rule
from apps.asks.models import Ask
from apps.asks.services import AskInput, EntitlementInput
from apps.budgets.selectors import budgets_for
from apps.common.money import to_nanos
from apps.common.web.numbers import NumberField
from apps.entitlements.enums import Gives, Reach
from apps.organizations.selectors import unit_choices
from apps.portfolio.selectors import active_capabilities

BUDGET_FIELDS = ("kind", "budget", "source_budget", "title", "reason", "amount", "starts_on")
FIELDS: dict[str, tuple[str, ...]] = {
    AskKind.EXCEPTION: (
        *("kind", "rule", "unit", "title", "reason", "about", "amount", "starts_on", "ends_on"),
    ),
}
"""What is asked until a day; everything else is about a budget."""
ENTITLEMENT_FIELDS: dict[str, tuple[str, ...]] = {
    Gives.PREMIUM: (
        *("kind", "gives", "unit", "capability", "user", "reach", "models"),
        *("title", "reason", "evidence", "amount", "starts_on", "ends_on"),
    ),
    Gives.CONTEXT: (
        *("kind", "gives", "unit", "capability", "context_tokens"),
        *("title", "reason", "evidence", "amount", "starts_on", "ends_on"),
    ),
}
"""Of an entitlement, by what it gives."""
SERVICE_NAMES = {
    "holder": "capability",
    "capability_id": "capability",
    "unit_id": "unit",
    "budget_id": "budget",
    "source_budget_id": "source_budget",
}
"""What services call the form's fields."""
NAMED_ONCE = frozenset(
    {"kind", "rule", "budget", "source_budget", "unit", "gives", "capability", "user"}
)


def asked_kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", AskKind.EXCEPTION.value)
    return kind if kind in {k.value for k in AskKind} else AskKind.EXCEPTION.value


def asked_gives(request: HttpRequest) -> str:
    """What an entitlement is asked to give; empty while nobody has chosen."""
    gives = request.GET.get("gives", "")
    return gives if gives in {g.value for g in Gives} else ""


def fields_of(kind: str, gives: str) -> tuple[str, ...]:
    if kind == AskKind.ENTITLEMENT:
        return ENTITLEMENT_FIELDS[gives or Gives.PREMIUM]
    return FIELDS.get(kind, BUDGET_FIELDS)


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
        help_text="As usage records name them: an e-mail or a key.",
    )
    reach = forms.ChoiceField(
        label="Which models", choices=[("", "Choose"), *Reach.choices()], required=False
    )
    models = forms.CharField(
        label="Models by name",
        required=False,
        max_length=4000,
        help_text="One a line, as provider/model; for models by name alone.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    context_tokens = NumberField(label="Input tokens a call, at most")
    evidence = forms.CharField(
        label="Evidence",
        required=False,
        max_length=4000,
        help_text="What was measured with and without it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, request: HttpRequest, ask: Ask | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask = ask
        kind = ask.kind if ask else asked_kind(request)
        before = selectors.wanted_of(ask) if ask and ask.is_entitlement else None
        gives = before.gives if before else asked_gives(request)
        wanted = fields_of(kind, gives)
        if ask is not None:
            wanted = tuple(name for name in wanted if name not in NAMED_ONCE)
        for name in set(self.fields) - set(wanted):
            del self.fields[name]
        self.order_fields(wanted)
        until_a_day = kind not in BUDGET_KINDS
        budgets = [("", "Choose"), *((str(b.id), b.name) for b in self._budgets(request))]
        choices: dict[str, list[tuple[str, str]]] = {
            "kind": [(kind, AskKind(kind).label)]
            if until_a_day
            else [(k.value, k.label) for k in BUDGET_KINDS],
            "gives": [(g.value, g.label) for g in Gives if g == gives],
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
        for name, value in (("kind", kind if until_a_day else ""), ("gives", gives)):
            if value and name in self.fields:  # said by the page's title already
                self.fields[name].widget = forms.HiddenInput()
                self.fields[name].initial = value
        if until_a_day:
            self.fields["amount"].label = "At most a month"
            self.fields["ends_on"].required = True
        if gives == Gives.CONTEXT:
            for name in ("evidence", "context_tokens"):
                if name in self.fields:
                    self.fields[name].required = True
            self._say("evidence", "Quality with and without it, on how many cases.")
            self._say("capability", "Without one it is for the whole team.")
        elif gives:
            self.fields["reach"].required = True

    def _say(self, name: str, text: str) -> None:
        if name in self.fields:
            self.fields[name].help_text = text

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
