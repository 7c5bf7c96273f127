"""Form fields: label, help and error belong together for everyone."""

import re

from django import forms
from django.template import Context, Template

from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.web.forms import add_errors


class Sample(forms.Form):
    name = forms.CharField(help_text="As colleagues know it")
    cap = forms.DecimalField(required=False)
    kind = forms.ChoiceField(
        choices=[("a", "Apple"), ("b", "Bread")], widget=forms.RadioSelect, initial="a"
    )
    agree = forms.BooleanField(required=False, label="I agree")


def html(source, form):
    return Template("{% load ui %}" + source).render(Context({"form": form}))


def test_several_choices_are_checkboxes_and_one_is_a_radio_button():
    class Days(forms.Form):
        days = forms.MultipleChoiceField(
            choices=[("0", "Monday"), ("1", "Tuesday")],
            widget=forms.CheckboxSelectMultiple,
            initial=["0", "1"],
        )

    out = html("{% field form.days %}", Days())
    assert out.count('type="checkbox"') == out.count(" checked>") == 2
    assert 'role="group"' in out
    assert html("{% field form.kind %}", Sample()).count('type="radio"') == 2


def test_label_help_and_control_are_linked():
    out = html("{% field form.name %}", Sample())
    assert '<label for="id_name">Name</label>' in out
    assert 'aria-describedby="id_name_help"' in out
    assert '<p class="help" id="id_name_help">As colleagues know it</p>' in out
    assert "aria-invalid" not in out


def test_an_error_is_announced_and_linked():
    out = html("{% field form.name %}", Sample({"kind": "a"}))
    assert 'aria-invalid="true"' in out
    assert 'aria-describedby="id_name_help id_name_error"' in out
    assert 'id="id_name_error"' in out


def test_units_warnings_and_optional_fields():
    out = html('{% field form.cap unit="USD" warning="Above the usual" size="s4" %}', Sample())
    assert '<div class="f s4">' in out
    assert "<span>USD</span>" in out
    assert "optional" in out
    assert 'id="id_cap_warn">Above the usual' in out


def test_radio_buttons_form_one_group():
    out = html("{% field form.kind %}", Sample())
    assert 'role="radiogroup" aria-labelledby="id_kind_label"' in out
    assert re.search(r'value="a" id="id_kind_0" checked', out)


def test_typed_text_is_escaped():
    out = html("{% field form.name %}", Sample({"name": '"><script>', "kind": "z"}))
    assert "<script>" not in out


def test_error_summary_links_to_the_fields():
    form = Sample({"kind": "a"})
    form.is_valid()
    out = html('{% include "partials/_form_errors.html" %}', form)
    assert 'role="alert"' in out
    assert '<a href="#id_name">Name</a>' in out


def test_a_service_refusal_lands_on_the_field_it_names():
    form = Sample({"name": "x", "kind": "a"})
    form.is_valid()
    add_errors(form, Invalid("No", errors=[FieldError("cap", "Too high.", "At most 5.")]))
    add_errors(form, Conflict("It changed.", fix="Reload."))
    assert form.errors["cap"] == ["Too high. At most 5."]
    assert form.non_field_errors() == ["It changed. Reload."]
