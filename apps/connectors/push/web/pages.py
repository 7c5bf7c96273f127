"""Pushed usage: what came, what of it counts, why the rest does not, and how to connect."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.connectors.push import selectors
from apps.connectors.push.selectors import Received
from apps.connectors.push.web import words
from apps.connectors.push.web.snippets import snippets
from apps.connectors.web.words import chip
from apps.tenancy.urls import org_url

PERIODS = (("1", "Today"), ("7", "7 days"), ("30", "30 days"), ("365", "12 months"))
USUAL = 7


def _keep(name: str) -> Any:
    return lambda rows, value: [row for row in rows if getattr(row, name) == value]


@requires(P.SOURCE_VIEW)
class Pushed(ListPage):
    """One line per client, signal and outcome; below, how to connect each client."""

    title = "Pushed usage"
    noun = ("line", "lines")
    template_name = "push/overview.html"
    filename = "pushed-usage"
    columns = (
        Column("dialect", "Client", sort="dialect", value=lambda r: words.CLIENTS[r.dialect],
               sub=lambda r: words.SIGNALS[r.signal]),
        Column("signal", "Signal", value=lambda r: words.SIGNALS[r.signal], in_table=False),
        Column("kind", "Outcome", sort="kind",
               value=lambda r: chip(*words.KINDS[r.kind]), csv=lambda r: words.KINDS[r.kind][0]),
        Column("outcome", "Why", value=lambda r: words.outcome_label(r.outcome),
               sub=lambda r: words.outcome_note(r.outcome), full=True),
        Column("items", "Items", sort="items", align="num"),
        Column("tokens", "Tokens", sort="tokens", align="num",
               value=lambda r: fmt.tokens(r.tokens) if r.tokens else None,
               csv=lambda r: r.tokens),
        Column("last_at", "Last received", sort="last_at", csv_label="Last received (UTC)",
               value=lambda r: fmt.ago(r.last_at, clock.now()),
               csv=lambda r: r.last_at.isoformat()),
    )  # fmt: skip
    filters = (
        CustomFilter(
            "days",
            "Period",
            choices=[period for period in PERIODS if period[0] != str(USUAL)],
            any_label=dict(PERIODS)[str(USUAL)],
            narrow=lambda rows, value: rows,
        ),
        CustomFilter(
            "client",
            "Client",
            choices=[(d.value, label) for d, label in words.CLIENTS.items()],
            narrow=_keep("dialect"),
        ),
        CustomFilter(
            "signal",
            "Signal",
            choices=[(s.value, label) for s, label in words.SIGNALS.items()],
            narrow=_keep("signal"),
        ),
        CustomFilter(
            "kind",
            "Outcome",
            choices=[(kind, label) for kind, (label, _) in words.KINDS.items()],
            narrow=_keep("kind"),
        ),
    )
    default_sort = "-items"
    all_rows: list[Received]

    def get_queryset(self) -> QuerySet[Any] | Sequence[Any]:
        self.days = _days(self.request)
        self.all_rows = selectors.received(self.request.actor, self.days)
        return self.all_rows

    def get_title(self) -> str:
        """The answer: does it come, and does it count?"""
        counted = self._sum("counted")
        if not self.all_rows:
            return "No usage has been pushed yet"
        if refused := self._sum("refused"):
            return f"{fmt.count(counted)} calls counted, {fmt.count(refused)} refused"
        return f"{fmt.count(counted)} pushed calls counted"

    def get_lede(self) -> str:
        if not self.all_rows:
            return "Point a client here and its calls appear within seconds."
        period = dict(PERIODS).get(str(self.days), f"{self.days} days").lower()
        last = fmt.ago(max(row.last_at for row in self.all_rows), clock.now())
        return f"{period.capitalize()}, last received {last}. Each call counts once."

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        return [("Sources", org_url(self.request, "connectors:list"))]

    def get_actions(self) -> Sequence[Action]:
        if not can(self.request.actor, P.APIKEY_MANAGE):
            return ()
        return [Action("New API key", org_url(self.request, "organizations:key_new"), "lock")]

    def get_empty(self) -> Empty:
        return Empty(
            "Nothing was pushed in this period",
            "Choose a client below, copy its settings and put in an API key that may push usage.",
            icon="send",
        )

    def row_class(self, obj: Received) -> str:
        return "mut" if obj.kind in ("ignored", "twice") else ""

    def extra_context(self) -> dict[str, Any]:
        return {
            "figures": [
                {
                    "label": words.KINDS[kind][0],
                    "items": self._sum(kind),
                    "tokens": sum(r.tokens for r in self.all_rows if r.kind == kind),
                    "note": note,
                }
                for kind, note in (
                    ("counted", ""),
                    ("twice", "told again by another signal"),
                    ("refused", "the sender can mend it"),
                    ("ignored", "taken quietly"),
                )
            ],
            "has_any": bool(self.all_rows),
            "snippets": snippets(settings.BASE_URL.rstrip("/")),
        }

    def _sum(self, kind: str) -> int:
        return sum(row.items for row in self.all_rows if row.kind == kind)


def _days(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return int(wanted) if wanted in dict(PERIODS) else USUAL
