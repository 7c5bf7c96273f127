"""What a person says about themselves, and how they sign in."""

from typing import Any

from allauth.account.forms import LoginForm
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


class SignInForm(LoginForm):
    """allauth's, in the words of the product (`ACCOUNT_FORMS`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        self.fields["login"].widget.attrs.pop("placeholder", None)
        self.fields["remember"].label = "Keep me signed in"
