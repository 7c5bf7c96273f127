"""Forms of the webhook pages."""

from typing import Any

from django import forms

from apps.webhooks import selectors
from apps.webhooks.enums import Form


def event_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Events by group; the first choice of a group stands for all of it."""
    return [
        (
            group.replace("_", " ").capitalize(),
            [(f"{group}.*", f"Everything about it ({group}.*)")]
            + [(action.name, action.label) for action in actions],
        )
        for group, actions in selectors.groups()
    ]


class EndpointForm(forms.Form):
    """Name, address and events. On an edit the address may stay empty: it is kept."""

    name = forms.CharField(max_length=120)
    form = forms.ChoiceField(label="Form", choices=Form.choices)
    address = forms.CharField(
        max_length=2000,
        help_text="https only. For Slack and Teams: the address that the channel gave you.",
    )
    actions = forms.MultipleChoiceField(
        label="Events",
        required=False,
        choices=event_choices,
        widget=forms.SelectMultiple(attrs={"size": 14}),
        help_text="None chosen: everything that happens.",
    )

    def __init__(self, *args: Any, edit: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if edit:
            del self.fields["form"]
            self.fields["address"].required = False
            self.fields["address"].help_text = "Empty: the present address stays."


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200)
