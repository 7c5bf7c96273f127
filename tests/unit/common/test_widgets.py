"""Controls written in Python are those of Django's templates."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from apps.common.web.widgets import Renderer

GROUPED = [("", "–"), ("Teams", [("a", "A & <B>"), ("b", mark_safe("<i>B</i>"))]), (3, "Three")]
CASES = [
    (forms.TextInput({"class": 'in "x"', "disabled": True, "hidden": False}), "<&>'\""),
    (forms.TextInput(), None),
    (forms.NumberInput({"min": 0}), 12),
    (forms.DateInput({"type": "date"}), "2026-11-28"),
    (forms.CheckboxInput(), True),
    (forms.CheckboxInput(), False),
    (forms.HiddenInput(), "1"),
    (forms.PasswordInput(), "never shown"),
    (forms.Textarea({"rows": "3"}), "two\nlines & <b>"),
    (forms.Textarea(), ""),
    (forms.Select({"required": True}, choices=GROUPED), "b"),
    (forms.Select(choices=GROUPED), 3),
    (forms.RadioSelect(choices=[("a", "A")]), "a"),
]


@pytest.mark.parametrize(("widget", "value"), CASES)
def test_same_markup_as_the_templates(widget, value):
    drawn, told = (
        "".join(widget.render("field", value, {"id": "id_field"}, renderer=r).split())
        for r in (Renderer(), DjangoTemplates())
    )
    assert drawn == told
