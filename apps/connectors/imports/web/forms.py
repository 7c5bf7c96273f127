"""Forms of a mapping: a target for each column, and what the file does not say."""

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.connectors.imports.enums import CostUnit
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.reading import normal
from apps.connectors.imports.rules.targets import (
    BILL_DIMENSIONS,
    BILL_MEASURES,
    CHARGE,
    CHARGED_FOR,
    DIMENSIONS,
    GRANULARITIES,
    IDENTITY,
    MEASURES,
    PROMPT,
    RUN,
    TAG,
)

CONSTANTS = ("provider", "model", "account")


class MappingForm(forms.Form):
    """A target for each column of a header. `kind` decides what columns can mean."""

    provider = forms.CharField(
        label="Provider of all rows",
        required=False,
        max_length=255,
        help_text="Unless a column says it: openai, anthropic, azure …",
    )
    model = forms.CharField(
        label="Model of all rows", required=False, max_length=255, help_text="As the provider says."
    )
    account = forms.CharField(label="Provider account of all rows", required=False, max_length=255)
    granularity = forms.ChoiceField(label="One row is", choices=list(GRANULARITIES.items()))
    timezone = forms.CharField(
        label="Time zone of times without one", max_length=64, help_text="UTC or Europe/Berlin."
    )
    cost_unit = forms.ChoiceField(label="Costs are in", choices=CostUnit.choices())
    currency = forms.CharField(label="Currency of costs", min_length=3, max_length=3)
    source_name = forms.CharField(
        label="Source",
        max_length=120,
        help_text="Files of one export belong to one source, so that repeats are recognised.",
    )
    bill_only = forms.BooleanField(
        label="Keep all of it on the bill",
        required=False,
        help_text="Choose this if another source counts the same usage already.",
    )
    key_columns = forms.MultipleChoiceField(
        label="Columns that tell rows apart",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without an id column: all but tokens, calls and cost. A row that comes again "
        "with other numbers replaces the old ones.",
    )

    def __init__(
        self, *args: Any, header: Sequence[str], kind: str, preset: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.header, self.kind, self.preset = list(header), kind, preset
        keys: Any = self.fields["key_columns"]
        keys.choices = [(name, name) for name in header]
        del self.fields["key_columns" if kind == "bill" else "bill_only"]
        for number, name in enumerate(header):
            self.fields[f"col_{number}"] = forms.ChoiceField(
                label=name, required=False, choices=_targets(name, kind)
            )

    def columns(self) -> list[forms.BoundField]:
        return [self[f"col_{number}"] for number in range(len(self.header))]

    def mapping(self) -> Mapping:
        """What was chosen. Columns left out are not in it."""
        data = self.cleaned_data
        return Mapping(
            columns={name: data[f"col_{n}"] for n, name in enumerate(self.header)},
            constants={name: data[name] for name in CONSTANTS},
            granularity=data["granularity"],
            timezone=data["timezone"],
            currency=data["currency"].upper(),
            cost_unit=data["cost_unit"],
            kind=self.kind,
            preset=self.preset,
            bill_only=data.get("bill_only", False),
        )


def initial_of(known: Mapping, header: Sequence[str], source_name: str) -> dict[str, Any]:
    """The form as a mapping fills it."""
    return {
        **known.constants,
        "granularity": known.granularity,
        "timezone": known.timezone,
        "currency": known.currency,
        "cost_unit": known.cost_unit,
        "source_name": source_name,
        "bill_only": known.bill_only,
        **{f"col_{n}": known.columns.get(c, "") for n, c in enumerate(header)},
    }


def _targets(column: str, kind: str) -> list[Any]:
    tag = f"{normal(column)[:64]}"
    tags = ("Tag", [(f"{TAG}{tag}", f"Tag “{tag}”")])
    if kind == "bill":
        return [
            ("", "Leave out"),
            ("The charge", list(CHARGE.items())),
            ("Amounts and quantities", list(BILL_MEASURES.items())),
            ("What was charged for", list(CHARGED_FOR.items())),
            ("Whose it is", list(BILL_DIMENSIONS.items())),
            tags,
        ]
    return [
        ("", "Leave out"),
        ("Time and id", list(IDENTITY.items())),
        ("Quantities", list(MEASURES.items())),
        ("About the call", list(DIMENSIONS.items())),
        ("About its run", [*RUN.items(), *PROMPT.items()]),
        tags,
    ]
