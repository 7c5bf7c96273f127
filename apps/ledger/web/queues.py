"""What waits for a decision: usage without a price, usage without an owner."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can, visible_unit_ids
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.web.lists import Action, Column, Empty, ListPage
from apps.ledger.enums import CostStatus
from apps.ledger.query import Query, Result, Row, run
from apps.ledger.selectors.recost import latest_recost, unconverted
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.urls import org_url

WINDOW_DAYS = 366


class _Queue(ListPage):
    """A list of the rows of one query."""

    template_name = "ledger/list.html"

    def get_queryset(self) -> list[Row]:
        return self.kept(self.result)

    def kept(self, result: Result) -> list[Row]:
        raise NotImplementedError

    def query(self) -> dict[str, Any]:
        raise NotImplementedError

    @cached_property
    def result(self) -> Result:
        today = clock.today(ledger_settings().timezone)
        asked = self.query()
        days = asked.pop("days")
        return run(
            Query(
                start=today - timedelta(days=days),
                end=today + timedelta(days=2),
                unit_ids=visible_unit_ids(self.request.actor, P.USAGE_VIEW),
                **asked,
            )
        )

    def _link(self, name: str, **words: str) -> str:
        try:
            return f"{org_url(self.request, name)}?{urlencode(words)}"
        except NoReverseMatch:
            return ""


@requires(P.USAGE_VIEW)
class Unpriced(_Queue):
    """Models that were used and have no price: their cost is unknown, not zero."""

    title = "Usage without a price"
    noun = ("model", "models")
    default_sort = "-unpriced_tokens"
    empty = Empty("Everything has a price", "No usage of the last year waits for one.")

    def query(self) -> dict[str, Any]:
        return {"days": WINDOW_DAYS, "group_by": ("provider", "model")}

    def kept(self, result: Result) -> list[Row]:
        return [row for row in result.rows if row.unpriced_records]

    def get_lede(self) -> str:
        text = "Its cost is unknown, not zero. Give the model a price, then price the records."
        if waiting := unconverted():
            named = ", ".join(f"{fmt.plural(n, 'record')} in {code}" for code, n in waiting.items())
            text += f" {named} have a price and wait for an exchange rate."
        return text

    def get_actions(self) -> Sequence[Action]:
        if not can(self.request.actor, P.PRICE_MANAGE) or not self.get_queryset():
            return ()
        url = org_url(self.request, "ledger:recost")
        actions = [Action("Price the records", url, primary=True)]
        if job := latest_recost():
            url = org_url(self.request, "ledger:recost_job", job.id)
            actions.insert(0, Action("Last pricing", url, "history"))
        return actions

    def get_columns(self) -> Sequence[Column]:
        return [
            Column(
                "model",
                "Model",
                value=lambda row: row.labels[1],
                sub=lambda row: row.labels[0],
                link=lambda row, request: self._link(
                    "ledger:records",
                    model=row.keys[1] or "",
                    status=str(CostStatus.UNPRICED.value),
                ),
            ),
            Column("provider", "Provider", value=lambda row: row.labels[0], in_table=False),
            Column("unpriced_tokens", "Tokens", align="num", sort="unpriced_tokens"),
            Column("unpriced_requests", "Requests", align="num", sort="unpriced_requests"),
            Column("unpriced_records", "Records", align="num", sort="unpriced_records"),
            Column("price", "Step", value=self._step, in_csv=False, hide_label=True, align="num"),
        ]

    def _step(self, row: Row) -> SafeString:
        if not can(self.request.actor, P.PRICE_MANAGE):
            return SafeString(" ")
        words = {"provider": row.keys[0] or "", "model": row.keys[1] or ""}
        return format_html(
            '<a class="btn sm" href="{}?{}">Set a price<span class="vh"> for {}</span></a>',
            org_url(self.request, "ledger:price_model"),
            urlencode(words),
            row.labels[1],
        )
