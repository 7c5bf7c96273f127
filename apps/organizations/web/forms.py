"""Forms of the settings pages. What is allowed is decided by the services."""

import calendar
from datetime import timedelta
from typing import Any

from django import forms

from apps.access.permissions import KEY_PERMISSIONS, MEANINGS, P
from apps.access.roles import PURPOSES, Role
from apps.common import clock
from apps.organizations import rules
from apps.organizations.enums import UnitKind

WHOLE = ("", "The whole organization")
MONTHS = list(enumerate(calendar.month_name))[1:]
LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("180", "180 days"), ("365", "One year")]


def currency_choices() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(rules.CURRENCIES)]


class OrganizationForm(forms.Form):
    name = forms.CharField(max_length=120)
    currency = forms.ChoiceField(
        choices=currency_choices, help_text="Reports, budgets and approvals use this currency."
    )
    timezone = forms.CharField(
        label="Time zone",
        max_length=64,
        help_text="Days and months are cut in this zone, for example Europe/Zurich.",
    )
    fiscal_year_start = forms.TypedChoiceField(
        label="Fiscal year starts in", choices=MONTHS, coerce=int
    )


class UnitForm(forms.Form):
    name = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=UnitKind.choices)
    cost_centre = forms.CharField(label="Cost centre", max_length=40, required=False)

    def __init__(self, *args: Any, root: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [c for c in UnitKind.choices if (c[0] == UnitKind.ORGANIZATION) == root]
        self.fields["kind"].choices = kinds


class NewUnitForm(UnitForm):
    parent = forms.ChoiceField(label="Below")
    code = forms.CharField(
        max_length=50,
        required=False,
        help_text="Usage records name the unit by its code. Empty: made from the name. It stays.",
    )
    field_order = ("name", "parent", "kind", "code", "cost_centre")

    def __init__(self, *args: Any, parents: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = parents


class MoveUnitForm(forms.Form):
    parent = forms.ChoiceField(label="New place: below")

    def __init__(self, *args: Any, parents: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = parents


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
        help_text="Stands in the trail.",
    )


class RoleForm(forms.Form):
    """A role at a place. The choices are what the actor may give."""

    role = forms.ChoiceField()
    unit = forms.ChoiceField(
        label="Where", required=False, help_text="A role at a unit also counts for all units below."
    )

    def __init__(
        self,
        *args: Any,
        roles: list[Role],
        units: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        options = [(role.value, f"{role.label}: {_short(PURPOSES[role])}") for role in roles]
        self.fields["role"].choices = options
        self.fields["unit"].choices = units


class InvitationForm(RoleForm):
    email = forms.EmailField(label="E-mail address", max_length=254)
    field_order = ("email", "role", "unit")


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=120, help_text="The program that will use the key, for example “LLM gateway”."
    )
    scopes = forms.MultipleChoiceField(
        label="Permissions",
        widget=forms.CheckboxSelectMultiple,
        help_text="Give the least that the program needs.",
    )
    unit = forms.ChoiceField(label="Where", required=False)
    days = forms.ChoiceField(label="Lives for", choices=LIFETIMES, initial="90")

    def __init__(
        self, *args: Any, scopes: list[P], units: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        options = [(scope.value, MEANINGS[scope].label) for scope in scopes]
        self.fields["scopes"].choices = options
        self.fields["unit"].choices = units

    def expires_at(self) -> Any:
        return clock.now() + timedelta(days=int(self.cleaned_data["days"]))


class SetupForm(forms.Form):
    organization_name = forms.CharField(label="Organization", max_length=120)
    slug = forms.CharField(
        label="Address", max_length=50, help_text="Lower case letters, digits and hyphens."
    )
    currency = forms.ChoiceField(choices=currency_choices, initial="USD")
    timezone = forms.CharField(label="Time zone", max_length=64, initial="UTC")
    owner_name = forms.CharField(label="Your name", max_length=120)
    email = forms.EmailField(label="Your e-mail address", max_length=254)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), max_length=200
    )


class JoinForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=120)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), max_length=200
    )


class SupportForm(forms.Form):
    slug = forms.CharField(label="Organization's address", max_length=50)
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text="The organization reads this in its trail. Name the ticket.",
    )
    hours = forms.TypedChoiceField(
        choices=[(n, f"{n} hour{'s' if n > 1 else ''}") for n in (1, 2, 4, 8)], coerce=int
    )


def key_scopes() -> list[P]:
    """Every permission a key may hold, in reading order."""
    return [permission for permission in P if permission in KEY_PERMISSIONS]


def _short(purpose: str) -> str:
    sentence = purpose.partition(".")[0]
    return sentence[0].lower() + sentence[1:]
