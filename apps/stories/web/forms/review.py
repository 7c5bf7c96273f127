"""The questions of the design review in the story form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.stories.design import (
    MAX_NOTES,
    MAX_REASON,
    Answer,
    Area,
    Checklist,
    Design,
    Question,
    Reply,
    field_of,
)

NOTES = "design.notes"
REPLIES = [("", "Not answered"), *Reply.choices()]


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question with its two inputs, named as errors name them."""

    question: Question
    answer: forms.BoundField
    reason: forms.BoundField

    @property
    def area(self) -> str:
        return Area(self.question.area).label

    @property
    def errors(self) -> list[str]:
        return [str(error) for bound in (self.answer, self.reason) for error in bound.errors]


def add_questions(form: forms.Form, checklist: Checklist) -> None:
    """Two fields a question, and the notes on the architecture."""
    if not checklist.questions:
        return
    form.fields[NOTES] = forms.CharField(
        label="Architecture",
        max_length=MAX_NOTES,
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
    )
    for question in checklist.questions:
        form.fields[field_of(question.key, "answer")] = forms.ChoiceField(
            label=question.text, choices=REPLIES, required=False
        )
        form.fields[field_of(question.key, "reason")] = forms.CharField(
            label=f"Reason: {question.text}", max_length=MAX_REASON, required=False
        )


def rows(form: forms.Form, checklist: Checklist) -> list[QuestionRow]:
    return [
        QuestionRow(each, form[field_of(each.key, "answer")], form[field_of(each.key, "reason")])
        for each in checklist.questions
    ]


def read(data: Mapping[str, Any], checklist: Checklist) -> Design:
    """The design of cleaned data: every question of the form, as it was worded in it."""
    return Design(
        data.get(NOTES) or "",
        tuple(
            Answer(
                each.key,
                data.get(field_of(each.key, "answer")) or "",
                data.get(field_of(each.key, "reason")) or "",
                each.area,
                each.text,
                each.weight,
            )
            for each in checklist.questions
        ),
    )


def initial(design: Design) -> dict[str, Any]:
    """A stored design as the form's initial data."""
    found: dict[str, Any] = {NOTES: design.notes}
    for answer in design.answers:
        found[field_of(answer.key, "answer")] = answer.answer
        found[field_of(answer.key, "reason")] = answer.reason
    return found
