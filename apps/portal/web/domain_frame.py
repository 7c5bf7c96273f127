"""The frame of the pages of consumption domains: figures, then the capabilities."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.web.filters import Control, CustomFilter, Filter
from apps.common.web.lists import REGION, Column, Empty, ListPage
from apps.organizations.selectors import unit_choices
from apps.portal.nav import link_to
from apps.portal.rules import domains as rules
from apps.portal.rules.domains import DOMAINS, Domain
from apps.portal.rules.windows import PERIODS
from apps.portal.selectors import domains as selectors
from apps.portal.selectors.domain_people import Crowd
from apps.portal.selectors.domains import DomainFigures, Line
from apps.portal.selectors.slices import Slice, read_slice
from apps.portal.web import domain_text as text
from apps.portfolio.selectors import capabilities
from apps.tenancy.urls import org_url

DEFAULT_PERIOD = "30d"


class _Period(Filter):
    """Always set; the slice has applied it."""

    def read(self, request: HttpRequest) -> str:
        value = request.GET.get(self.name, "")
        return value if value in dict(PERIODS) else DEFAULT_PERIOD

    def apply(self, qs: Any, value: Any) -> Any:
        return qs

    def control(self, request: HttpRequest, value: Any) -> Control:
        return Control("select", self.name, self.label, value, PERIODS, any_label="", keep=True)


def _applied(rows: Any, value: Any) -> Any:
    """The slice has narrowed already."""
    return rows


def _units(request: HttpRequest) -> list[tuple[str, str]]:
    return unit_choices(visible_unit_ids(request.actor, P.USAGE_VIEW))


class Figures:
    """What every page of a domain reads once."""

    domain: ClassVar[Domain]
    request: HttpRequest

    @cached_property
    def chosen(self) -> Slice:
        return read_slice(self.request.actor, self.request.GET, ("unit", "capability"))

    @cached_property
    def view(self) -> DomainFigures:
        return self.read()

    def read(self) -> DomainFigures:
        period = _Period("period", "Period").read(self.request)
        return selectors.figures(self.request.actor, self.chosen, self.domain, period)

    @cached_property
    def crowd(self) -> Crowd | None:
        return None

    @property
    def currency(self) -> str:
        return self.view.settings.currency

    def get_filters(self) -> Sequence[Filter]:
        return (
            _Period("period", "Period"),
            CustomFilter("unit", "Team", choices=_units, narrow=_applied),
            CustomFilter("capability", "Capability", choices=self._capabilities, narrow=_applied),
        )

    def _capabilities(self, request: HttpRequest) -> list[tuple[str, str]]:
        rows = capabilities(request.actor).filter(kind=self.domain.kind).order_by("name_norm")
        return [(str(key), name) for key, name in rows.values_list("id", "name")]

    def _sorted(self, rows: Any, order: Sequence[str]) -> Any:
        """By a figure; what lacks it comes last both ways."""
        name = order[0].removeprefix("-")
        if name in {"pk", "id"}:
            return rows
        known = [row for row in rows if getattr(row, name) is not None]
        known.sort(key=lambda row: getattr(row, name), reverse=order[0].startswith("-"))
        return [*known, *(row for row in rows if getattr(row, name) is None)]


class DomainPage(Figures, ListPage):
    """One domain. Everything is in the address; htmx gets the rows with their figures."""

    template_name = "portal/domain.html"
    noun = ("capability", "capabilities")

    def get_queryset(self) -> Sequence[Line]:
        return self.view.lines

    def get_title(self) -> str:
        return text.headline(self.view, self.crowd)

    def get_lede(self) -> str:
        return text.lede(self.view)

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return (("Inform", ""), (self.domain.title, ""))

    def get_empty(self) -> Empty:
        body = (
            f"Capabilities of this kind ({self.domain.title}) appear here with what they use, what "
            f"one {self.domain.once} takes, and how that stands against their story."
        )
        title = "No capability of this kind yet"
        kinds = set(capabilities(self.request.actor).values_list("kind", flat=True))
        other = next((domain for domain in DOMAINS if domain.kind in kinds), None)
        if other is not None and other is not self.domain:
            url = org_url(self.request, f"portal:{other.kind}")
            return Empty(title, body, f"Show {other.short.lower()}", url, "layout-dashboard")
        url = link_to(self.request, "portfolio:list")
        return Empty(title, body, "Capabilities", url, "stack-2")

    def extra_context(self) -> dict[str, Any]:
        view = self.view
        found = {
            "view": view,
            "domain": self.domain,
            "domains": [(d, org_url(self.request, f"portal:{d.kind}")) for d in rules.DOMAINS],
            "currency": self.currency,
            "crowd": self.crowd,
        }
        if view.has_use:
            found |= {"kpis": text.kpis(view, self.crowd), "trend": text.trend(view)}
        return found

    def _respond(self, request: HttpRequest, controls: Sequence[Any], sort: str) -> HttpResponse:
        response = super()._respond(request, controls, sort)
        headers = request.headers
        if headers.get("HX-Request") == "true" and headers.get("HX-Target") == REGION:
            context = {"title": self.get_title(), "lede": self.get_lede(), "oob": True}
            more = render(
                request, "portal/_domain_figures.html", {**context, **self.extra_context()}
            )
            response.content += more.content
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def _name(self) -> Column:
        def below(line: Line) -> str:
            return " · ".join(filter(None, (line.unit, line.owner)))

        return Column(
            "label",
            "Capability",
            sort="label",
            link=lambda line, request: org_url(
                request, "portfolio:detail", capability_id=line.capability.id
            ),
            sub=below,
        )

    def _owners(self) -> list[Column]:
        return [
            Column("code", "Code", value=lambda line: line.capability.slug, in_table=False),
            Column("unit", "Team", in_table=False),
            Column("owner", "Owner", value=lambda line: line.owner or None, in_table=False),
        ]

    def _uses(self) -> list[Column]:
        """What every domain ends with: tokens and cost."""
        currency = self.currency
        return [
            Column(
                "tokens",
                "Tokens",
                sort="tokens",
                align="num",
                value=lambda line: fmt.tokens(line.tokens),
                csv=lambda line: line.tokens,
            ),
            Column(
                "cost",
                "Cost",
                sort="cost_nanos",
                align="num",
                value=lambda line: fmt.money(line.cost_nanos, currency),
                sub=_cost_note,
                csv=lambda line: units_of(line.cost_nanos),
                csv_label=f"Cost ({currency})",
            ),
            Column(
                "unpriced",
                "Unpriced (tokens)",
                value=lambda line: line.unpriced_tokens,
                in_table=False,
            ),
        ]

    def _each(self, once: str, many: str) -> list[Column]:
        """How often, and what each time takes, beside the plan of the story."""
        currency = self.currency
        return [
            Column(
                "month",
                f"{many.capitalize()} a month",
                sort="interactions_month",
                align="num",
                value=lambda line: text.number(line.interactions_month),
                sub=lambda line: planned(line, "interactions"),
                csv=lambda line: line.interactions_month,
            ),
            Column("interactions", f"{many.capitalize()} in the days", in_table=False),
            Column("basis", "Counted as", value=lambda line: line.basis or None, in_table=False),
            Column(
                "planned_month",
                f"{many.capitalize()} a month, planned",
                value=lambda line: line.promise.interactions if line.promise else None,
                in_table=False,
            ),
            Column(
                "tokens_each",
                f"Tokens per {once}",
                sort="tokens_each",
                align="num",
                value=lambda line: text.tokens(line.tokens_each),
                sub=lambda line: planned(line, "tokens"),
                csv=lambda line: line.tokens_each,
            ),
            Column(
                "planned_tokens",
                f"Tokens per {once}, planned",
                value=lambda line: line.promise.tokens if line.promise else None,
                in_table=False,
            ),
            Column(
                "story",
                "Token Story",
                value=lambda line: line.promise.ref if line.promise else None,
                in_table=False,
            ),
            Column(
                "cost_each",
                f"Cost per {once}",
                sort="cost_each",
                align="num",
                value=lambda line: fmt.money(line.cost_each, currency, "unit"),
                sub=lambda line: "at least" if line.is_lower_bound else "",
                csv=lambda line: units_of(line.cost_each),
                csv_label=f"Cost per {once} ({currency})",
            ),
        ]


def _cost_note(line: Line) -> str:
    if line.unpriced_tokens:
        return f"{fmt.tokens(line.unpriced_tokens)} tokens without a price"
    return "" if line.change is None else f"{fmt.delta(line.change, 0)} on the days before"


def planned(line: Line, name: str) -> str:
    """“plan 14 K, +12%” under a figure that a story planned."""
    planned = getattr(line.promise, name) if line.promise else None
    if planned is None:
        return ""
    if name == "tokens":
        over = "" if line.over_plan is None else f", {fmt.delta(line.over_plan, 0)}"
        return f"plan {text.tokens(planned)}{over}"
    return f"plan {text.number(planned)}"


def units_of(nanos: int | None) -> Decimal | None:
    return None if nanos is None else from_nanos(nanos)
