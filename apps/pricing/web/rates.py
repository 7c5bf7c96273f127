"""Negotiated rates: list, add, change, end, withdraw."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action, ChoiceFilter, Column, CustomFilter, Empty, ListPage
from apps.pricing import selectors, services
from apps.pricing.enums import KIND_LABELS, TermKind, TierLabel
from apps.pricing.models import NegotiatedRate
from apps.pricing.services import RATE_FIELDS, RateTerms
from apps.pricing.web.format import price
from apps.tenancy.urls import org_url

RATE_LABELS = {**KIND_LABELS, "per_request": "One request"}


def _terms(rate: NegotiatedRate) -> str:
    if rate.discount_bp is not None:
        return f"{Decimal(rate.discount_bp) / 100:f}% off the list price"
    set_prices = [
        f"{RATE_LABELS[name].lower()} {price(getattr(rate, name))}"
        for name in RATE_FIELDS
        if getattr(rate, name) is not None
    ]
    return ", ".join(set_prices)


def _scope(rate: NegotiatedRate) -> str:
    parts = [rate.provider, rate.model or "all models"]
    if rate.account:
        parts.append(f"account {rate.account}")
    if rate.tier:
        parts.append(TierLabel(rate.tier).label.lower())
    return ", ".join(parts)


def _in_force(rows: QuerySet[NegotiatedRate], value: str) -> QuerySet[NegotiatedRate]:
    today = clock.today()
    if value == "past":
        return rows.filter(ends_on__lte=today)
    if value == "planned":
        return rows.filter(starts_on__gt=today)
    return rows.filter(starts_on__lte=today).filter(Q(ends_on=None) | Q(ends_on__gt=today))


@requires(P.PRICE_VIEW)
class RateList(ListPage):
    """What the organization pays instead of the list price."""

    title = "Negotiated rates"
    lede = (
        "The most specific rate in force decides: model before provider, account before all "
        "accounts. Days are UTC. Usage that is already priced keeps its price."
    )
    noun = ("rate", "rates")
    filename = "negotiated-rates"
    columns = (
        Column(
            "name",
            "Rate",
            sort="name",
            link=lambda rate, request: (
                org_url(request, "pricing:rate_edit", rate.id)
                if can(request.actor, P.PRICE_MANAGE)
                else ""
            ),
            sub=lambda rate: rate.note[:120],
        ),
        Column("scope", "Applies to", sort="provider", value=_scope),
        Column("terms", "Terms", value=_terms, full=True),
        Column("starts_on", "From", sort="starts_on"),
        Column(
            "ends_on",
            "Until",
            value=lambda rate: rate.ends_on or "Further notice",
            csv=lambda rate: rate.ends_on or "",
            csv_label="First day without it",
        ),
    )
    filters = (
        CustomFilter(
            "when",
            "Time",
            choices=(("now", "In force"), ("planned", "Planned"), ("past", "Ended")),
            narrow=_in_force,
        ),
        ChoiceFilter("kind", "Kind", choices=TermKind.choices()),
    )
    default_sort = "-starts_on"

    def get_queryset(self) -> QuerySet[NegotiatedRate]:
        return selectors.negotiated_rates()

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Models and prices", org_url(self.request, "pricing:list")), (self.title, "")]

    def get_actions(self) -> list[Action]:
        if not can(self.request.actor, P.PRICE_MANAGE):
            return []
        url = org_url(self.request, "pricing:rate_new")
        return [Action("Add a rate", url, "plus", primary=True)]

    def get_empty(self) -> Empty:
        body = "Usage is priced at list prices. Add a discount or fixed prices from a contract."
        if not can(self.request.actor, P.PRICE_MANAGE):
            return Empty("No negotiated rates", body, icon="receipt")
        return Empty(
            "No negotiated rates",
            body,
            "Add a rate",
            org_url(self.request, "pricing:rate_new"),
            "receipt",
        )

    def row_class(self, obj: NegotiatedRate) -> str:
        return "mut" if obj.ends_on and obj.ends_on <= clock.today() else ""


class RateForm(forms.Form):
    """A rate. Which price fields count depends on the kind."""

    name = forms.CharField(label="Name", max_length=120, help_text="For example the contract.")
    provider = forms.CharField(
        label="Provider",
        max_length=100,
        help_text="As in the price book, such as openai or anthropic.",
    )
    model = forms.CharField(
        label="Model",
        max_length=200,
        required=False,
        help_text="Empty: all models. A model the price book does not know gets this price.",
    )
    account = forms.CharField(
        label="Provider account", max_length=255, required=False, help_text="Empty: all accounts."
    )
    tier = forms.ChoiceField(
        label="Service tier", choices=[("", "All tiers"), *TierLabel.choices()], required=False
    )
    starts_on = forms.DateField(
        label="First day (UTC)", widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label="First day without it",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until further notice.",
    )
    kind = forms.ChoiceField(
        label="Terms", choices=TermKind.choices(), widget=forms.RadioSelect, initial="discount"
    )
    discount_percent = forms.DecimalField(
        label="Discount in percent", required=False, max_digits=5, decimal_places=2
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in RATE_FIELDS:
            unit = "USD per call" if name == "per_request" else "USD per million tokens"
            self.fields[name] = forms.DecimalField(
                label=RATE_LABELS[name],
                required=False,
                max_digits=20,
                decimal_places=12,
                min_value=Decimal(0),
                help_text=f"{unit}. Empty: the list price.",
            )
        self.order_fields([n for n in self.fields if n not in ("note", "version")] + ["note"])

    def terms(self) -> RateTerms:
        data = self.cleaned_data
        return RateTerms(
            name=data["name"],
            provider=data["provider"],
            model=data["model"],
            account=data["account"],
            tier=data["tier"],
            kind=data["kind"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            discount_percent=data["discount_percent"],
            rates={name: data[name] for name in RATE_FIELDS},
            note=data["note"],
        )


class _RatePage(FormPage):
    form_class = RateForm

    def cancel_url(self) -> str:
        return org_url(self.request, "pricing:rates")

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Models and prices", org_url(self.request, "pricing:list")),
            ("Negotiated rates", org_url(self.request, "pricing:rates")),
            (self.get_title(), ""),
        ]


@requires(P.PRICE_MANAGE)
class RateNew(_RatePage):
    """Add a rate."""

    title = "Add a negotiated rate"
    submit_label = "Add rate"

    def get_initial(self) -> dict[str, Any]:
        shown = ("provider", "model", "account")
        initial = {name: self.request.GET.get(name, "") for name in shown}
        return {**initial, "kind": TermKind.DISCOUNT.value, "starts_on": clock.today()}

    def save(self, form: RateForm) -> str:
        rate = services.negotiate_rate(actor=self.request.actor, terms=form.terms())
        messages.success(self.request, f"“{rate.name}” is in the price book.")
        return self.cancel_url()


@requires(P.PRICE_MANAGE)
class RateEdit(_RatePage):
    """Change a rate that has not begun; a rate that has shows what may still be done."""

    template_name = "pricing/rate.html"
    title = "Negotiated rate"

    def _rate(self) -> NegotiatedRate:
        rate_id: UUID = self.kwargs["rate_id"]
        return selectors.negotiated_rate(rate_id)

    def get_title(self) -> str:
        return self._rate().name

    def get_initial(self) -> dict[str, Any]:
        rate = self._rate()
        names = ("name", "provider", "model", "account", "tier", "kind", "note", "version")
        initial = {name: getattr(rate, name) for name in (*names, "starts_on", "ends_on")}
        prices = {
            name: value.normalize()
            for name in RATE_FIELDS
            if (value := getattr(rate, name)) is not None
        }
        percent = None if rate.discount_bp is None else Decimal(rate.discount_bp) / 100
        return {**initial, **prices, "discount_percent": percent}

    def extra_context(self, form: Any) -> dict[str, Any]:
        rate = self._rate()
        return {
            "rate": rate,
            "scope": _scope(rate),
            "terms": _terms(rate),
            "begun": rate.starts_on <= clock.today(),
            "ended": bool(rate.ends_on and rate.ends_on <= clock.today()),
        }

    def save(self, form: RateForm) -> str:
        rate = services.change_rate(
            actor=self.request.actor,
            rate_id=self.kwargs["rate_id"],
            version=form.cleaned_data["version"] or 0,
            terms=form.terms(),
        )
        messages.success(self.request, f"“{rate.name}” is changed.")
        return self.cancel_url()


class EndForm(forms.Form):
    """The first day without the rate."""

    ends_on = forms.DateField(
        label="First day without it (UTC)", widget=forms.DateInput(attrs={"type": "date"})
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class VersionForm(forms.Form):
    """The version the decision was made on."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class _RateStep(ConfirmPage):
    def _rate(self) -> NegotiatedRate:
        rate_id: UUID = self.kwargs["rate_id"]
        return selectors.negotiated_rate(rate_id)

    def cancel_url(self) -> str:
        return org_url(self.request, "pricing:rate_edit", self.kwargs["rate_id"])

    def get_initial(self) -> dict[str, Any]:
        return {"version": self._rate().version, "ends_on": clock.today()}


@requires(P.PRICE_MANAGE)
class RateEnd(_RateStep):
    """Let a rate stop on a day."""

    form_class = EndForm
    title = "End this rate"
    submit_label = "End rate"

    def get_message(self) -> str:
        return (
            f"“{self._rate().name}” stops on the day you choose; usage from then on is priced at "
            "the next matching rate or the list price. Usage priced until then keeps its price."
        )

    def save(self, form: EndForm) -> str:
        ends_on: date = form.cleaned_data["ends_on"]
        rate = services.end_rate(
            actor=self.request.actor,
            rate_id=self.kwargs["rate_id"],
            version=form.cleaned_data["version"],
            ends_on=ends_on,
        )
        messages.success(self.request, f"“{rate.name}” ends on {fmt.day(ends_on)}.")
        return org_url(self.request, "pricing:rates")


@requires(P.PRICE_MANAGE)
class RateWithdraw(_RateStep):
    """Take back a rate that has not begun."""

    form_class = VersionForm
    title = "Withdraw this rate"
    submit_label = "Withdraw rate"
    danger = True

    def get_message(self) -> str:
        return f"“{self._rate().name}” has not begun. Withdrawing it leaves only its trail entries."

    def save(self, form: VersionForm) -> str:
        services.withdraw_rate(
            actor=self.request.actor,
            rate_id=self.kwargs["rate_id"],
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, "The rate is withdrawn.")
        return org_url(self.request, "pricing:rates")
