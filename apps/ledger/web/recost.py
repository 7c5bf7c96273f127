"""From usage without a price to its cost: set the price, see what it does, let it be done."""

from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.web.forms import ConfirmPage, FormPage
from apps.ledger import services
from apps.ledger.enums import JobStatus
from apps.ledger.query import Row
from apps.ledger.rules.periods import posting_day
from apps.ledger.selectors import recost as selectors
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.services.state import settings
from apps.pricing.enums import KIND_LABELS, TermKind
from apps.pricing.models import ListPrice
from apps.pricing.selectors import lookalikes
from apps.pricing.services import RATE_FIELDS, RateTerms, negotiate_rate
from apps.pricing.web.format import exact, price
from apps.tenancy.urls import org_url

LEADERS = ("input_uncached", "cache_read", "output")
"""Prices a form always asks for; other kinds when they were used."""


def _queue(request: HttpRequest) -> str:
    return org_url(request, "ledger:unpriced")


class PriceForm(forms.Form):
    """Prices of one model in USD per million tokens. Only the kinds that were used."""

    starts_on = forms.DateField(
        label="From day (UTC)", widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        required=False, max_length=500, help_text="Where the price is from, such as a contract."
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        fields: dict[str, Any] = {
            kind: forms.DecimalField(
                label=KIND_LABELS.get(kind, "One request"),
                required=False,
                min_value=Decimal(0),
                max_digits=20,
                decimal_places=12,
                help_text="USD per call." if kind == "per_request" else "USD per million tokens.",
            )
            for kind in [*kinds, "per_request"]
        }
        self.fields = {**fields, **self.fields}

    def rates(self) -> dict[str, Decimal | None]:
        """What was entered; an empty field is no price, never 0."""
        return {name: self.cleaned_data.get(name) for name in RATE_FIELDS if name in self.fields}


@requires(P.PRICE_MANAGE)
class PriceModel(FormPage):
    """Give a model of the queue a price, with the prices of its likes one click away."""

    template_name = "ledger/price_model.html"
    submit_label = "Set the price"

    @property
    def words(self) -> tuple[str, str]:
        get = self.request.GET.get
        return get("provider", "")[:100], get("model", "")[:200]

    @cached_property
    def days(self) -> list[Row]:
        """The days on which the model was used without a price."""
        return selectors.unpriced_days(*self.words)

    def get_title(self) -> str:
        return f"Price of {self.words[1] or 'a model'}"

    def get_lede(self) -> str:
        return (
            "What the model costs in a contract or on its own hardware. It prices usage from the "
            "day you choose; history changes only when the records are priced."
        )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Without a price", _queue(self.request)), (self.get_title(), "")]

    def cancel_url(self) -> str:
        return _queue(self.request)

    def _kinds(self) -> list[str]:
        used = {kind for row in self.days for kind, count in row.tokens.as_dict().items() if count}
        return [kind for kind in KIND_LABELS if kind in used or kind in LEADERS]

    def build_form(self, *args: Any) -> PriceForm:
        if args:
            return PriceForm(*args, kinds=self._kinds())
        given = {name: self.request.GET[name] for name in RATE_FIELDS if name in self.request.GET}
        first = self.days[0].period if self.days else clock.today()
        return PriceForm(initial={"starts_on": first, **given}, kinds=self._kinds())

    def extra_context(self, form: Any) -> dict[str, Any]:
        return {
            "suggestions": [self._suggestion(p) for p in lookalikes(self.words[1])],
            "days": len(self.days),
            "tokens": sum(row.unpriced_tokens for row in self.days),
            "records": sum(row.unpriced_records for row in self.days),
        }

    def _suggestion(self, found: ListPrice) -> dict[str, str]:
        words = dict(zip(("provider", "model"), self.words, strict=True))
        given = {
            name: exact(value)
            for name in (*self._kinds(), "per_request")
            if (value := getattr(found, name)) is not None
        }
        return {
            "model": found.model.key,
            "provider": found.model.provider.name,
            "input": price(found.input_uncached),
            "output": price(found.output),
            "url": f"{self.request.path}?{urlencode(words | given)}",
        }

    def save(self, form: PriceForm) -> str:
        provider, model = self.words
        rate = negotiate_rate(
            actor=self.request.actor,
            terms=RateTerms(
                name=f"{model or provider} price"[:120],
                provider=provider,
                model=model,
                kind=TermKind.FIXED,
                starts_on=form.cleaned_data["starts_on"],
                rates=form.rates(),
                note=form.cleaned_data["note"],
            ),
        )
        messages.success(self.request, f"“{rate.name}” is in the price book.")
        return org_url(self.request, "ledger:recost")


class RecostForm(forms.Form):
    """Whether closed months are priced too."""

    adjust_closed = forms.BooleanField(
        label="Also price records of closed months, as adjustments", required=False
    )


@requires(P.PRICE_MANAGE)
class Preview(ConfirmPage):
    """What pricing the waiting records would add, before it is done."""

    template_name = "ledger/recost.html"
    form_class = RecostForm
    title = "Price the records"
    submit_label = "Price them"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Without a price", self.cancel_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return _queue(self.request)

    def get_initial(self) -> dict[str, Any]:
        return {"adjust_closed": self.request.GET.get("adjust_closed") == "on"}

    def extra_context(self, form: Any) -> dict[str, Any]:
        closed_too = bool(form["adjust_closed"].value())
        found = services.preview_recost(adjust_closed=closed_too)
        known = settings()
        return {
            "found": found,
            "currency": known.currency,
            "days": [(day, *cell) for day, cell in sorted(found.by_day.items(), reverse=True)],
            "models": sorted(found.by_model.items(), key=lambda item: -item[1]),
            "posted": posting_day(clock.today(known.timezone), known.closed),
            "submit_label": f"Price {fmt.plural(found.records, 'record')}",
        }

    def save(self, form: Any) -> str:
        job = services.request_recost(
            actor=self.request.actor, adjust_closed=form.cleaned_data["adjust_closed"]
        )
        messages.success(self.request, "A worker is pricing the records now.")
        return org_url(self.request, "ledger:recost_job", job.id)


@requires(P.PRICE_MANAGE)
def job(request: HttpRequest, recost_job_id: UUID) -> HttpResponse:
    """A job: its progress while it runs, then what it did."""
    found = selectors.recost_job(recost_job_id)
    context = {
        "title": str(found),
        "crumbs": [("Without a price", _queue(request)), (str(found), "")],
        "job": found,
        "status": JobStatus(found.status).label,
        "currency": ledger_settings().currency,
        "ratio": found.looked / found.total if found.total else 1.0,
        "days": list(reversed(found.by_day)),
    }
    part = request.headers.get("HX-Target") == "recost-job"
    template = "ledger/_recost_job.html" if part else "ledger/recost_job.html"
    return render(request, template, context)
