"""Forms of budgets. Money is typed in units and kept in nanos; the last day is typed, not the day
after.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can, visible_unit_ids
from apps.budgets.enums import Basis, PeriodKind, Scope
from apps.budgets.rules.periods import known_zones
from apps.budgets.services.opening import HAND_MADE
from apps.common.money import from_nanos, to_nanos
from apps.organizations.selectors import memberships, unit_choices
from apps.portfolio.selectors import active_capabilities

MEASURED = "Measured use, percent"
FORECAST = "Forecast use, percent"


def money_field(label: str, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=18,
        decimal_places=9,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        **kwargs,
    )


def day_field(label: str, **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **kwargs)


def note_field(**kwargs: Any) -> forms.CharField:
    kwargs.setdefault("help_text", "Kept with the change, and shown in the trail.")
    return forms.CharField(
        label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), **kwargs
    )


def nanos_of(value: Any) -> int | None:
    return None if value is None else to_nanos(value)


class VersionedForm(forms.Form):
    """States the version the person saw; another one is a conflict."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class LimitFields(forms.Form):
    """Money and tokens per period. Empty is no limit; 0 allows nothing."""

    amount = money_field(
        "Money per period", required=False, help_text="Empty: no limit. 0: nothing may be spent."
    )
    tokens = forms.IntegerField(
        label="Tokens per period", required=False, help_text="Empty: no limit on tokens."
    )

    def limits(self) -> dict[str, int | None]:
        return {
            "amount_nanos": nanos_of(self.cleaned_data["amount"]),
            "amount_tokens": self.cleaned_data["tokens"],
        }


class CreateForm(LimitFields):
    """A budget of the organization, a team or a capability."""

    name = forms.CharField(label="Name", max_length=160)
    scope = forms.ChoiceField(label="For")
    unit = forms.ChoiceField(label="Team", required=False, help_text="For a team's budget.")
    capability = forms.ChoiceField(
        label="Capability", required=False, help_text="For a capability's budget."
    )
    period_kind = forms.ChoiceField(label="Period", choices=PeriodKind.choices())
    starts_on = day_field("First day")
    last_day = day_field("Last day", required=False, help_text="Empty: goes on until it is closed.")
    timezone = forms.ChoiceField(
        label="Time zone", help_text="Days of the budget begin at midnight here."
    )
    owner = forms.ChoiceField(label="Owner", required=False)
    note = note_field(required=False)

    field_order = (
        "name",
        "scope",
        "unit",
        "capability",
        "amount",
        "tokens",
        "period_kind",
        "starts_on",
        "last_day",
        "timezone",
        "owner",
        "note",
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        actor = request.actor
        units = visible_unit_ids(actor, P.BUDGET_MANAGE)
        whole = can(actor, P.BUDGET_MANAGE)
        scopes = [s for s in HAND_MADE if whole or s is not Scope.ORGANIZATION]
        choices = {
            "scope": [(s.value, s.label) for s in scopes],
            "unit": [("", "–"), *unit_choices(units)],
            "capability": [("", "–")] + [(str(c.id), c.name) for c in active_capabilities(units)],
            "timezone": [(zone, zone) for zone in known_zones()],
            "owner": owner_choices(),
        }
        for name, options in choices.items():
            self.fields[name].choices = options

    def values(self) -> dict[str, Any]:
        """Arguments of `create_budget`."""
        data = self.cleaned_data
        last: date | None = data["last_day"]
        return {
            **self.limits(),
            "name": data["name"],
            "scope": data["scope"],
            "unit_id": uuid_of(data["unit"]),
            "capability_id": uuid_of(data["capability"]),
            "period_kind": data["period_kind"],
            "starts_on": data["starts_on"],
            "ends_on": last + timedelta(days=1) if last else None,
            "timezone": data["timezone"],
            "owner_membership_id": uuid_of(data["owner"]),
            "note": data["note"],
        }


class ReviseForm(LimitFields, VersionedForm):
    """A new amount for every period from a date."""

    effective_on = day_field(
        "From", help_text="The period this day lies in takes the new amount as a whole."
    )
    note = note_field()


class GrantForm(VersionedForm):
    """More for one period."""

    amount = money_field("Money to add", required=False)
    tokens = forms.IntegerField(label="Tokens to add", required=False)
    on = day_field("In the period of", help_text="Any day of the period.")
    note = note_field()


class MoveForm(VersionedForm):
    """Money from this budget to another, in the period of a day."""

    to = forms.ChoiceField(label="To")
    amount = money_field("Money to move")
    on = day_field("In the period of", help_text="Any day of the period.")
    note = note_field()

    def __init__(self, *args: Any, targets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = targets


class ThresholdFields(forms.Form):
    """Shares of the limit, measured and forecast."""

    actual = forms.CharField(
        label=MEASURED,
        required=False,
        help_text="Such as 50, 80, 90. A budget that is used up always speaks up.",
    )
    forecast = forms.CharField(label=FORECAST, required=False, help_text="Such as 100.")

    def clean_actual(self) -> list[int]:
        return percents(self.cleaned_data["actual"])

    def clean_forecast(self) -> list[int]:
        return percents(self.cleaned_data["forecast"])


class ThresholdsForm(VersionedForm, ThresholdFields):
    """The organization's thresholds."""


class EditForm(VersionedForm, ThresholdFields):
    """Name, owner, and the shares at which the budget speaks up."""

    name = forms.CharField(label="Name", max_length=160)
    owner = forms.ChoiceField(label="Owner", required=False)
    own = forms.BooleanField(
        label="Thresholds of its own",
        required=False,
        help_text="Otherwise those of the organization apply, also when they change.",
    )

    field_order = ("name", "owner", "own", "actual", "forecast")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owner_choices()

    def thresholds(self) -> list[tuple[Basis, int]] | None:
        """None: those of the organization."""
        data = self.cleaned_data
        if not data["own"]:
            return None
        return [(Basis.ACTUAL, p) for p in data["actual"]] + [
            (Basis.FORECAST, p) for p in data["forecast"]
        ]


class CloseForm(VersionedForm):
    """The end of a budget."""

    note = note_field()


def percents(text: str) -> list[int]:
    """`50, 80 %` as numbers; ValidationError for anything else."""
    parts = [part.strip().rstrip("%").strip() for part in text.replace(";", ",").split(",")]
    wanted = [part for part in parts if part]
    if not all(part.isdecimal() and 1 <= int(part) <= 1000 for part in wanted):
        raise forms.ValidationError("Write whole percents from 1 to 1000, separated by commas.")
    return [int(part) for part in wanted]


def owner_choices() -> list[tuple[str, str]]:
    people = memberships().filter(is_active=True)
    return [("", "Nobody"), *((str(m.id), str(m)) for m in people)]


def uuid_of(text: str) -> UUID | None:
    return UUID(text) if text else None


def typed(nanos: int | None) -> str:
    """Nanos as a person types them: 4000 and not 4000.000000000."""
    if nanos is None:
        return ""
    text = f"{from_nanos(nanos):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
