"""The months of the books: settle, close, open again."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import NotFound
from apps.common.money import from_nanos
from apps.common.periods import Month
from apps.common.web.forms import ConfirmPage
from apps.common.web.lists import Action, Column, Empty, ListPage
from apps.ledger import services
from apps.ledger.enums import PeriodStatus
from apps.ledger.selectors import adjustments
from apps.ledger.selectors import periods as selectors
from apps.ledger.selectors.checklist import checklist, problems
from apps.ledger.selectors.own_periods import own_period, own_periods, sees_whole
from apps.ledger.selectors.periods import PeriodRow
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web.records import month_url
from apps.tenancy.urls import org_url
from apps.trail.selectors import events_of_object

NEXT = {
    PeriodStatus.OPEN: (("settle", "Settle"),),
    PeriodStatus.SETTLING: (("close", "Close"), ("reopen", "Reopen")),
    PeriodStatus.CLOSED: (("reopen", "Reopen"),),
}


@requires(P.USAGE_VIEW)
class PeriodList(ListPage):
    """Every month with usage, its state and its figures."""

    crumbs = (("Periods", ""),)
    template_name = "ledger/list.html"
    noun = ("month", "months")
    default_sort = "-month"
    empty = Empty("No usage yet", "Months appear with the first usage.")

    def get_lede(self) -> str:
        rule = (
            "A closed month does not move: what arrives for it later is an adjustment, counted in "
            "an open month."
        )
        return rule if sees_whole(self.request.actor) else f"{rule} Figures are of your teams."

    def get_queryset(self) -> list[PeriodRow]:
        return own_periods(self.request.actor)

    def get_title(self) -> str:
        """Which month was closed last."""
        closed = selectors.closed_months()
        return f"{closed[0]:%B %Y} is the last closed month" if closed else "No month is closed yet"

    def get_actions(self) -> Sequence[Action]:
        return (
            Action("Adjustments", org_url(self.request, "ledger:adjustments"), "arrow-back-up"),
            Action("Restatements", org_url(self.request, "ledger:restatements"), "history"),
            Action("Retention", org_url(self.request, "ledger:retention"), "hourglass"),
        )

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency
        return [
            Column(
                "month",
                "Month",
                value=lambda row: f"{row.month:%B %Y}",
                csv=lambda row: row.key,
                sort="month",
                link=lambda row, request: org_url(request, "ledger:period", month=row.key),
            ),
            Column(
                "status",
                "Status",
                value=lambda row: row.label,
                sort="status",
                sub=lambda row: (
                    f"by {row.closed_by}, {fmt.day(row.closed_at.date())}" if row.closed_at else ""
                ),
            ),
            Column(
                "tokens",
                "Tokens",
                value=lambda row: fmt.tokens(row.tokens),
                csv=lambda row: row.tokens,
                align="num",
                sort="tokens",
            ),
            Column(
                "cost",
                "Cost",
                value=lambda row: fmt.money(row.cost_nanos, currency),
                csv=lambda row: from_nanos(row.cost_nanos),
                csv_label=f"Cost ({currency})",
                align="num",
                sort="cost_nanos",
            ),
            Column("unpriced_records", "Without a price", align="num", phone=False),
            Column(
                "adjustments",
                "Adjustments since",
                align="num",
                phone=False,
                link=lambda row, request: (
                    f"{org_url(request, 'ledger:adjustments')}?month={row.key}"
                    if row.adjustments and row.closed_at
                    else ""
                ),
            ),
            Column("steps", "Next step", value=self._steps, in_csv=False),
        ]

    def _steps(self, row: PeriodRow) -> SafeString | str:
        if not can(self.request.actor, P.PERIOD_MANAGE):
            return ""
        links = [
            format_html(
                '<a href="{}">{}<span class="vh"> {}</span></a>',
                org_url(self.request, f"ledger:period_{name}", month=row.key),
                label,
                f"{row.month:%B %Y}",
            )
            for name, label in NEXT[PeriodStatus(row.status)]
            if name != "close" or row.ended
        ]
        return format_html("{}", SafeString(" · ".join(links)))


@requires(P.USAGE_VIEW)
def period(request: HttpRequest, month: str) -> HttpResponse:
    """One month: its figures, what stands between it and its close, its proof, what came later."""
    row, whole = own_period(request.actor, _month(month)), sees_whole(request.actor)
    mine = adjustments.adjustments(request.actor)
    later, here = adjustments.from_month(mine, row.month), adjustments.posted_in(mine, row.month)
    closed, asked = row.status == PeriodStatus.CLOSED, bool(request.GET.get("verify"))
    links = {
        name: org_url(request, f"ledger:period_{name}", month=row.key)
        for name, _ in NEXT[PeriodStatus(row.status)]
        if can(request.actor, P.PERIOD_MANAGE)
        and (name != "close" or row.ended)
        and not row.prune_started_at
    }
    checks = checklist(row.month) if whole and not closed else []
    context = {
        "title": f"{row.month:%B %Y}",
        "crumbs": [("Periods", org_url(request, "ledger:periods")), (f"{row.month:%B %Y}", "")],
        "row": row,
        "closed": closed,
        "whole": whole,
        "links": links,
        "checks": [(c, _page(request, c.page)) for c in checks],
        "ready": not problems(checks),
        "verified": selectors.is_unchanged(row.month) if asked and whole else None,
        "asked": asked and whole,
        "later": adjustments.together(later),
        "here": adjustments.together(here),
        "history": events_of_object("period", row.id)[:20] if row.id else [],
        "records_url": month_url(request, row.month),
        "currency": ledger_settings().currency,
        "zone": ledger_settings().timezone,
    }
    return render(request, "ledger/period.html", context)


def _month(text: str) -> date:
    try:
        return Month.parse(text).start
    except ValueError:
        raise NotFound("There is no such month.", code="period_not_found") from None


def _page(request: HttpRequest, name: str) -> str:
    try:
        return org_url(request, name) if name else ""
    except NoReverseMatch:
        return ""


class StepForm(forms.Form):
    """A note for the trail, and the version the person saw."""

    note = forms.CharField(label="Note", required=False, max_length=500)
    version = forms.IntegerField(widget=forms.HiddenInput)


class ReopenForm(StepForm):
    note = forms.CharField(label="Reason", max_length=500)


class Step(ConfirmPage):
    """What the three steps share."""

    form_class = StepForm
    verb = ""

    @cached_property
    def period(self) -> PeriodRow:
        return selectors.period(_month(self.kwargs["month"]))

    def get_title(self) -> str:
        return f"{self.title} {self.period.month:%B %Y}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Periods", org_url(self.request, "ledger:periods")), (self.get_title(), "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "ledger:period", month=self.kwargs["month"])

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.period.version}

    def done(self) -> str:
        messages.success(self.request, f"{self.period.month:%B %Y} is {self.verb}.")
        return self.cancel_url()


@requires(P.PERIOD_MANAGE)
class Settle(Step):
    title = "Settle"
    submit_label = "Start settling"
    message = "The month stays open for late data while you check it. Closing is the next step."
    verb = "settling"

    def save(self, form: Any) -> str:
        services.settle_period(
            actor=self.request.actor,
            month=self.period.month,
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        return self.done()


@requires(P.PERIOD_MANAGE)
class Close(Step):
    title = "Close"
    submit_label = "Close the month"
    verb = "closed"

    def get_message(self) -> str:
        currency = ledger_settings().currency
        cost = fmt.money(self.period.cost_nanos, currency, "cents")
        without = fmt.plural(self.period.unpriced_records, "record")
        found = problems(checklist(self.period.month))
        open_points = f" Not ready: {'; '.join(found)}. Say in the note why." if found else ""
        return (
            f"{cost} will be final; {without} without a price.{open_points} Later changes become "
            "adjustments in an open month. The digest of all its figures goes into the trail."
        )

    def save(self, form: Any) -> str:
        services.close_period(
            actor=self.request.actor,
            month=self.period.month,
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        return self.done()


@requires(P.PERIOD_MANAGE)
class Reopen(Step):
    title = "Reopen"
    submit_label = "Reopen the month"
    form_class = ReopenForm
    danger = True
    message = "Its figures will move again with late data. Adjustments made so far stay."
    verb = "open again"

    def save(self, form: Any) -> str:
        services.reopen_period(
            actor=self.request.actor,
            month=self.period.month,
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["note"],
        )
        return self.done()
