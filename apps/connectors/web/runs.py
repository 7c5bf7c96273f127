"""Runs, the provider's bill and its directory: lists below a source."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.web.lists import (
    ChoiceFilter,
    Column,
    DateRangeFilter,
    Empty,
    Filter,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.connectors import selectors
from apps.connectors.enums import EntryKind, RunKind, RunStatus
from apps.connectors.files.web import pages as files
from apps.connectors.models import DirectoryEntry, ProviderCost, PullRun, Source
from apps.connectors.web import words
from apps.ledger.query.persons import Sight
from apps.tenancy.urls import org_url


def money_text(nanos: int) -> str:
    """An amount for a file: every digit, no symbol."""
    return format(from_nanos(nanos), "f")


def _iso(value: Any) -> str:
    return value.isoformat() if value else ""


RUN_COLUMNS: tuple[Column, ...] = (
    Column("started_at", "Started", sort="started_at", csv_label="Started (UTC)",
           link=lambda run, request: org_url(request, "connectors:run", run.id),
           csv=lambda run: _iso(run.started_at)),
    Column("source", "Source", value=lambda run: run.source.name),
    Column("status", "Status", sort="status", value=words.run_chip,
           sub=lambda run: run.error[:120], csv=lambda run: run.get_status_display()),
    Column("kind", "Kind", sort="kind", value=lambda run: run.get_kind_display()),
    Column("window", "Window", value=words.window, in_csv=False, full=True),
    Column("window_start", "Window from (UTC)", in_table=False,
           csv=lambda run: _iso(run.window_start)),
    Column("window_end", "Window to (UTC)", in_table=False, csv=lambda run: _iso(run.window_end)),
    Column("rows_new", "New", sort="rows_new", align="num"),
    Column("rows_changed", "Changed", sort="rows_changed", align="num"),
    Column("rows_unchanged", "Unchanged", sort="rows_unchanged", align="num"),
    Column("restated_nanos", "Restated", sort="restated_nanos", align="num",
           value=lambda run: fmt.signed_money(run.restated_nanos, run.currency)
           if run.restated_nanos else None,
           csv=lambda run: money_text(run.restated_nanos)),
    Column("duration_ms", "Took", value=words.seconds, align="num", csv_label="Duration (ms)",
           csv=lambda run: run.duration_ms),
    Column("http_calls", "Requests", in_table=False),
    Column("retries", "Retries", in_table=False),
    Column("error", "Error", in_table=False),
)  # fmt: skip


class _Runs(ListPage):
    noun = ("run", "runs")
    columns: ClassVar[Sequence[Column]] = RUN_COLUMNS
    filters: ClassVar[Sequence[Filter]] = ()
    default_sort = "-started_at"
    empty = Empty("No run yet", "A run appears here when a worker has read the source.", "", "")

    def row_class(self, obj: PullRun) -> str:
        return "mut" if obj.kind == RunKind.CHECK else ""


RUN_FILTERS = (
    ChoiceFilter("status", "Status", choices=RunStatus.choices, multiple=True),
    ChoiceFilter("kind", "Kind", choices=RunKind.choices),
    DateRangeFilter("started", "Started", field="started_at", moment=True),
)


@requires(P.SOURCE_VIEW)
class AllRuns(_Runs):
    """Runs of all sources."""

    title = "Runs"
    lede = "Every time a worker read a provider: what it brought and what went wrong."
    filters = (
        RelationFilter(
            "source",
            "Source",
            choices=lambda request: (
                selectors.sources(request.actor).order_by("name_norm").values_list("id", "name")
            ),
        ),
        *RUN_FILTERS,
    )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sources", org_url(self.request, "connectors:list")), ("Runs", "")]

    def get_queryset(self) -> QuerySet[PullRun]:
        return selectors.runs(self.request.actor)


class OfSource:
    """A list below one source: the source is looked up once, 404 for another organization's."""

    source: Source

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.source = selectors.source_by_id(request.actor, kwargs["source_id"])
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def trail(self, request: HttpRequest, here: str) -> list[tuple[str, str]]:
        return [
            ("Sources", org_url(request, "connectors:list")),
            (self.source.name, org_url(request, "connectors:detail", self.source.id)),
            (here, ""),
        ]


@requires(P.SOURCE_VIEW)
class SourceRuns(OfSource, _Runs):
    """Runs of one source."""

    columns = tuple(column for column in RUN_COLUMNS if column.name != "source")
    filters = RUN_FILTERS
    filename = "runs"

    def get_title(self) -> str:
        return f"Runs of {self.source.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Runs")

    def get_queryset(self) -> QuerySet[PullRun]:
        return selectors.runs(self.request.actor, self.source.id)


def _line_items(request: HttpRequest) -> list[tuple[str, str]]:
    match = request.resolver_match
    if match is None:
        return []
    return [(item, item) for item in selectors.line_items(match.kwargs["source_id"])]


@requires(P.SOURCE_VIEW)
class SourceBill(OfSource, ListPage):
    """What the provider says it bills: for comparison, never added to measured spend."""

    noun = ("line", "lines")
    filename = "provider-bill"
    lede = (
        "The provider’s own cost report, kept beside the ledger to compare with. It is not added "
        "to measured spend."
    )
    columns = (
        Column("day", "Day (UTC)", sort="day", csv=lambda c: c.day.isoformat()),
        Column("line_item", "Line item", sort="line_item"),
        Column("project_id", "Project id", sort="project_id", in_table=False),
        Column("project", "Project", value=lambda c: c.project_name, sort="project_name"),
        Column("category", "For", value=lambda c: c.get_category_display(), phone=False),
        Column("quantity", "Quantity", align="num",
               value=lambda c: c.tokens or None if c.quantity is None else c.quantity),
        Column("quantity_unit", "Unit", in_table=False,
               value=lambda c: "tokens" if c.quantity is None and c.tokens else c.quantity_unit),
        Column("provider", "Provider", in_table=False),
        Column("service", "Service", in_table=False),
        Column("effective_nanos", "Effective", in_table=False,
               csv=lambda c: money_text(c.effective_nanos) if c.category else ""),
        Column("amount_nanos", "Billed", sort="amount_nanos", align="num",
               value=lambda c: fmt.money(c.amount_nanos, c.currency, style="cents"),
               csv=lambda c: money_text(c.amount_nanos)),
        Column("currency", "Currency", in_table=False),
        Column("first_nanos", "First said", in_table=False,
               csv=lambda c: money_text(c.first_nanos)),
        Column("revisions", "Revised", sort="revisions", align="num"),
        Column("model", "Model", in_table=False),
    )  # fmt: skip
    filters = (
        DateRangeFilter("day", "Day"),
        ChoiceFilter("line_item", "Line item", choices=_line_items),
    )
    default_sort = "-day,-amount_nanos"
    empty = Empty("No bill yet", "Cost reports arrive some hours after each UTC day ends.")

    def get_title(self) -> str:
        return f"Bill of {self.source.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Bill")

    def get_queryset(self) -> QuerySet[ProviderCost]:
        return selectors.costs(self.request.actor, self.source.id)


@requires(P.SOURCE_VIEW)
class SourceDirectory(OfSource, ListPage):
    """Projects, keys and people as the provider names them."""

    noun = ("name", "names")
    filename = "directory"
    lede = (
        "Projects, workspaces, keys, people and service accounts as the provider names them, "
        "refreshed every hour."
    )
    columns = (
        Column("name", "Name", sort="name", sub=lambda e: e.hint),
        Column("kind", "Kind", sort="kind", value=lambda e: e.get_kind_display()),
        Column("external_id", "Id", sort="external_id", phone=False),
        Column("parent_id", "In", sort="parent_id", phone=False),
        Column("owner", "Owner", sort="owner"),
        Column("seen_at", "Last seen", sort="seen_at", csv=lambda e: e.seen_at.isoformat()),
    )
    filters = (
        ChoiceFilter("kind", "Kind", choices=EntryKind.choices),
        SearchFilter("q", "Search", fields=("name", "owner", "external_id")),
    )
    default_sort = "kind,name"
    empty = Empty("No names yet", "The first run reads the provider’s projects, keys and people.")

    def get_title(self) -> str:
        return f"Directory of {self.source.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Directory")

    def get_queryset(self) -> QuerySet[DirectoryEntry]:
        return selectors.directory(self.request.actor, self.source.id)

    @cached_property
    def sees_people(self) -> bool:
        return Sight(self.request.actor).everybody

    def get_columns(self) -> Sequence[Column]:
        return [c for c in self.columns if self.sees_people or c.name != "owner"]

    def get_filters(self) -> Sequence[Filter]:
        if self.sees_people:
            return self.filters
        return (self.filters[0], SearchFilter("q", "Search", fields=("name", "external_id")))


@requires(P.SOURCE_VIEW)
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run: window, cursor, rows, requests, error."""
    run = selectors.run_by_id(request.actor, run_id)
    source = run.source
    context = {
        "title": _run_headline(run),
        "crumbs": [
            ("Sources", org_url(request, "connectors:list")),
            (source.name, org_url(request, "connectors:detail", source.id)),
            ("Run", ""),
        ],
        "run": run,
        "source": source,
        "chip": words.run_chip(run),
        "window": words.window(run),
        "took": words.seconds(run),
        "started_by": words.started_by(run),
        **files.of_run(request, run.id),
    }
    return render(request, "connectors/run.html", context)


def _run_headline(run: PullRun) -> str:
    if run.status == RunStatus.RUNNING:
        return f"{run.source.name} is being read"
    if run.status == RunStatus.FAILED:
        return f"{run.source.name} could not be read"
    if run.status == RunStatus.LOST:
        return f"A run of {run.source.name} was cut short"
    if run.kind == RunKind.CHECK:
        return f"{run.source.name} answers"
    counted = (
        (run.rows_new, "new record"),
        (run.rows_changed, "changed record"),
        (run.rows_withdrawn, "withdrawn record"),
    )
    parts = [fmt.plural(number, noun) for number, noun in counted if number]
    return f"{' and '.join(parts) if parts else 'Nothing new'} from {run.source.name}"
