"""Metrics of approvals: where time goes, what is overdue, who decides, why things are declined."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.approvals.enums import Lane
from apps.approvals.selectors.metrics import Metrics, metrics
from apps.approvals.web.base import ApprovalsPage
from apps.approvals.web.words import duration_words
from apps.common import clock, fmt
from apps.common.charts import meter
from apps.common.web import csvout
from apps.common.web.filters import Control

WINDOWS = (("30", "30 days"), ("90", "90 days"), ("365", "A year"))


def window(text: str) -> int:
    """Days of the window; 90 for anything that is not offered."""
    return int(text) if text in dict(WINDOWS) else 90


@requires(P.APPROVAL_VIEW)
class MetricsPage(ApprovalsPage, View):
    """`?days=30|90|365`, `&format=csv`."""

    tab = "approvals:metrics"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        days = window(request.GET.get("days", ""))
        end = clock.now()
        found = metrics(request.actor, start=end - timedelta(days=days), end=end)
        if request.GET.get("format") == "csv":
            return csvout.response(
                f"approval-metrics-{clock.today().isoformat()}.csv", CSV_HEAD, csv_rows(found)
            )
        longest = max((s.median_seconds for s in found.steps), default=0)
        context: dict[str, Any] = {
            **self.tab_context(),
            "title": headline(found),
            "lede": f"What was decided in the last {days} days, and what waits now.",
            "crumbs": self.get_crumbs(),
            "metrics": found,
            "controls": [
                Control("select", "days", "Period", str(days), WINDOWS, any_label="", keep=True)
            ],
            "region": "main",
            "steps": [
                {
                    "step": s,
                    "median": duration_words(s.median_seconds),
                    "p90": duration_words(s.p90_seconds),
                    "bar": meter(s.median_seconds / longest if longest else 0, label=s.name),
                    "late": fmt.pct(s.late_share),
                }
                for s in found.steps
            ],
            "overdue": [
                {"row": row, "since": duration_words(int((end - row.oldest_due).total_seconds()))}
                for row in found.overdue
            ],
            "lanes": [
                {"lane": each, "median": duration_words(each.median_seconds)}
                for each in found.lanes
            ],
            "auto_share": auto_share(found),
            "reasons": found.reasons,
            "declined": sum(count for _, count in found.reasons),
        }
        return render(request, "approvals/metrics.html", context)


def headline(found: Metrics) -> str:
    """The answer first: what holds things up most."""
    if found.overdue:
        worst = max(found.overdue, key=lambda row: row.count)
        verb = "waits" if found.overdue_count == 1 else "wait"
        return (
            f"{fmt.plural(found.overdue_count, 'answer')} {verb} past the due time,"
            f" most at {worst.name}"
        )
    if found.steps:
        slowest = found.steps[0]
        return (
            f"Nothing is overdue; {slowest.name} takes longest, "
            f"{duration_words(slowest.median_seconds)} in the middle"
        )
    return "Nothing was decided in this time"


def auto_share(found: Metrics) -> str:
    total = sum(lane.total for lane in found.lanes)
    auto = next(lane.total for lane in found.lanes if lane.lane is Lane.AUTO)
    return fmt.pct(auto / total) if total else fmt.DASH


CSV_HEAD = (
    "Figure",
    "Name",
    "Count",
    "Median seconds",
    "P90 seconds",
    "Late",
    "Approved",
    "Declined",
    "Sent back",
    "Oldest due",
)


def csv_rows(found: Metrics) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        ("step", s.name, s.count, s.median_seconds, s.p90_seconds, s.late, "", "", "", "")
        for s in found.steps
    ]
    rows += [
        ("overdue", o.name, o.count, "", "", "", "", "", "", o.oldest_due) for o in found.overdue
    ]
    rows += [
        (
            "lane",
            lane.lane.value,
            lane.total,
            lane.median_seconds,
            "",
            "",
            lane.approved,
            lane.rejected,
            lane.changes_requested,
            "",
        )
        for lane in found.lanes
    ]
    rows += [("reason", r.value, n, "", "", "", "", "", "", "") for r, n in found.reasons]
    return rows
