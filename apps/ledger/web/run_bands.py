"""Reference bands of runs: what each kind of capability is expected to look like."""

from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common.errors import NotFound
from apps.common.web.forms import FormPage
from apps.ledger import services
from apps.ledger.models import RunBands
from apps.ledger.rules import bands as rules
from apps.ledger.selectors import runs as selectors
from apps.ledger.web.run_words import band_text
from apps.portfolio.enums import CapabilityKind
from apps.tenancy.urls import org_url


@requires(P.USAGE_VIEW)
class Bands(View):
    """All bands, and whose they are."""

    def get(self, request: HttpRequest) -> HttpResponse:
        kinds = []
        for kind in CapabilityKind:
            row = selectors.bands_row(kind.value)
            bands = selectors.bands_of(kind.value)
            kinds.append(
                {
                    "kind": kind,
                    "own": row is not None,
                    "changed_at": row.changed_at if row else None,
                    "bands": [(m.label, band_text(m, bands[m.key])) for m in rules.MEASURES],
                }
            )
        context = {
            "title": "What good runs look like",
            "lede": "A capability whose runs leave the band of its kind is flagged on its page.",
            "crumbs": [
                ("Inform", ""),
                ("Agent runs", org_url(request, "ledger:runs")),
                ("Reference bands", ""),
            ],
            "kinds": kinds,
            "measures": rules.MEASURES,
            "may_change": can(request.actor, P.CAPABILITY_MANAGE),
        }
        return render(request, "ledger/run_bands.html", context)


class BandsForm(forms.Form):
    """A lower and an upper limit per measure; shares are typed in percent."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for measure in rules.MEASURES:
            unit = "in percent" if measure.unit == rules.SHARE else "count"
            for end, word in (("low", "at least"), ("high", "at most")):
                self.fields[f"{measure.key}_{end}"] = forms.DecimalField(
                    label=f"{measure.label}, {word}",
                    required=False,
                    min_value=Decimal(0),
                    max_digits=16,
                    decimal_places=4,
                    help_text=f"{measure.meaning.capitalize()}, {unit}. Empty: no limit.",
                )

    def bands(self) -> rules.Bands:
        found = {}
        for measure in rules.MEASURES:
            scale = 100 if measure.unit == rules.SHARE else 1
            low, high = (self.cleaned_data[f"{measure.key}_{end}"] for end in ("low", "high"))
            found[measure.key] = rules.Band(
                None if low is None else low / scale, None if high is None else high / scale
            )
        return found


@requires(P.CAPABILITY_MANAGE)
class EditBands(FormPage):
    """The bands of one kind of capability."""

    form_class = BandsForm
    submit_label = "Save the bands"

    @cached_property
    def kind(self) -> CapabilityKind:
        if self.kwargs["kind"] not in CapabilityKind.values:
            raise NotFound("There is no such kind of capability.", code="kind_not_found")
        return CapabilityKind(self.kwargs["kind"])

    @cached_property
    def row(self) -> RunBands | None:
        return selectors.bands_row(self.kind.value)

    def get_title(self) -> str:
        return f"Bands of runs: {self.kind.label.lower()}"

    def get_lede(self) -> str:
        return (
            "These are your own."
            if self.row
            else "These are the product's reference values. Replace them with what your own good "
            "runs look like."
        )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Agent runs", org_url(self.request, "ledger:runs")),
            ("Reference bands", self.cancel_url()),
            (self.kind.label, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "ledger:run_bands")

    def get_initial(self) -> dict[str, Any]:
        found: dict[str, Any] = {"version": self.row.version if self.row else 0}
        for key, band in selectors.bands_of(self.kind.value).items():
            scale = 100 if rules.BY_KEY[key].unit == rules.SHARE else 1
            for end, limit in (("low", band.low), ("high", band.high)):
                found[f"{key}_{end}"] = (
                    None if limit is None else f"{(limit * scale).normalize():f}"
                )
        return found

    def save(self, form: Any) -> str:
        services.set_run_bands(
            actor=self.request.actor,
            kind=self.kind.value,
            bands=form.bands(),
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, "The bands are saved.")
        return self.cancel_url()
