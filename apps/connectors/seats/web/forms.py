"""Forms of the seat pages."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from apps.common.money import to_nanos
from apps.connectors.seats.rules import round_half_even

MOST_BYTES = 2_000_000


class PlanForm(forms.Form):
    name = forms.CharField(max_length=120)
    price = forms.DecimalField(
        label="Price of a seat",
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        help_text="Empty: not known. 0: a seat costs nothing.",
    )
    billed = forms.ChoiceField(
        label="Paid",
        choices=(("month", "Every month"), ("year", "Once a year")),
        required=False,
        help_text="A year’s price is spread over its twelve months.",
    )
    price_from = forms.DateField(
        label="A changed price counts from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="From the first of that month, by default this one. What earlier months cost "
        "stays; the first price of a plan counts for all of them.",
    )
    source = forms.ChoiceField(
        label="Source of its tokens",
        required=False,
        help_text="What tells how much its people use: then the plan has a price per million "
        "tokens. Of Claude Code analytics only rows of subscriptions count.",
    )
    included = forms.CharField(
        label="What it includes",
        max_length=200,
        required=False,
        help_text="For readers, such as 300 premium requests a month.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, sources: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [("", "None"), *sources]

    def monthly(self) -> int | None:
        """The price of a month in nanos; a twelfth of a year's, half to even."""
        price = self.cleaned_data["price"]
        if price is None:
            return None
        whole = to_nanos(price)
        return round_half_even(whole, 12) if self.cleaned_data["billed"] == "year" else whole


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV of people",
        help_text="Columns person and plan; name, team, since, ended and last_active where known.",
    )

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB. Split it.")
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not UTF-8. Save it as CSV UTF-8.") from None
