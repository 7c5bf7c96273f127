"""The HTML of one form field. Kept out of templates so that every form is wired the same way."""

from collections.abc import Callable

from django import forms
from django.forms import BoundField, Form
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_PLAIN = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.FileInput)


def error_items(form: Form) -> list[dict[str, str]]:
    """Each error with the label of its field and the id to jump to; form-wide ones first."""
    items = [
        {"label": "", "href": "", "message": str(message)} for message in form.non_field_errors()
    ]
    for bound in form:
        anchor = bound.id_for_label or bound.auto_id or ""
        for message in bound.errors:
            href = f"#{anchor}" if anchor and not bound.is_hidden else ""
            items.append({"label": str(bound.label), "href": href, "message": str(message)})
    return items


def _described_by(bound: BoundField, help_text: str, warning: str) -> str:
    parts = [
        f"{bound.auto_id}_{part}"
        for part, present in (("help", help_text), ("warn", warning), ("error", bound.errors))
        if present
    ]
    return " ".join(parts)


def _control(bound: BoundField, described: str, placeholder: str) -> SafeString:
    attrs: dict[str, str | bool] = {}
    if not isinstance(bound.field.widget, _PLAIN):
        known = bound.field.widget.attrs.get("class", "")
        attrs["class"] = f"in {known}".strip()
    if isinstance(bound.field.widget, forms.FileInput):
        attrs["class"] = "file"
    if isinstance(bound.field.widget, forms.Textarea):
        attrs.setdefault("rows", bound.field.widget.attrs.get("rows", "3"))
    if described:
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if placeholder:
        attrs["placeholder"] = placeholder
    return bound.as_widget(attrs=attrs)


def _notes(
    bound: BoundField, help_text: str, warning: str, icon: Callable[[str], str]
) -> SafeString:
    parts: list[SafeString] = []
    if help_text:
        parts.append(format_html('<p class="help" id="{}_help">{}</p>', bound.auto_id, help_text))
    if warning:
        parts.append(
            format_html('<p class="help warn" id="{}_warn">{}</p>', bound.auto_id, warning)
        )
    if bound.errors:
        lines = format_html_join(" ", "{}", ((error,) for error in bound.errors))
        parts.append(
            format_html(
                '<p class="err" id="{}_error">{}<span><span class="vh">Error: </span>{}</span></p>',
                bound.auto_id,
                mark_safe(icon("alert-octagon")),  # noqa: S308 -- our own files
                lines,
            )
        )
    return SafeString("".join(parts))


def _choices(bound: BoundField, described: str, kind: str) -> SafeString:
    """Radio buttons or checkboxes as one group of options."""
    options = []
    for option in bound.subwidgets:
        data = option.data
        checked = mark_safe(" checked") if data["selected"] else ""
        hint = getattr(bound.field, "hints", {}).get(str(data["value"]), "")
        options.append(
            format_html(
                '<label class="opt-c"><input type="{}" name="{}" value="{}" id="{}"{}>'
                "<span>{}</span>{}</label>",
                kind,
                data["name"],
                data["value"],
                data["attrs"].get("id", ""),
                checked,
                data["label"],
                format_html("<small>{}</small>", hint) if hint else "",
            )
        )
    attrs = format_html(' aria-describedby="{}"', described) if described else ""
    return format_html(
        '<div class="opts" role="{}" aria-labelledby="{}_label" id="{}"{}>{}</div>',
        "radiogroup" if kind == "radio" else "group",
        bound.auto_id,
        bound.auto_id,
        attrs,
        SafeString("".join(options)),
    )


def render(
    bound: BoundField,
    *,
    icon: Callable[[str], str],
    size: str = "",
    unit: str = "",
    pre: str = "",
    help_text: str = "",
    warning: str = "",
    placeholder: str = "",
    opt: str = "",
) -> SafeString:
    """The field with label above, help and error below, linked by `aria-describedby`."""
    if bound.is_hidden:
        return bound.as_widget()
    help_text = help_text or str(bound.help_text or "")
    described = _described_by(bound, help_text, warning)
    notes = _notes(bound, help_text, warning, icon)
    widget = bound.field.widget
    remark = "" if opt == "-" else opt or ("" if bound.field.required else "optional")
    tail = format_html(' <span class="opt">{}</span>', remark) if remark else ""
    css = f"f {size}".strip()

    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        # Django's CheckboxSelectMultiple is a RadioSelect: ask for the narrower one first.
        kind = "checkbox" if isinstance(widget, forms.CheckboxSelectMultiple) else "radio"
        label = format_html(
            '<span class="lab" id="{}_label">{}{}</span>', bound.auto_id, bound.label, tail
        )
        return format_html(
            '<div class="{}">{}{}{}</div>', css, label, _choices(bound, described, kind), notes
        )
    if isinstance(widget, forms.CheckboxInput):
        control = _control(bound, described, "")
        return format_html(
            '<div class="{}"><label class="check" for="{}">{}<span>{}</span></label>{}</div>',
            css,
            bound.id_for_label,
            control,
            bound.label,
            notes,
        )
    control = _control(bound, described, placeholder)
    if pre:
        control = format_html('<div class="unit pre"><span>{}</span>{}</div>', pre, control)
    elif unit:
        control = format_html('<div class="unit">{}<span>{}</span></div>', control, unit)
    label = format_html('<label for="{}">{}{}</label>', bound.id_for_label, bound.label, tail)
    return format_html('<div class="{}">{}{}{}</div>', css, label, control, notes)
