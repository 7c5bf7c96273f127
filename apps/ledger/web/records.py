"""Usage records, row by row."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch

from apps.access.people import sees_people_of
from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.attribution.enums import Phase
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.tokens import KINDS
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    CustomFilter,
    DateRangeFilter,
    Empty,
    Filter,
    ListPage,
)
from apps.ledger.enums import Axis, Confidence, CostStatus
from apps.ledger.models import DimensionValue, SourceCoverage, UsageRecord
from apps.ledger.selectors import records as selectors
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web.first_use import nothing_connected
from apps.organizations.selectors import unit_choices
from apps.portfolio.selectors import active_capabilities
from apps.tenancy.urls import org_url

STATUSES = [(str(s.value), s.label) for s in CostStatus if s != CostStatus.WITHDRAWN]


def values_of(axis: Axis) -> list[tuple[str, str]]:
    rows = DimensionValue.objects.filter(axis=axis).order_by("label")[:500]
    return [(row.value, row.label) for row in rows]


def sources(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(row.source_id), str(row) or "Source") for row in SourceCoverage.objects.all()]


class Days(DateRangeFilter):
    """Days of the ledger, cut in its time zone."""

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        start, end = value
        return selectors.of_days(qs, start, end + timedelta(days=1) if end else None)


def units(nanos: int | None) -> Decimal | None:
    return None if nanos is None else from_nanos(nanos)


@requires(P.USAGE_VIEW)
class RecordList(ListPage):
    """Current versions of usage records, the latest first. Grows without end: paged by key."""

    title = "Usage records"
    lede = "Each call or provider bucket the ledger counts, once. Every figure is a sum of these."
    template_name = "ledger/list.html"
    noun = ("record", "records")
    paging = "keyset"
    filename = "usage-records"
    empty = Empty(
        "No usage matches",
        "Records appear here as sources deliver them. Widen the days or remove a filter.",
    )
    filters = (
        Days("day", "Days"),
        ChoiceFilter("status", "Cost", field="cost_status", choices=STATUSES),
        CustomFilter(
            "model",
            "Model",
            choices=lambda request: values_of(Axis.MODEL),
            narrow=lambda qs, value: selectors.of_set(qs, model_name=value),
        ),
        CustomFilter(
            "provider",
            "Provider",
            choices=lambda request: values_of(Axis.PROVIDER),
            narrow=lambda qs, value: selectors.of_set(qs, provider_name=value),
        ),
        CustomFilter(
            "unit",
            "Team",
            choices=lambda request: unit_choices(),
            narrow=lambda qs, value: selectors.of_owner(qs, "unit_id", value),
        ),
        CustomFilter(
            "capability",
            "Capability",
            choices=lambda request: [(str(c.id), c.name) for c in active_capabilities()],
            narrow=lambda qs, value: selectors.of_owner(qs, "capability_id", value),
        ),
        CustomFilter(
            "phase",
            "Phase",
            choices=Phase.choices(),
            narrow=lambda qs, value: selectors.of_owner(qs, "phase", value),
        ),
        CustomFilter(
            "owned",
            "Owner found",
            choices=[(way.name.lower(), way.label) for way in Confidence],
            narrow=lambda qs, value: selectors.of_owner(
                qs, "confidence", Confidence[value.upper()]
            ),
        ),
        CustomFilter(
            "source",
            "Source",
            choices=sources,
            narrow=lambda qs, value: selectors.of_set(qs, source_id=value),
        ),
        CustomFilter(
            "api_key",
            "API key",
            choices=lambda request: values_of(Axis.API_KEY),
            narrow=lambda qs, value: selectors.of_named(qs, "api_key", value),
        ),
        CustomFilter(
            "project",
            "Project",
            choices=lambda request: values_of(Axis.PROJECT),
            narrow=lambda qs, value: selectors.of_named(qs, "project", value),
        ),
        CustomFilter(
            "user",
            "User",
            choices=lambda request: values_of(Axis.USER),
            narrow=lambda qs, value: selectors.of_set(qs, user=value),
        ),
        CustomFilter(
            "tier",
            "Service tier",
            choices=lambda request: [*values_of(Axis.SERVICE_TIER), ("none", "Not stated")],
            narrow=lambda qs, value: selectors.of_set(
                qs, tier_name="" if value == "none" else value
            ),
        ),
    )

    def get_title(self) -> str:
        """The answer: how far usage is recorded, whatever the filters leave."""
        if self.request.GET:
            latest = self.get_queryset().order_by("-occurred_at", "-record_key").first()
        else:
            latest = next(iter(self.page.rows), None)
        if latest is None:
            return "No usage is recorded yet"
        moment = fmt.moment(latest.occurred_at, ledger_settings().timezone)
        return f"Usage is recorded up to {moment}"

    def get_empty(self) -> Empty:
        return nothing_connected(self.request) or self.empty

    @cached_property
    def words(self) -> selectors.Words:
        return selectors.Words(self.request.actor)

    @cached_property
    def currency(self) -> str:
        return ledger_settings().currency

    def get_filters(self) -> Sequence[Filter]:
        """All of them; the one by person for those who may see people."""
        if sees_people_of(self.request.actor, P.USAGE_VIEW):
            return self.filters
        return [item for item in self.filters if item.name != "user"]

    def get_queryset(self) -> QuerySet[UsageRecord]:
        return selectors.records(self.request.actor)

    def get_actions(self) -> Sequence[Action]:
        return (Action("Restatements", org_url(self.request, "ledger:restatements"), "history"),)

    def _order(self, request: HttpRequest) -> tuple[str, list[str]]:
        return "", ["-occurred_at", "-record_key"]

    def _rows(self, request: HttpRequest) -> Any:
        self.words.load(row.dimset_id for row in self.page.rows)
        return super()._rows(request)

    def get_columns(self) -> Sequence[Column]:
        def word(name: str) -> Any:
            return lambda row: getattr(self.words.of(row.dimset_id), name)

        def owner(axis: str) -> Any:
            def read(row: UsageRecord) -> str:
                span = self.words.owner(row)
                return self.words.name(axis, getattr(span, f"{axis}_id")) if span else ""

            return read

        zone = ledger_settings().timezone
        columns = [
            Column(
                "occurred_at",
                "When",
                value=lambda row: fmt.moment(row.occurred_at, zone),
                csv=lambda row: row.occurred_at.isoformat(),
                sub=lambda row: row.get_granularity_display(),
                link=lambda row, request: org_url(request, "ledger:record", row.code),
            ),
            Column("model", "Model", value=word("model_name"), sub=word("provider_name")),
            Column("unit", "Team", value=owner("unit"), sub=owner("capability")),
            Column("capability", "Capability", value=owner("capability"), in_table=False),
            Column(
                "decided",
                "Decided by",
                value=self.words.decider,
                link=self._rule_url,
                phone=False,
            ),
            Column(
                "api_key",
                "API key",
                value=lambda row: (
                    self.words.of(row.dimset_id).api_key or self.words.of(row.dimset_id).api_key_id
                ),
                sub=word("project"),
                phone=False,
            ),
            Column(
                "tokens",
                "Tokens",
                value=lambda row: fmt.count(selectors.counts_of(row).total),
                csv=lambda row: selectors.counts_of(row).total,
                align="num",
            ),
            Column("requests", "Requests", align="num", phone=False),
            Column(
                "cost",
                "Cost",
                value=lambda row: fmt.money(row.cost_nanos, self.currency, "unit"),
                sub=lambda row: (
                    "" if row.cost_status == CostStatus.EXACT else row.get_cost_status_display()
                ),
                csv=lambda row: units(row.cost_nanos),
                csv_label=f"Cost ({self.currency})",
                align="num",
            ),
            Column(
                "cost_status",
                "Status",
                value=lambda row: row.get_cost_status_display(),
                in_table=False,
            ),
            Column("version", "Version", align="num", phone=False),
        ]
        columns += [
            Column(kind, kind.replace("_", " "), value=_kind(kind), in_table=False)
            for kind in KINDS
        ]
        return columns

    def _rule_url(self, row: UsageRecord, request: HttpRequest) -> str:
        """The rule that decided, for those who may change it."""
        span = self.words.owner(row)
        if span is None or span.rule_id is None or not can(request.actor, P.ATTRIBUTION_MANAGE):
            return ""
        try:
            return org_url(request, "attribution:edit", span.rule_id)
        except NoReverseMatch:
            return ""


def _kind(kind: str) -> Any:
    return lambda row: getattr(row, kind) or 0


def month_url(request: HttpRequest, month: date) -> str:
    """The records of a month."""
    last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return f"{org_url(request, 'ledger:records')}?day_from={month}&day_to={last}"
