"""The answer and the withdrawal as forms."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.approvals.enums import Decision
from apps.approvals.rules.transitions import NOTE_LIMIT
from apps.common.money import from_nanos, to_nanos

LOWER = "lower"
"""The fourth choice of the page: an approval with a lower cap."""

CHOICES = [
    (Decision.APPROVE.value, "Approve"),
    (LOWER, "Approve with a lower cap"),
    (Decision.REQUEST_CHANGES.value, "Request changes"),
    (Decision.REJECT.value, "Decline"),
]


class DecisionForm(forms.Form):
    """What a person answers. The service checks what belongs together."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=CHOICES)
    cap = forms.DecimalField(
        label="Lower cap",
        required=False,
        max_digits=19,
        decimal_places=9,
        widget=forms.NumberInput(attrs={"step": "any", "min": "0", "inputmode": "decimal"}),
    )
    note = forms.CharField(
        label="Note to the team",
        required=False,
        max_length=NOTE_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        missing = cleaned.get("cap") is None and "cap" not in self.errors
        if cleaned.get("decision") == LOWER and missing:
            self.add_error("cap", "Enter the cap you approve.")
        return cleaned

    def answer(self) -> dict[str, Any]:
        """Arguments for `services.decide`. A cap counts only with the choice that names it."""
        chosen = self.cleaned_data["decision"]
        lower = chosen == LOWER
        cap: Decimal | None = self.cleaned_data["cap"] if lower else None
        return {
            "version": self.cleaned_data["version"],
            "decision": Decision.APPROVE.value if lower else chosen,
            "note": self.cleaned_data["note"],
            "cap_nanos": None if cap is None else to_nanos(cap),
        }


class WithdrawForm(forms.Form):
    """Taking a request back."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=NOTE_LIMIT)


def decision_form(
    version: int, ceiling: int | None, data: Any = None, *, choice: str = ""
) -> DecisionForm:
    """A form for the version shown; without an amount there is no cap to lower."""
    chosen = choice if choice in dict(CHOICES) else Decision.APPROVE.value
    form = DecisionForm(data, initial={"version": version, "decision": chosen})
    if ceiling is None:
        del form.fields["cap"]
        form.fields["decision"].choices = [c for c in CHOICES if c[0] != LOWER]
    else:
        form.fields["cap"].widget.attrs["placeholder"] = f"{from_nanos(ceiling):.2f}"
    return form
