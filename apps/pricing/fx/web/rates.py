"""The dated rates, entering one, taking one back, and the reporting currency."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action, ChoiceFilter, Column, DateRangeFilter, Empty, ListPage
from apps.pricing.fx import selectors, services
from apps.pricing.fx.enums import Origin
from apps.pricing.fx.models import ExchangeRate
from apps.tenancy.urls import org_url


def number(rate: Decimal) -> str:
    """All digits of a rate and no more."""
    return f"{Decimal(rate).normalize():f}"


def crumbs(request: HttpRequest, title: str) -> list[tuple[str, str]]:
    return [("Exchange rates", org_url(request, "fx:rates")), (title, "")]


def _codes(request: HttpRequest) -> list[tuple[str, str]]:
    return [(code, code) for code in selectors.currencies()]


@requires(P.PRICE_VIEW)
class RateList(ListPage):
    """Every dated rate, the latest first."""

    title = "Exchange rates"
    noun = ("rate", "rates")
    filename = "exchange-rates"
    default_sort = "-day,base,quote"
    filters = (
        ChoiceFilter("base", "One unit of", choices=_codes),
        ChoiceFilter("quote", "Is so many", choices=_codes),
        ChoiceFilter("origin", "Origin", choices=Origin.choices()),
        DateRangeFilter("day", "Days"),
    )

    def get_queryset(self) -> QuerySet[ExchangeRate]:
        return selectors.exchange_rates()

    def get_title(self) -> str:
        """The answer: how far rates are known, whatever the filters leave."""
        if self.request.GET:
            latest = self.get_queryset().first()
        else:
            latest = next(iter(self.page.rows), None)
        if latest is None:
            return "No exchange rate is known"
        return f"Exchange rates are known up to {fmt.day(latest.day, clock.today())}"

    def get_lede(self) -> str:
        target = selectors.reporting_currency()
        rule = (
            "A figure is converted day by day with the last rate published on or before the day; "
            "without one it stays empty."
        )
        if not target:
            return f"No reporting currency is chosen: figures show their own currency only. {rule}"
        return f"Figures are also shown in {target}, the reporting currency. {rule}"

    def get_actions(self) -> list[Action]:
        if not can(self.request.actor, P.PRICE_MANAGE):
            return []
        return [
            Action("Reporting currency", org_url(self.request, "fx:reporting"), "coin"),
            Action("Enter a rate", org_url(self.request, "fx:rate_new"), "plus"),
            Action("Import rates", org_url(self.request, "fx:import"), "arrow-up", primary=True),
        ]

    def get_empty(self) -> Empty:
        body = "Import the European Central Bank's table (eurofxref-hist.csv), or enter a rate."
        if not can(self.request.actor, P.PRICE_MANAGE):
            return Empty("No exchange rates", body, icon="coin")
        url = org_url(self.request, "fx:import")
        return Empty("No exchange rates", body, "Import rates", url, "coin")

    def get_columns(self) -> list[Column]:
        return [
            Column("day", "Published", sort="day"),
            Column("base", "One unit of", sort="base"),
            Column("quote", "Is so many", sort="quote"),
            Column(
                "rate",
                "Rate",
                value=lambda row: number(row.rate),
                csv=lambda row: Decimal(row.rate).normalize(),
                align="num",
            ),
            Column(
                "origin",
                "Origin",
                value=lambda row: Origin(row.origin).label,
                sub=lambda row: row.note,
            ),
            Column("created_by_name", "By", phone=False),
            Column("steps", "Step", value=self._steps, in_csv=False, hide_label=True),
        ]

    def _steps(self, row: ExchangeRate) -> SafeString:
        if row.origin != Origin.MANUAL or not can(self.request.actor, P.PRICE_MANAGE):
            return SafeString(" ")
        return format_html(
            '<a href="{}">Withdraw<span class="vh"> {}</span></a>',
            org_url(self.request, "fx:rate_withdraw", row.id),
            str(row),
        )


class RateForm(forms.Form):
    """One dated rate."""

    base = forms.CharField(label="One unit of", min_length=3, max_length=3, initial="EUR")
    quote = forms.CharField(label="Is so many", min_length=3, max_length=3, initial="USD")
    rate = forms.DecimalField(
        label="Rate", max_digits=24, decimal_places=12, help_text="For example 1.0823."
    )
    day = forms.DateField(
        label="From day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="It holds from this day until a later rate is published.",
    )
    note = forms.CharField(
        required=False, max_length=200, help_text="Where the rate is from, for example a contract."
    )


@requires(P.PRICE_MANAGE)
class RateNew(FormPage):
    """Enter a rate by hand."""

    form_class = RateForm
    title = "Enter an exchange rate"
    lede = "It counts instead of an imported rate of the same day."
    submit_label = "Enter rate"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request, self.title)

    def cancel_url(self) -> str:
        return org_url(self.request, "fx:rates")

    def get_initial(self) -> dict[str, Any]:
        return {"day": clock.today()}

    def save(self, form: RateForm) -> str:
        found = services.enter_rate(actor=self.request.actor, **form.cleaned_data)
        messages.success(self.request, f"1 {found.base} is {number(found.rate)} {found.quote}.")
        return self.cancel_url()


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500)


@requires(P.PRICE_MANAGE)
class RateWithdraw(ConfirmPage):
    """Take back an entered rate."""

    form_class = ReasonForm
    title = "Withdraw this rate"
    submit_label = "Withdraw rate"
    danger = True

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request, self.title)

    def cancel_url(self) -> str:
        return org_url(self.request, "fx:rates")

    def get_message(self) -> str:
        found = selectors.exchange_rate(self.kwargs["exchange_rate_id"])
        return (
            f"1 {found.base} = {number(found.rate)} {found.quote} of {fmt.long_day(found.day)}. "
            "Figures converted with it will use the rate published before it."
        )

    def save(self, form: ReasonForm) -> str:
        services.withdraw_rate(
            actor=self.request.actor,
            rate_id=self.kwargs["exchange_rate_id"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, "The rate is withdrawn.")
        return self.cancel_url()


class ReportingForm(forms.Form):
    """The currency shown beside the own one."""

    currency = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = selectors.reporting_currency()
        codes = sorted({*selectors.currencies(), *([chosen] if chosen else [])})
        field: Any = self.fields["currency"]
        field.choices = [("", "None: own currency only"), *((code, code) for code in codes)]


@requires(P.PRICE_MANAGE)
class Reporting(FormPage):
    """Choose the reporting currency."""

    form_class = ReportingForm
    title = "Reporting currency"
    lede = (
        "Usage keeps its own currency. Figures of usage are shown in this one beside it, each day "
        "at its rate. What people agreed on (budgets, estimates, approvals, audits, prices) stays "
        "in the currency of the books; budgets and Token Stories show it at the latest rate beside."
    )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request, self.title)

    def cancel_url(self) -> str:
        return org_url(self.request, "fx:rates")

    def get_initial(self) -> dict[str, Any]:
        return {"currency": selectors.reporting_currency()}

    def save(self, form: ReportingForm) -> str:
        code = services.choose_reporting_currency(
            actor=self.request.actor, currency=form.cleaned_data["currency"]
        )
        said = f"also in {code}" if code else "in their own currency only"
        messages.success(self.request, f"Figures are now shown {said}.")
        return self.cancel_url()
