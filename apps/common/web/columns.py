"""Columns of a list page: one declaration for the table, the phone cards and the CSV file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.common import fmt

Value = Callable[[Any], Any]
Link = Callable[[Any, HttpRequest], str]


def read(obj: Any, dotted: str) -> Any:
    """`unit.name` of an object or mapping; None where a part of the way is None. Calls methods."""
    for part in dotted.split("."):
        if obj is None:
            return None
        obj = obj[part] if isinstance(obj, dict) else getattr(obj, part)
        if callable(obj):
            obj = obj()
    return obj


def shown(value: Any, zone: str = "UTC") -> str | SafeString:
    """A value as a person reads it when a column says nothing else. Missing is an en dash."""
    if isinstance(value, SafeString):
        return value
    if value is None or value == "":
        return fmt.DASH
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return fmt.moment(value, zone)
    if isinstance(value, date):
        return fmt.day(value)
    if isinstance(value, int):
        return fmt.count(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is the column's key and, unless `value` is given, the dotted attribute it shows.

    `sort` is the ORM field it sorts by (never null, indexed). `link` makes the text a link, `sub`
    is a second, quieter line. `csv` gives the exported value in full precision (default: the
    value before formatting) and `csv_label` its heading with the unit. `align="num"` is for
    figures. `phone=False` leaves the cell out of phone cards, `full=True` gives it a whole line.
    """

    name: str
    label: str
    value: Value | None = None
    sort: str = ""
    link: Link | None = None
    sub: Value | None = None
    align: str = ""
    csv: Value | None = None
    csv_label: str = ""
    in_table: bool = True
    in_csv: bool = True
    phone: bool = True
    full: bool = False
    hide_label: bool = False

    def raw(self, obj: Any) -> Any:
        """The value before formatting: the attribute, or what `value` returns."""
        return self.value(obj) if self.value else read(obj, self.name)

    def export(self, obj: Any) -> Any:
        return self.csv(obj) if self.csv else self.raw(obj)

    @property
    def heading(self) -> str:
        """The heading in files."""
        return self.csv_label or self.label

    def html(self, obj: Any, request: HttpRequest) -> SafeString:
        """The cell's content."""
        home = getattr(request, "organization", None)
        content: str | SafeString = shown(self.raw(obj), home.timezone if home else "UTC")
        url = self.link(obj, request) if self.link else ""
        if url:
            content = format_html('<a href="{}">{}</a>', url, content)
        small = self.sub(obj) if self.sub else ""
        if small:
            return format_html("{}<small>{}</small>", content, small)
        return format_html("{}", content)
