"""`{% load ui %}`: icons, form fields, marks and numbers, the same on every page."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, Form
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe

from apps.common import charts, fmt
from apps.common.web import fields

register = template.Library()

_ICONS = Path(settings.BASE_DIR) / "static/vendor/tabler-icons-3.51.0/outline"
_TONES = {"success": "ok", "error": "bad", "warning": "warn", "info": "", "debug": ""}
_TONE_ICONS = {"success": "circle-check", "error": "alert-octagon", "warning": "alert-triangle"}


@cache
def _icon(name: str) -> str:
    """The inlined outline icon; FileNotFoundError for a name that is not vendored."""
    text = (_ICONS / f"{name}.svg").read_text(encoding="utf-8")
    inner = text[text.index(">") + 1 : text.rindex("</svg>")]
    inner = re.sub(r'\s*<path stroke="none"[^>]*/>\s*', "", inner)
    inner = re.sub(r">\s+<", "><", inner.strip())
    return f'<svg class="i" viewBox="0 0 24 24" aria-hidden="true">{inner}</svg>'


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon by its Tabler name. Decoration only: the text beside it carries the meaning."""
    return mark_safe(_icon(name))  # noqa: S308 -- our own vendored files


@register.simple_tag(takes_context=True)
def ourl(context: template.Context, name: str, *args: Any, **kwargs: Any) -> str:
    """The path of a URL inside the current organization: `{% ourl "stories:detail" id %}`."""
    slug = context["request"].organization.slug
    if args:
        return reverse(name, args=[slug, *args])
    return reverse(name, kwargs={"org": slug, **kwargs})


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The current query string with changes; None or an empty value takes a parameter away."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            params.pop(name, None)
        else:
            params[name] = str(value)
    text = params.urlencode()
    return f"?{text}" if text else "?"


@register.simple_tag
def field(
    bound: BoundField,
    *,
    size: str = "",
    unit: str = "",
    pre: str = "",
    help: str = "",  # noqa: A002 -- the word template authors expect
    warning: str = "",
    placeholder: str = "",
    opt: str = "",
) -> SafeString:
    """One form field: label, control, help and error, wired together for assistive technology.

    `size` is s3, s4, s6 or s8 (columns of 12); `unit` stands behind the control, `pre` before it;
    `warning` is advice that does not block; `opt` a remark after the label.
    """
    return fields.render(
        bound,
        icon=_icon,
        size=size,
        unit=unit,
        pre=pre,
        help_text=help,
        warning=warning,
        placeholder=placeholder,
        opt=opt,
    )


@register.filter
def error_items(form: Form) -> list[dict[str, str]]:
    """A form's errors for the summary: message, label, and the link to the field."""
    return fields.error_items(form)


@register.simple_tag
def chip(text: Any, tone: str = "", icon_name: str = "") -> SafeString:
    """A small label; `tone` is ok, warn, bad, acc or empty."""
    drawn = mark_safe(_icon(icon_name)) if icon_name else ""  # noqa: S308 -- our own files
    return format_html('<span class="chip {}">{}{}</span>', tone, drawn, text)


@register.simple_tag
def chip_delta(
    ratio: float | Decimal | None, good: str = "none", places: int = 1, prefix: str = ""
) -> SafeString:
    """A change with its arrow. Coloured only when better is known: `good` is down, up or none."""
    text = fmt.delta(ratio, places)
    value = 0.0 if ratio is None or text == "0%" else float(ratio)
    tone = (
        "n" if good == "none" or value == 0 else "ok" if (value < 0) == (good == "down") else "bad"
    )
    arrow = "arrow-up-right" if value > 0 else "arrow-down-right" if value < 0 else ""
    drawn = mark_safe(_icon(arrow)) if arrow else ""  # noqa: S308 -- our own files
    return format_html('<span class="delta {}">{}{}{}</span>', tone, drawn, prefix, text)


@register.simple_tag
def initials(name: str) -> str:
    """One or two letters of a name: HF for Halden Financial."""
    words = [word for word in re.split(r"[\s._@-]+", name or "") if word]
    if not words:
        return "?"
    letters = words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])
    return letters.upper()


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """A person's initials on a colour that stays theirs. Decoration: write the name beside it."""
    variant = sum(name.encode()) % 4 + 1
    return format_html(
        '<span class="ava v{} {}" aria-hidden="true">{}</span>', variant, size, initials(name)
    )


@register.simple_tag
def spark(values: Any, tone: str = "s1", label: str = "") -> SafeString:
    """A sparkline of a sequence of numbers (None is a gap)."""
    return charts.sparkline(list(values), tone=tone, label=label)


@register.simple_tag
def meter(ratio: float | Decimal | None, tone: str = "acc", label: str = "") -> SafeString:
    """How much of a whole: 0.5 is half."""
    return charts.meter(ratio, tone=tone, label=label)


@register.simple_tag
def bullet(
    value: int, limit: int, forecast: int | None = None, label: str = "", scale: int | None = None
) -> SafeString:
    """A value against its limit (tick), with the forecast behind it."""
    return charts.bullet(value, limit, forecast=forecast, label=label, scale=scale)


@register.simple_tag
def range_bar(
    low: int,
    likely: int,
    high: int,
    cap: int | None = None,
    label: str = "",
    scale: int | None = None,
) -> SafeString:
    """Low, likely and high against a cap."""
    return charts.range_bar(low, likely, high, cap=cap, label=label, scale=scale)


def _currency(value: Any, currency: str) -> tuple[int | None, str]:
    """Accepts nanos, or an object with `nanos` and `currency`."""
    if hasattr(value, "nanos"):
        return value.nanos, value.currency
    return (None if value in (None, "") else int(value)), currency or "USD"


@register.filter
def money(value: Any, currency: str = "USD") -> str:
    """$2,538, $48.7k, $1.24M from nanos: `{{ row.cost_nanos|money:org.currency }}`."""
    return fmt.money(*_currency(value, currency))


@register.filter
def money_k(value: Any, currency: str = "USD") -> str:
    """Always in thousands, for a column of one style: $48.7k."""
    return fmt.money(*_currency(value, currency), style="k")


@register.filter
def money_exact(value: Any, currency: str = "USD") -> str:
    """Whole units: $48,712."""
    return fmt.money(*_currency(value, currency), style="exact")


@register.filter
def times(value: Any) -> str:
    """How many times over: 6.7×, from a hundred on 1,730×."""
    return fmt.times(value)


@register.filter
def money_agreed(value: Any, currency: str = "USD") -> str:
    """A cap or a limit, cents where it has some: $4,000, $3,250.50."""
    return fmt.money(*_currency(value, currency), style="agreed")


@register.filter
def money_cents(value: Any, currency: str = "USD") -> str:
    """To the cent: $48,712.34."""
    return fmt.money(*_currency(value, currency), style="cents")


@register.filter
def money_unit(value: Any, currency: str = "USD") -> str:
    """A unit cost: $0.31, below one cent $0.0042."""
    return fmt.money(*_currency(value, currency), style="unit")


@register.filter
def money_signed(value: Any, currency: str = "USD") -> str:
    """A difference: +$19.8k."""
    return fmt.signed_money(*_currency(value, currency))


@register.filter
def moment(value: Any, zone: str = "UTC") -> str:
    """22 Nov, 06:00 UTC in a time zone."""
    return fmt.moment(value, zone or "UTC")


@register.filter
def tone(level: str) -> str:
    """The tone of a message level: success is ok, error is bad."""
    return _TONES.get(level, level)


@register.filter
def tone_icon(level: str) -> str:
    """The icon of a message level."""
    return _TONE_ICONS.get(level, "info-circle")


@register.filter
def safe_back(referrer: str | None, request: HttpRequest) -> str:
    """The page the person came from if it is ours, else this one."""
    hosts = {request.get_host()}
    if referrer and url_has_allowed_host_and_scheme(referrer, hosts, request.is_secure()):
        return referrer
    return request.path


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """A mapping's value under a variable key; None when it has none."""
    return mapping.get(key)


@register.filter
def words(text: str) -> list[str]:
    """The words of a string, for loops over a short fixed list."""
    return text.split()


register.filter("tokens", fmt.tokens)
register.filter("count", fmt.count)
register.filter("pct", fmt.pct)
register.filter("pct1", lambda ratio: fmt.pct(ratio, 1))
register.filter("delta", fmt.delta)
register.filter("delta0", lambda ratio: fmt.delta(ratio, 0))
register.filter("points", fmt.points)
register.filter("day", fmt.day)
register.filter("long_day", fmt.long_day)
register.filter("duration", fmt.duration)
