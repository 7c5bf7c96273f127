"""Changes of closed months, row by row."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.periods import Month, month_of
from apps.common.tokens import KINDS
from apps.common.web.lists import Column, CustomFilter, DateRangeFilter, Empty, ListPage
from apps.ledger.enums import Axis
from apps.ledger.models import UsageAdjustment
from apps.ledger.selectors import adjustments as selectors
from apps.ledger.selectors.periods import closed_months
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.urls import org_url


def _months(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(month_of(m)), f"{m:%B %Y}") for m in closed_months()]


def _start(value: str) -> date:
    return Month.parse(value).start


@requires(P.USAGE_VIEW)
class AdjustmentList(ListPage):
    """What reached closed months, and where it counts instead."""

    title = "Adjustments"
    lede = (
        "Changes that reached a closed month. The month kept its figures; each change counts on "
        "the day it was posted, in a month that was open."
    )
    template_name = "ledger/list.html"
    noun = ("adjustment", "adjustments")
    paging = "keyset"
    default_sort = "-created_at"
    empty = Empty(
        "No adjustments",
        "When usage of a closed month changes, the difference appears here.",
    )
    filters = (
        CustomFilter(
            "month",
            "Closed month",
            choices=_months,
            narrow=lambda rows, value: selectors.from_month(rows, _start(value)),
        ),
        DateRangeFilter("posted", "Posted", field="posted_on"),
    )

    @cached_property
    def words(self) -> selectors.SliceWords:
        return selectors.SliceWords()

    def get_queryset(self) -> QuerySet[UsageAdjustment]:
        return selectors.adjustments(self.request.actor)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Periods", org_url(self.request, "ledger:periods")), (self.title, "")]

    def _rows(self, request: HttpRequest) -> Any:
        self.words.load(row.slice_id for row in self.page.rows)
        return super()._rows(request)

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency

        def word(axis: Axis) -> Any:
            return lambda row: self.words.of(row.slice_id, axis)

        def tokens(row: UsageAdjustment) -> int:
            return sum(getattr(row, kind) for kind in KINDS)

        return [
            Column("origin_day", "Usage of", value=lambda row: row.origin_day),
            Column("posted_on", "Counts on", value=lambda row: row.posted_on),
            Column("unit", "Team", value=word(Axis.UNIT), sub=word(Axis.CAPABILITY)),
            Column("capability", "Capability", value=word(Axis.CAPABILITY), in_table=False),
            Column("model", "Model", value=word(Axis.MODEL), sub=word(Axis.SOURCE)),
            Column("source", "Source", value=word(Axis.SOURCE), in_table=False),
            Column("records", "Records", align="num", phone=False),
            Column("tokens", "Tokens", value=tokens, align="num"),
            Column(
                "cost",
                "Cost",
                value=lambda row: fmt.signed_money(row.cost_nanos, currency, "unit"),
                csv=lambda row: from_nanos(row.cost_nanos),
                csv_label=f"Cost ({currency})",
                align="num",
            ),
        ]
