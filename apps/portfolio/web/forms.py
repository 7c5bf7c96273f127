"""Forms of capabilities."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.organizations.selectors import memberships, unit_choices
from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier


class CapabilityForm(forms.Form):
    """What a capability says about itself."""

    name = forms.CharField(label="Name", max_length=120)
    kind = forms.ChoiceField(label="Kind", choices=CapabilityKind.choices)
    unit = forms.ChoiceField(label="Team")
    stage = forms.ChoiceField(label="Stage")
    tier = forms.ChoiceField(
        label="Consumption tier",
        required=False,
        choices=[("", "From its stories"), *Tier.choices],
        help_text="The least scrutiny its use gets. Estimates may raise it, never lower it.",
    )
    data_class = forms.ChoiceField(
        label="Data class",
        choices=DataClass.choices,
        help_text="The most sensitive data that reaches a model.",
    )
    owner = forms.ChoiceField(label="Owner", required=False)
    description = forms.CharField(
        label="What it does",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = visible_unit_ids(request.actor, P.CAPABILITY_MANAGE)
        people = memberships().filter(is_active=True)
        choices = {
            "unit": unit_choices(units),
            "stage": self.stages(),
            "owner": [("", "Nobody"), *((str(m.id), str(m)) for m in people)],
        }
        for name, options in choices.items():
            self.fields[name].choices = options

    def stages(self) -> list[tuple[str, str]]:
        return [choice for choice in Stage.choices if choice[0] != Stage.RETIRED]

    def values(self) -> dict[str, Any]:
        """Arguments of the services."""
        data = {**self.cleaned_data}
        data["unit_id"] = UUID(data.pop("unit"))
        owner = data.pop("owner")
        data["owner_membership_id"] = UUID(owner) if owner else None
        return data


class CreateForm(CapabilityForm):
    """With its code, which never changes: usage records and rules refer to it."""

    slug = forms.CharField(
        label="Code",
        required=False,
        max_length=60,
        help_text="Used in usage records and rules; cannot be changed. Empty: made from the name.",
    )
    field_order = ("name", "slug", "kind", "unit", "stage", "tier", "data_class", "owner")


class EditForm(CapabilityForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class RetireForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="Why", required=False, max_length=2000)
