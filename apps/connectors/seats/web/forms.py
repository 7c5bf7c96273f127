"""Forms of the seat pages."""

from decimal import Decimal

from django import forms

MOST_BYTES = 2_000_000


class PlanForm(forms.Form):
    name = forms.CharField(max_length=120)
    price = forms.DecimalField(
        label="Price of a seat a month",
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        help_text="Empty: not known. 0: a seat costs nothing.",
    )
    included = forms.CharField(
        label="What it includes",
        max_length=200,
        required=False,
        help_text="For readers, such as 300 premium requests a month.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV of people",
        help_text="Columns person and plan; name, team, since and ended where known.",
    )

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB. Split it.")
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not UTF-8. Save it as CSV UTF-8.") from None
