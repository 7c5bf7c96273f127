"""Settings, estimating: the design review's questions, and the two gates."""

from typing import Any

from django import forms

from apps.access.permissions import P
from apps.access.web import requires
from apps.common.errors import FieldError, Invalid
from apps.portfolio.enums import Tier
from apps.stories import services
from apps.stories.design import MAX_QUESTIONS, MAX_TEXT, MAX_WEIGHT, Area, Checklist
from apps.stories.selectors.design import checklist_in_force
from apps.stories.web.settings_page import EstimatingForm

SPARE = 2
"""Empty rows below the questions that are asked."""


def _text(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "in", **attrs})


class ChecklistForm(forms.Form):
    """A row a question, named `questions[0].text` as the service names them in its errors."""

    gate = forms.BooleanField(
        label="Stories of these tiers are submitted only with their design review", required=False
    )
    tiers = forms.MultipleChoiceField(
        label="Tiers that must answer",
        choices=Tier.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    go_live_gate = forms.BooleanField(
        label="Nothing goes to production without guardrails",
        required=False,
        help_text="A budget of its own with a limit, thresholds and somebody who answers for it.",
    )
    reason = forms.CharField(label="Why", required=False, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            posted = (n for n in range(MAX_QUESTIONS) if f"questions[{n}].text" in self.data)
            self.rows_shown = max(posted, default=-1) + 1
        else:
            self.rows_shown = min(self.initial["rows"] + SPARE, MAX_QUESTIONS)
        for number in range(self.rows_shown):
            at = f"questions[{number}]"
            self.fields[f"{at}.key"] = forms.CharField(
                required=False, max_length=40, widget=forms.HiddenInput
            )
            self.fields[f"{at}.text"] = forms.CharField(
                label=f"Question {number + 1}", required=False, max_length=MAX_TEXT, widget=_text()
            )
            self.fields[f"{at}.area"] = forms.ChoiceField(
                label=f"Question {number + 1} is about",
                choices=Area.choices(),
                required=False,
                widget=forms.Select(attrs={"class": "in"}),
            )
            self.fields[f"{at}.weight"] = forms.IntegerField(
                label=f"Weight of question {number + 1}",
                required=False,
                min_value=1,
                max_value=MAX_WEIGHT,
                widget=_text(inputmode="numeric"),
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What the template draws: the bound fields of each question, and what is wrong."""
        found = []
        for number in range(self.rows_shown):
            row: dict[str, Any] = {
                part: self[f"questions[{number}].{part}"]
                for part in ("key", "text", "area", "weight")
            }
            row["shown"] = [row["text"], row["area"], row["weight"]]
            row["errors"] = [str(e) for bound in (row["key"], *row["shown"]) for e in bound.errors]
            found.append(row)
        return found

    def kept(self) -> list[int]:
        """Rows that hold a question; the others are removed."""
        return [
            number
            for number in range(self.rows_shown)
            if self.cleaned_data.get(f"questions[{number}].text", "").strip()
        ]

    def document(self) -> dict[str, Any]:
        """The checklist as the service takes it. New questions get a key nobody has."""
        data, taken, questions = self.cleaned_data, set(), []
        for number in self.kept():
            taken.add(data.get(f"questions[{number}].key"))
        for number in self.kept():
            at = f"questions[{number}]"
            area = data.get(f"{at}.area") or Area.OTHER.value
            key = data.get(f"{at}.key") or _free_key(area, taken)
            taken.add(key)
            questions.append(
                {
                    "key": key,
                    "area": area,
                    "text": data[f"{at}.text"].strip(),
                    "weight": data.get(f"{at}.weight") or 1,
                }
            )
        return {
            "questions": questions,
            "tiers": data["tiers"],
            "gate": data["gate"],
            "go_live_gate": data["go_live_gate"],
        }


def _free_key(area: str, taken: set[Any]) -> str:
    number = 1
    while f"{area}-{number}" in taken:
        number += 1
    return f"{area}-{number}"


def initial_of(checklist: Checklist) -> dict[str, Any]:
    """A checklist as the form's initial data."""
    initial: dict[str, Any] = {
        "rows": len(checklist.questions),
        "gate": checklist.gate,
        "tiers": list(checklist.tiers),
        "go_live_gate": checklist.go_live_gate,
    }
    for number, question in enumerate(checklist.questions):
        for part in ("key", "text", "area", "weight"):
            initial[f"questions[{number}].{part}"] = getattr(question, part)
    return initial


@requires(P.DESIGN_REVIEW_MANAGE)
class DesignReviewPage(EstimatingForm):
    """What a design is asked, whom it binds, and what production waits for."""

    form_class = ChecklistForm
    template_name = "stories/design_form.html"
    title = "Design review"
    lede = (
        "Authors answer these questions in the story, approvers see the score, and routes may ask "
        "for it. The gates decide who cannot pass without."
    )
    submit_label = "Save design review"

    def get_initial(self) -> dict[str, Any]:
        checklist, version = checklist_in_force()
        return {**initial_of(checklist), "version": version}

    def save(self, form: ChecklistForm) -> str:
        try:
            services.change_design_checklist(
                actor=self.actor,
                version=form.cleaned_data["version"],
                document=form.document(),
                reason=form.cleaned_data["reason"],
            )
        except Invalid as error:
            raise _at_rows(error, form.kept()) from error
        return self.done("Design review saved. It counts for stories submitted from now on.")


def _at_rows(error: Invalid, kept: list[int]) -> Invalid:
    """The errors at the rows of the form: removed questions left gaps."""
    moved = []
    for item in error.errors:
        head, _, rest = item.field.partition("]")
        index = head.removeprefix("questions[")
        if rest and index.isdecimal():
            moved.append(FieldError(f"questions[{kept[int(index)]}]{rest}", item.message, item.fix))
        else:
            field = "gate" if item.field == "questions" else item.field
            moved.append(FieldError(field, item.message, item.fix))
    return Invalid(error.message, code=error.code, fix=error.fix, errors=moved)
