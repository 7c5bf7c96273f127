"""Filters of a list page. Each reads the query string, narrows the rows and draws its control.

A value that no filter understands is left out, never an error: links stay usable after a choice
has gone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.html import escape
from django.utils.safestring import SafeString

Choices = Iterable[tuple[Any, Any]] | Callable[[HttpRequest], Iterable[tuple[Any, Any]]]
Data = MultiValueDict[str, str]


@dataclass(frozen=True, slots=True)
class Control:
    """What the filter bar draws: `kind` is select, multi, search or dates.

    `keep` marks a choice that always has a value (a period): it is never drawn as narrowing.
    """

    kind: str
    name: str
    label: str
    value: Any = ""
    options: tuple[tuple[str, str], ...] = ()
    any_label: str = "All"
    placeholder: str = ""
    keep: bool = False

    @property
    def drawn(self) -> SafeString:
        """The options, as long as they may be, without a template's walk over each."""
        if self.kind == "multi":
            head = f'<label><input type="checkbox" name="{escape(self.name)}" value="'
            return SafeString(
                "".join(
                    f'{head}{escape(value)}"{" checked" if value in self.value else ""}>'
                    f"<span>{escape(label)}</span></label>"
                    for value, label in self.options
                )
            )
        return SafeString(
            "".join(
                f'<option value="{escape(value)}"{" selected" if value == self.value else ""}>'
                f"{escape(label)}</option>"
                for value, label in self.options
            )
        )

    @property
    def active(self) -> bool:
        if self.keep:
            return False
        return any(self.value) if isinstance(self.value, list | tuple) else bool(self.value)

    @property
    def chosen_label(self) -> str:
        """What a panel of several values says while closed."""
        labels = [label for value, label in self.options if value in self.value]
        if not labels:
            return self.any_label
        return labels[0] if len(labels) == 1 else f"{len(labels)} chosen"


@dataclass(frozen=True, slots=True)
class Filter:
    """Base: one parameter `name`, applied to the ORM lookup `field` (default: the name)."""

    name: str
    label: str
    field: str = ""

    @property
    def lookup(self) -> str:
        return self.field or self.name

    def read(self, request: HttpRequest) -> Any:
        """The cleaned value; empty when absent or not understood."""
        return request.GET.get(self.name, "").strip()

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{self.lookup: value})

    def control(self, request: HttpRequest, value: Any) -> Control:
        return Control("search", self.name, self.label, value)


@dataclass(frozen=True, slots=True)
class ChoiceFilter(Filter):
    """One of a list, or with `multiple=True` any of several. `choices` may be a function."""

    choices: Choices = ()
    multiple: bool = False
    any_label: str = "All"

    def options(self, request: HttpRequest) -> tuple[tuple[str, str], ...]:
        found = self.choices(request) if callable(self.choices) else self.choices
        return tuple((str(value), str(label)) for value, label in found if str(value))

    def read(self, request: HttpRequest) -> Any:
        if not any(request.GET.getlist(self.name)):
            return [] if self.multiple else ""
        known = {value for value, _ in self.options(request)}
        chosen = [v for v in request.GET.getlist(self.name) if v in known]
        if self.multiple:
            return chosen
        return chosen[-1] if chosen else ""

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if self.multiple:
            return qs.filter(**{f"{self.lookup}__in": value})
        return qs.filter(**{self.lookup: value})

    def control(self, request: HttpRequest, value: Any) -> Control:
        kind = "multi" if self.multiple else "select"
        return Control(
            kind, self.name, self.label, value, self.options(request), any_label=self.any_label
        )


@dataclass(frozen=True, slots=True)
class RelationFilter(ChoiceFilter):
    """A related object: `choices(request)` gives (id, label); filters on `<name>_id`."""

    @property
    def lookup(self) -> str:
        return self.field or f"{self.name}_id"


@dataclass(frozen=True, slots=True)
class BooleanFilter(Filter):
    """Yes, no or either."""

    yes: str = "Yes"
    no: str = "No"
    any_label: str = "All"

    def read(self, request: HttpRequest) -> Any:
        value = request.GET.get(self.name, "")
        return value if value in {"1", "0"} else ""

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{self.lookup: value == "1"})

    def control(self, request: HttpRequest, value: Any) -> Control:
        options = (("1", self.yes), ("0", self.no))
        return Control("select", self.name, self.label, value, options, any_label=self.any_label)


@dataclass(frozen=True, slots=True)
class SearchFilter(Filter):
    """Every word must occur in one of `fields`, whatever its capitals.

    For lists of thousands of rows; a table of millions needs an equality filter instead.
    """

    fields: Sequence[str] = ()
    placeholder: str = ""

    def read(self, request: HttpRequest) -> Any:
        return " ".join(request.GET.get(self.name, "").replace("\x00", "").split())[:200]

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        fields = self.fields or (self.lookup,)
        words = [
            reduce(or_, (Q(**{f"{name}__icontains": word}) for name in fields))
            for word in value.casefold().split()
        ]
        return qs.filter(reduce(and_, words))

    def control(self, request: HttpRequest, value: Any) -> Control:
        hint = self.placeholder or f"{self.label}…"
        return Control("search", self.name, self.label, value, placeholder=hint)


@dataclass(frozen=True, slots=True)
class DateRangeFilter(Filter):
    """From and to, both days included: `<name>_from`, `<name>_to`.

    `moment=True` for a field that holds an instant (days are cut in UTC).
    """

    moment: bool = False

    def read(self, request: HttpRequest) -> Any:
        found = [parse_day(request.GET.get(f"{self.name}_{end}", "")) for end in ("from", "to")]
        return found if any(found) else []

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        start, end = value
        suffix = "__date" if self.moment else ""
        if start:
            qs = qs.filter(**{f"{self.lookup}{suffix}__gte": start})
        if end:
            qs = qs.filter(**{f"{self.lookup}{suffix}__lt": end + timedelta(days=1)})
        return qs

    def control(self, request: HttpRequest, value: Any) -> Control:
        start, end = value or (None, None)
        shown = [start.isoformat() if start else "", end.isoformat() if end else ""]
        return Control("dates", self.name, self.label, shown)


def parse_day(text: str) -> date | None:
    """An ISO day, or None."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class CustomFilter(ChoiceFilter):
    """A choice whose meaning is a function: `narrow(qs, value) -> qs`."""

    narrow: Callable[[QuerySet[Any], Any], QuerySet[Any]] = field(default=lambda qs, value: qs)

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return self.narrow(qs, value)
