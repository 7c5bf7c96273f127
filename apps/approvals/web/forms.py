"""The answer and the withdrawal as forms."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.approvals.enums import Decision, RejectReason
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.transitions import CONDITION_LIMIT, NO_CAP_FIX, NOTE_LIMIT
from apps.approvals.selectors import cap_refused, ceiling_of
from apps.approvals.services import Asked
from apps.common.money import from_nanos, to_nanos

LOWER = "lower"
"""The fourth choice of the page: an approval with a lower cap."""

APPROVING = (Decision.APPROVE.value, LOWER)
CONDITION_ROWS = 3
"""Rows of the page; the API takes more."""

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
    reason = forms.ChoiceField(
        label="Why it is declined",
        required=False,
        choices=[("", "Choose a reason"), *RejectReason.choices()],
    )
    note = forms.CharField(
        label="Note to the team",
        required=False,
        max_length=NOTE_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, ceiling: int | None = None, refused: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ceiling, self.refused = ceiling, refused
        if refused:
            del self.fields["cap"]
        for n in range(CONDITION_ROWS):
            self.fields[f"condition_{n}"] = forms.CharField(
                label=f"Condition {n + 1}",
                required=False,
                max_length=CONDITION_LIMIT,
                widget=forms.TextInput(attrs={"list": "usual-conditions", "autocomplete": "off"}),
            )
            self.fields[f"condition_due_{n}"] = forms.DateField(
                label=f"Condition {n + 1} due",
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == LOWER:
            if self.refused:
                self.add_error("decision", f"{self.refused} {NO_CAP_FIX}")
            elif cleaned.get("cap") is None and "cap" not in self.errors:
                self.add_error("cap", "Enter the cap you approve.")
        if cleaned.get("decision") == Decision.REJECT and not cleaned.get("reason"):
            self.add_error("reason", "Choose why it is declined.")
        return cleaned

    @property
    def chosen(self) -> str:
        """The choice as the form stands, sent or not."""
        return str(self["decision"].value() or "")

    @property
    def lowered(self) -> int | None:
        """The cap that the answer would put in force, in nanos; None where it lowers nothing."""
        if self.chosen != LOWER or "cap" not in self.fields or self.ceiling is None:
            return None
        try:
            cap = self.fields["cap"].clean(self["cap"].value())
        except forms.ValidationError:
            return None
        nanos = None if cap is None else to_nanos(cap)
        return nanos if nanos is not None and 0 <= nanos <= self.ceiling else None

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
            "reason": self.cleaned_data["reason"] if chosen == Decision.REJECT else "",
            "conditions": self.conditions() if chosen in APPROVING else (),
        }

    def conditions(self) -> tuple[Asked, ...]:
        """The rows with a text; they count only with an approval."""
        found = []
        for n in range(CONDITION_ROWS):
            text = self.cleaned_data[f"condition_{n}"].strip()
            if text:
                found.append(Asked(text, self.cleaned_data[f"condition_due_{n}"]))
        return tuple(found)

    def condition_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"condition_{n}"], self[f"condition_due_{n}"]) for n in range(CONDITION_ROWS)]

    @property
    def has_conditions(self) -> bool:
        return any(text.value() for text, _ in self.condition_rows())


class WithdrawForm(forms.Form):
    """Taking a request back."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=NOTE_LIMIT)


def said_of(form: DecisionForm) -> str:
    """What the button of an answer promises: the choice, and the cap where one is lowered."""
    cap = form.lowered
    return form.chosen if cap is None else f"{form.chosen} {from_nanos(cap):f}"


def decision_form(
    request: ApprovalRequest, data: Any = None, *, choice: str = "", cap: str = ""
) -> DecisionForm:
    """A form for the version shown; where no cap can be lowered it has none."""
    refused, ceiling = cap_refused(request), ceiling_of(request)
    offered = [c for c in CHOICES if c[0] != LOWER or not refused]
    chosen = choice if choice in dict(offered) else Decision.APPROVE.value
    initial = {"version": request.version, "decision": chosen, "cap": cap}
    form = DecisionForm(data, initial=initial, ceiling=ceiling, refused=refused)
    if ceiling is not None:
        form.fields["cap"].widget.attrs["placeholder"] = f"{from_nanos(ceiling):.2f}"
    return form
