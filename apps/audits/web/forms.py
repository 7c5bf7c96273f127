"""Forms of the audit pages."""

from typing import Any

from django import forms

from apps.access.actors import Actor
from apps.audits.enums import Severity
from apps.audits.selectors import SIGNING_ROLES
from apps.audits.services.plan import DEFAULT_ROLES
from apps.common.money import to_nanos
from apps.organizations.selectors import memberships, unit_choices


class PlanForm(forms.Form):
    """What is audited, when, and who signs."""

    title = forms.CharField(max_length=200, help_text="For example: third quarter consumption")
    period_start = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}), help_text="First day"
    )
    period_end = forms.DateField(
        label="Up to",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The first day that is no longer part of it",
    )
    unit = forms.ChoiceField(
        label="Scope", required=False, help_text="A unit with everything below it, or all"
    )
    required_roles = forms.MultipleChoiceField(
        label="Signed by",
        choices=[(role.value, role.label) for role in SIGNING_ROLES],
        widget=forms.CheckboxSelectMultiple,
        initial=[role.value for role in DEFAULT_ROLES],
        help_text=(
            "At least two, in this order, each by another person. "
            "Whoever leads the audit does not sign it."
        ),
    )
    purpose = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = [("", "The whole organization"), *unit_choices()]


class FindingForm(forms.Form):
    """A finding by a person."""

    title = forms.CharField(max_length=200)
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.MEDIUM)
    effect = forms.DecimalField(
        label="Money at stake",
        required=False,
        min_value=0,
        max_digits=18,
        decimal_places=2,
        help_text="In the organization's currency; leave empty when unknown",
    )
    seen = forms.CharField(label="What you saw", widget=forms.Textarea(attrs={"rows": 4}))
    remedy = forms.CharField(
        label="What to do", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    @property
    def effect_nanos(self) -> int | None:
        effect = self.cleaned_data["effect"]
        return None if effect is None else to_nanos(effect)


class AssignForm(forms.Form):
    """Who answers, by when."""

    owner = forms.ChoiceField()
    due_on = forms.DateField(
        label="Answer by", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = memberships().filter(is_active=True)
        self.fields["owner"].choices = [
            ("", "Choose a person"),
            *sorted(((str(m.id), str(m)) for m in people), key=lambda choice: choice[1]),
        ]
