"""List pages: declare columns and filters once, get paging, sorting, filters, CSV and phone cards.

The whole state is in the query string, so every view of a list is a link. htmx swaps the table;
without script the same addresses load the same page.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.views import View

from apps.common import clock
from apps.common.web import csvout
from apps.common.web.columns import Column, read
from apps.common.web.filters import (
    BooleanFilter,
    ChoiceFilter,
    Control,
    CustomFilter,
    DateRangeFilter,
    Filter,
    RelationFilter,
    SearchFilter,
)
from apps.common.web.paging import SIZES, Page, keyset, numbered, parse_size

__all__ = [
    "Action",
    "BooleanFilter",
    "ChoiceFilter",
    "Column",
    "CustomFilter",
    "DateRangeFilter",
    "Empty",
    "Filter",
    "ListPage",
    "RelationFilter",
    "SearchFilter",
]

REGION = "list"


@dataclass(frozen=True, slots=True)
class Action:
    """A button in the head of a page. One at most is `primary`."""

    label: str
    url: str
    icon: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list teaches: what will be here, and the one step to it."""

    title: str
    body: str = ""
    action_label: str = ""
    action_url: str = ""
    icon: str = "inbox"


@dataclass(frozen=True, slots=True)
class Head:
    """A column heading as the template draws it."""

    column: Column
    sort_param: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    column: Column
    html: str


@dataclass(frozen=True, slots=True)
class Row:
    obj: Any
    head: Cell
    cells: list[Cell]
    css: str = ""


class ListPage(View):
    """Subclass it, set `title`, `columns`, `get_queryset()`, and declare the permission.

    `paging = "keyset"` for tables that only grow (`keyset_key`: the `key` of `paging.keyset`).
    `get_queryset` may return a list: then only sorting by attribute and numbered pages are
    available, and filters must be `CustomFilter`s or be applied by the subclass.
    `moved_template`: what stands outside the table and moves with the filters, sent out of band
    with the table. `title` names the place, `get_title` answers. Everything in
    upper hooks (`get_title`, `get_lede`, `get_actions`, `get_empty`, `extra_context`) may look at
    `self.page`, the page being shown.
    """

    title: ClassVar[str] = ""
    lede: ClassVar[str] = ""
    noun: ClassVar[tuple[str, str]] = ("row", "rows")
    template_name: ClassVar[str] = "list.html"
    moved_template: ClassVar[str] = ""
    columns: ClassVar[Sequence[Column]] = ()
    filters: ClassVar[Sequence[Filter]] = ()
    default_sort: ClassVar[str] = ""
    page_size: ClassVar[int] = 25
    paging: ClassVar[str] = "numbers"
    keyset_key: ClassVar[str] = ""
    empty: ClassVar[Empty] = Empty("Nothing here yet")
    crumbs: ClassVar[Sequence[tuple[str, str]]] = ()
    filename: ClassVar[str] = ""

    page: Page

    def get_queryset(self) -> QuerySet[Any] | Sequence[Any]:
        """The rows this actor may see, without paging."""
        raise NotImplementedError

    def get_columns(self) -> Sequence[Column]:
        return self.columns

    def get_filters(self) -> Sequence[Filter]:
        return self.filters

    def get_title(self) -> str:
        return self.title

    def get_lede(self) -> str:
        return self.lede

    def get_actions(self) -> Sequence[Action]:
        return ()

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return self.crumbs or ([(self.title, "")] if self.title else ())

    def get_empty(self) -> Empty:
        return self.empty

    def row_class(self, obj: Any) -> str:
        """A tone for the row: `mut` for retired things."""
        return ""

    def extra_context(self) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        values = {f.name: (f, f.read(request)) for f in self.get_filters()}
        rows = self.get_queryset()
        for item, value in values.values():
            if value:
                rows = item.apply(rows, value)  # type: ignore[arg-type]
        sort, order = self._order(request)
        rows = self._sorted(rows, order)
        if request.GET.get("format") == "csv":
            return self._export(rows)
        size = parse_size(request.GET.get("size", ""), self.page_size)
        if self.paging == "keyset" and isinstance(rows, QuerySet):
            self.page = keyset(rows, order, request.GET.get("after", ""), size, key=self.keyset_key)
        else:
            self.page = numbered(rows, request.GET.get("page", ""), size)
        controls = [item.control(request, value) for item, value in values.values()]
        return self._respond(request, controls, sort)

    def _respond(
        self, request: HttpRequest, controls: Sequence[Control], sort: str
    ) -> HttpResponse:
        region_only = (
            request.headers.get("HX-Request") == "true"
            and request.headers.get("HX-Target") == REGION
        )
        context = {
            "title": self.get_title(),
            "lede": self.get_lede(),
            "crumbs": self.get_crumbs(),
            "actions": self.get_actions(),
            "controls": controls,
            "filtered": any(control.active for control in controls),
            "heads": self._heads(sort),
            "rows": list(self._rows(request)),
            "page": self.page,
            "sizes": sorted({*SIZES, self.page_size}),
            "sort": sort,
            "noun": self.noun,
            "empty": self.get_empty(),
            "region": REGION,
            "moved": self.moved_template if region_only else "",
            **self.extra_context(),
        }
        template = "partials/_list_region.html" if region_only else self.template_name
        response = render(request, template, context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def _order(self, request: HttpRequest) -> tuple[str, list[str]]:
        """The sort parameter in force and the ORM order, ended by the primary key."""
        wanted = request.GET.get("sort", "")
        fields = {c.name: c.sort for c in self.get_columns() if c.sort}
        name = wanted.removeprefix("-")
        if name in fields:
            descending = wanted.startswith("-")
            order = [f"-{fields[name]}" if descending else fields[name]]
            sort = wanted
        else:
            order = [part for part in self.default_sort.split(",") if part]
            sort = self._shown_default(fields)
        if not order or order[-1].lstrip("-") not in {"pk", "id"}:
            order.append("-pk" if order and order[-1].startswith("-") else "pk")
        return sort, order

    def _shown_default(self, fields: dict[str, str]) -> str:
        """The default order as a sort parameter, if one column shows it."""
        first = self.default_sort.split(",")[0]
        for name, field in fields.items():
            if field == first.removeprefix("-"):
                return f"-{name}" if first.startswith("-") else name
        return ""

    def _sorted(
        self, rows: QuerySet[Any] | Sequence[Any], order: Sequence[str]
    ) -> QuerySet[Any] | Sequence[Any]:
        if isinstance(rows, QuerySet):
            return rows.order_by(*order)
        found = list(rows)
        for name in reversed(order):
            field = name.lstrip("-")
            if field in {"pk", "id"} and not all(hasattr(row, field) for row in found):
                continue
            key = partial(_sort_key, field.replace("__", "."))
            found.sort(key=key, reverse=name.startswith("-"))
        return found

    def _heads(self, sort: str) -> Iterator[Head]:
        for column in self.get_columns():
            if not column.in_table:
                continue
            if not column.sort:
                yield Head(column)
                continue
            current = sort.removeprefix("-") == column.name
            descending = current and sort.startswith("-")
            first = f"-{column.name}" if column.align == "num" else column.name
            other = column.name if descending else f"-{column.name}"
            direction = ("descending" if descending else "ascending") if current else "none"
            yield Head(column, other if current else first, direction)

    def _rows(self, request: HttpRequest) -> Iterator[Row]:
        columns = [c for c in self.get_columns() if c.in_table]
        for obj in self.page.rows:
            cells = [Cell(c, c.html(obj, request)) for c in columns]
            yield Row(obj, cells[0], cells[1:], self.row_class(obj))

    def _export(self, rows: QuerySet[Any] | Iterable[Any]) -> HttpResponseBase:
        columns = [c for c in self.get_columns() if c.in_csv]
        source = rows.iterator(chunk_size=1000) if isinstance(rows, QuerySet) else rows
        name = self.filename or slugify(self.title) or "export"
        return csvout.response(
            f"{name}-{clock.today().isoformat()}.csv",
            [c.heading for c in columns],
            ([c.export(obj) for c in columns] for obj in source),
        )


def _sort_key(dotted: str, row: Any) -> tuple[bool, Any]:
    """Missing values come last in ascending order."""
    value = read(row, dotted)
    return value is None, value if value is not None else 0
