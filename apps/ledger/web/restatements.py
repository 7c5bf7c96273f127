"""Restatements: row by row, and taken together by source, day, model or reason."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
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
from apps.ledger.enums import Axis, RestatementReason
from apps.ledger.models import DimensionSet, UsageRestatement
from apps.ledger.models.records import record_code
from apps.ledger.selectors import records as selectors
from apps.ledger.selectors import restatements as groups
from apps.ledger.selectors.restatements import RestatedGroup
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web.records import Days, sources, units, values_of
from apps.tenancy.urls import org_url


@requires(P.USAGE_VIEW)
class RestatementList(ListPage):
    """What sources said at first, what they say now, and the difference."""

    title = "Restatements"
    lede = "Every superseded version of a record. History changes only here, in the open."
    template_name = "ledger/list.html"
    noun = ("restatement", "restatements")
    paging = "keyset"
    default_sort = "-restated_at"
    empty = Empty(
        "Nothing was restated",
        "When a source reports other figures for usage it reported before, both stay here.",
    )
    filters = (
        DateRangeFilter("restated", "Restated", field="restated_at", moment=True),
        ChoiceFilter("reason", "Reason", choices=RestatementReason.choices),
        ChoiceFilter("source", "Source", field="source_id", choices=sources),
        CustomFilter(
            "model",
            "Model",
            choices=lambda request: values_of(Axis.MODEL),
            narrow=lambda rows, value: rows.filter(
                new_dimset_id__in=DimensionSet.objects.filter(model_name=value).values("id")
            ),
        ),
        Days("day", "Usage of"),
    )

    @cached_property
    def words(self) -> selectors.Words:
        return selectors.Words(self.request.actor)

    def get_queryset(self) -> QuerySet[UsageRestatement]:
        return selectors.restatements(self.request.actor)

    def get_actions(self) -> Sequence[Action]:
        return (Action("Taken together", org_url(self.request, "ledger:restatement_groups")),)

    def get_columns(self) -> Sequence[Column]:
        settings = ledger_settings()
        currency, zone = settings.currency, settings.timezone

        def money(name: str) -> Any:
            return lambda row: fmt.money(getattr(row, name), currency, "unit")

        return [
            Column(
                "restated_at",
                "Restated",
                value=lambda row: fmt.moment(row.restated_at, zone),
                csv=lambda row: row.restated_at.isoformat(),
                sort="restated_at",
                sub=lambda row: row.get_reason_display(),
            ),
            Column(
                "occurred_at",
                "Usage of",
                value=lambda row: fmt.moment(row.occurred_at, zone),
                csv=lambda row: row.occurred_at.isoformat(),
                link=lambda row, request: org_url(
                    request, "ledger:record", record_code(row.occurred_at, row.record_key)
                ),
            ),
            Column(
                "model",
                "Model",
                value=lambda row: self.words.of(row.new_dimset_id).model_name,
                sub=lambda row: self.words.name("source", row.source_id),
            ),
            Column("reason", "Reason", value=lambda row: row.get_reason_display(), in_table=False),
            Column("old_tokens", "Tokens before", align="num"),
            Column("new_tokens", "Tokens now", align="num"),
            Column(
                "old_cost_nanos",
                "Cost before",
                value=money("old_cost_nanos"),
                align="num",
                csv=lambda row: units(row.old_cost_nanos),
            ),
            Column(
                "new_cost_nanos",
                "Cost now",
                value=money("new_cost_nanos"),
                align="num",
                csv=lambda row: units(row.new_cost_nanos),
            ),
            Column(
                "difference_nanos",
                "Difference",
                value=lambda row: fmt.signed_money(row.difference_nanos, currency, "unit"),
                csv=lambda row: units(row.difference_nanos),
                align="num",
            ),
            Column("version", "Version", align="num", phone=False),
        ]


class _Asked(Filter):
    """A filter that was applied before summing: it only draws its control."""

    def __init__(self, inner: Filter) -> None:
        super().__init__(inner.name, inner.label)
        object.__setattr__(self, "inner", inner)

    inner: Filter

    def read(self, request: HttpRequest) -> Any:
        return self.inner.read(request)

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs

    def control(self, request: HttpRequest, value: Any) -> Any:
        return self.inner.control(request, value)


@requires(P.USAGE_VIEW)
class RestatementGroups(ListPage):
    """Before and after, by source, day of usage, model or reason."""

    title = "Restatements, taken together"
    lede = "What sources said before and what they say now. Unknown costs count as nothing here."
    template_name = "ledger/list.html"
    noun = ("group", "groups")
    filename = "restatements-together"
    default_sort = ""
    page_size = 50
    empty = RestatementList.empty

    @property
    def by(self) -> str:
        wanted = self.request.GET.get("by", "")
        return wanted if wanted in groups.GROUPS else "source"

    def get_filters(self) -> Sequence[Any]:
        """The list's own, applied before the rows are summed, and what to sum by."""
        return (
            CustomFilter("by", "By", choices=list(groups.GROUPS.items()), any_label="Source"),
            *map(_Asked, RestatementList.filters),
        )

    def get_queryset(self) -> list[RestatedGroup]:
        found = selectors.restatements(self.request.actor)
        for item in RestatementList.filters:
            value = item.read(self.request)
            if value:
                found = item.apply(found, value)
        return groups.grouped(found, self.by)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Restatements", org_url(self.request, "ledger:restatements")),
            ("Taken together", ""),
        ]

    def _link(self, row: RestatedGroup, request: HttpRequest) -> str:
        if not row.key:
            return ""
        asked = {k: v for k, v in request.GET.items() if k not in ("by", "page", "size", "sort")}
        if self.by == "day":
            asked |= {"day_from": row.key, "day_to": row.key}
        else:
            asked[self.by] = row.key
        return f"{org_url(request, 'ledger:restatements')}?{urlencode(asked)}"

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency

        def money(name: str, label: str) -> Column:
            return Column(
                name,
                label,
                value=lambda row: fmt.money(getattr(row, name), currency, "unit"),
                csv=lambda row: units(getattr(row, name)),
                csv_label=f"{label} ({currency})",
                align="num",
                sort=name,
            )

        return [
            Column(
                "label",
                groups.GROUPS[self.by],
                link=self._link,
                sort="label",
                sub=lambda row: (
                    f"{fmt.count(row.unknown_before)} had no cost before"
                    if row.unknown_before
                    else ""
                ),
            ),
            Column("count", "Restated", align="num", sort="count"),
            Column("old_tokens", "Tokens before", align="num", sort="old_tokens", phone=False),
            Column("new_tokens", "Tokens now", align="num", sort="new_tokens", phone=False),
            Column("token_difference", "Tokens, change", align="num", sort="token_difference"),
            money("old_cost_nanos", "Cost before"),
            money("new_cost_nanos", "Cost now"),
            Column(
                "difference_nanos",
                "Difference",
                value=lambda row: fmt.signed_money(row.difference_nanos, currency, "unit"),
                csv=lambda row: units(row.difference_nanos),
                csv_label=f"Difference ({currency})",
                align="num",
                sort="difference_nanos",
            ),
        ]
