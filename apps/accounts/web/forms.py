"""What a person says about themselves."""

from django import forms

from apps.accounts.models import Theme


class ProfileForm(forms.Form):
    name = forms.CharField(max_length=120)
    theme = forms.ChoiceField(label="Colours", choices=Theme.choices, widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(
        label="Single-key shortcuts",
        required=False,
        help_text="Keys such as J and K select; no key ever decides.",
    )
