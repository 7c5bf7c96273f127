"""Form controls without templates.

Django renders each control, and each option of a list, with a template of its own: a form with a
few hundred options spends more time there than on everything else. The plain controls are written
here with the same markup; all others keep their templates. Set as FORM_RENDERER.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

_INPUTS = ("text", "number", "email", "url", "password", "hidden", "date", "checkbox")


class Renderer(DjangoTemplates):
    """Django's renderer, with plain controls written in Python."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        draw = _DRAWN.get(template_name)
        if draw is None:
            return super().render(template_name, context, request)
        return mark_safe(draw(context["widget"]))  # noqa: S308 -- every part is escaped


def _text(value: Any) -> str:
    """A value as the templates write it: escaped, unless it says that it is markup."""
    return conditional_escape(value if isinstance(value, SafeString) else str(value))


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {conditional_escape(name)}" + ("" if value is True else f'="{_text(value)}"')
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return (
        f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"{value}'
        f"{_attributes(widget['attrs'])}>"
    )


def _textarea(widget: Mapping[str, Any]) -> str:
    value = _text(widget["value"]) if widget["value"] else ""
    head = f'<textarea name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>'
    return f"{head}\n{value}</textarea>"


def _select(widget: Mapping[str, Any]) -> str:
    parts = [f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _ in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{_text(group)}">')
        parts += [
            f'<option value="{_text(option["value"])}"{_attributes(option["attrs"])}>'
            f"{_text(option['label'])}</option>"
            for option in options
        ]
        if group:
            parts.append("</optgroup>")
    return "\n".join([*parts, "</select>"])


_DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **{f"django/forms/widgets/{kind}.html": _input for kind in _INPUTS},
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
}
