"""From which growth on people are told."""

from typing import Any

from django import forms
from django.contrib import messages

from apps.access.permissions import P
from apps.access.web import requires
from apps.common.web.forms import FormPage
from apps.ledger.quality import selectors, services
from apps.ledger.quality.models import MOST_PERCENT
from apps.tenancy.urls import org_url


class ThresholdForm(forms.Form):
    """The threshold, and the version the person saw."""

    percent = forms.IntegerField(
        label="Growth from four weeks to the next, in percent",
        required=False,
        min_value=1,
        max_value=MOST_PERCENT,
        help_text="Of a team's or a capability's tokens. Empty: nobody is told of growth.",
    )
    least_tokens = forms.IntegerField(
        label="Smallest base, in tokens",
        min_value=0,
        max_value=services.MOST_TOKENS,
        help_text="Less use than this in the earlier four weeks is not looked at.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.SOURCE_MANAGE)
class Edit(FormPage):
    """The organization's growth threshold."""

    form_class = ThresholdForm
    title = "Growth threshold"
    submit_label = "Save threshold"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Data quality", self.cancel_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "quality:list")

    def get_initial(self) -> dict[str, Any]:
        found = selectors.growth_threshold()
        return {
            "percent": found.percent,
            "least_tokens": found.least_tokens,
            "version": found.version,
        }

    def save(self, form: Any) -> str:
        found = services.set_growth_threshold(actor=self.request.actor, **form.cleaned_data)
        said = (
            "Nobody is told of growth any more."
            if found.percent is None
            else f"Growth of {found.percent:,}% or more raises an alert at the next check."
        )
        messages.success(self.request, said)
        return self.cancel_url()
