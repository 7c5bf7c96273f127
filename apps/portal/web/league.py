"""The league table of capabilities and workflows. The address is the whole state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.services import can_anywhere, visible_unit_ids
from apps.access.web import requires
from apps.common.web.filters import (
    Control,
    CustomFilter,
    DateRangeFilter,
    Filter,
    SearchFilter,
    parse_day,
)
from apps.common.web.lists import REGION, Column, Empty, ListPage
from apps.ledger.query import time_limit
from apps.organizations.selectors import unit_choices
from apps.outcomes.enums import Basis
from apps.portal.nav import link_to
from apps.portal.rules.league import BY, CAPABILITY, NOT_TOLD, Line
from apps.portal.rules.windows import PERIODS, Window
from apps.portal.rules.words import KIND_CHOICES
from apps.portal.selectors.league import League, asked, window_of
from apps.portal.web import league_words as words
from apps.portfolio.enums import Stage
from apps.savedviews.rules import clean_query
from apps.savedviews.web.bar import bar
from apps.tenancy.urls import org_url

VIEWS = "league"
DEFAULT_PERIOD = "30d"
CONFIDENCE = (
    (Basis.MEASURED.value, Basis.MEASURED.label),
    (Basis.PARTLY.value, Basis.PARTLY.label),
    (NOT_TOLD, "No cost per outcome"),
)


def window_from(params: QueryDict) -> Window:
    """The days of an address: those that are named from and to, else the period."""
    start, last = parse_day(params.get("day_from", "")), parse_day(params.get("day_to", ""))
    end = last + timedelta(days=1) if last and last < date.max else None
    return window_of(params.get("period", "") or DEFAULT_PERIOD, start, end)


def send_url(request: HttpRequest, kind: str) -> str:
    """Where a page is scheduled with the filters it is shown with; empty for who may not."""
    if not can_anywhere(request.actor, P.REPORT_SCHEDULE):
        return ""
    query = clean_query(request.META.get("QUERY_STRING", ""))
    return f"{org_url(request, 'reports:new')}?{urlencode({'kind': kind, 'query': query})}"


def _applied(rows: Any, value: Any) -> Any:
    """The table was read for it already."""
    return rows


@dataclass(frozen=True, slots=True)
class Kept(Filter):
    """A choice that always has a value."""

    options: Sequence[tuple[str, str]] = ()
    default: str = ""

    def read(self, request: HttpRequest) -> str:
        value = request.GET.get(self.name, "")
        return value if value in dict(self.options) else self.default

    def apply(self, qs: Any, value: Any) -> Any:
        return qs

    def control(self, request: HttpRequest, value: Any) -> Control:
        options = tuple(self.options)
        return Control("select", self.name, self.label, value, options, any_label="", keep=True)


@dataclass(frozen=True, slots=True)
class Days(DateRangeFilter):
    """Days in place of the period; they count when both are given."""

    def apply(self, qs: Any, value: Any) -> Any:
        return qs


@dataclass(frozen=True, slots=True)
class Words(SearchFilter):
    def apply(self, qs: Any, value: Any) -> Any:
        return qs


@requires(P.USAGE_VIEW)
class LeaguePage(ListPage):
    """Every capability or workflow in sight, the dearest first."""

    template_name = "portal/league.html"
    filename = "workflows"
    crumbs = (("Inform", ""), ("Workflows", ""))
    default_sort = "-cost_nanos"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with time_limit():
            return super().get(request, *args, **kwargs)

    @cached_property
    def view(self) -> League:
        return asked(self.request.actor, self.request.GET, window_from(self.request.GET))

    @property
    def noun(self) -> tuple[str, str]:  # type: ignore[override]
        return words.noun(self.view)

    def get_filters(self) -> Sequence[Filter]:
        units = visible_unit_ids(self.request.actor, P.USAGE_VIEW)
        return (
            Kept("by", "By", options=BY, default=CAPABILITY),
            Kept("period", "Period", options=PERIODS, default=DEFAULT_PERIOD),
            Days("day", "Days"),
            Words("q", "Search", placeholder="Name, code or team…"),
            CustomFilter(
                "unit", "Team", choices=lambda request: unit_choices(units), narrow=_applied
            ),
            CustomFilter(
                "owner", "Owner", choices=lambda request: self.view.owners, narrow=_applied
            ),
            CustomFilter("stage", "Stage", choices=Stage.choices, narrow=_applied),
            CustomFilter("kind", "Category", choices=KIND_CHOICES, narrow=_applied),
            CustomFilter("confidence", "Confidence", choices=CONFIDENCE, narrow=_applied),
        )

    def get_queryset(self) -> Sequence[Line]:
        return self.view.lines

    def get_columns(self) -> Sequence[Column]:
        return words.columns(self.view)

    def get_title(self) -> str:
        return words.headline(self.view)

    def get_lede(self) -> str:
        return words.lede(self.view)

    def get_empty(self) -> Empty:
        url = link_to(self.request, "connectors:list")
        return Empty(
            "No use in these days",
            "Capabilities appear here with their runs, tokens, cost and cost per outcome as soon "
            "as a source brings usage. Choose other days, or connect a source.",
            "Sources" if url else "",
            url,
            "trending-up",
        )

    def extra_context(self) -> dict[str, Any]:
        return {
            "view": self.view,
            "facts": words.facts(self.view) if self.view.lines else (),
            "views": bar(self.request, VIEWS),
            "send_url": send_url(self.request, VIEWS),
        }

    def _sorted(self, rows: Any, order: Sequence[str]) -> Any:
        """By a figure; what lacks it comes last both ways."""
        name = order[0].removeprefix("-")
        known = [row for row in rows if getattr(row, name) is not None]
        known.sort(key=lambda row: getattr(row, name), reverse=order[0].startswith("-"))
        return [*known, *(row for row in rows if getattr(row, name) is None)]

    def _respond(self, request: HttpRequest, controls: Sequence[Any], sort: str) -> HttpResponse:
        """A region for htmx carries the figures with it: they follow the same filters."""
        response = super()._respond(request, controls, sort)
        headers = request.headers
        if headers.get("HX-Request") == "true" and headers.get("HX-Target") == REGION:
            context = {"title": self.get_title(), "lede": self.get_lede(), "oob": True}
            more = render(
                request, "portal/_league_figures.html", {**context, **self.extra_context()}
            )
            response.content += more.content
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response
