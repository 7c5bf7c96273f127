"""The list of asks."""

from django.db.models import QuerySet

from apps.access.permissions import P
from apps.access.web import requires
from apps.asks import selectors
from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.models import Ask
from apps.asks.web.words import amount_words, state_words
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.organizations.selectors import unit_choices
from apps.tenancy.urls import org_url


@requires(P.APPROVAL_VIEW)
class Asks(ListPage):
    """Budget requests, entitlements and exceptions in sight, newest first."""

    title = "Requests"
    noun = ("request", "requests")
    default_sort = "-number"
    filename = "requests"
    crumbs = (("Requests", ""),)
    filters = (
        SearchFilter("q", "Search", fields=("title_norm",), placeholder="Title…"),
        ChoiceFilter("kind", "For", choices=AskKind.choices()),
        ChoiceFilter("status", "Status", choices=AskStatus.choices()),
        RelationFilter("unit", "Team", choices=lambda request: unit_choices()),
    )
    columns = (
        Column(
            "title",
            "Request",
            sort="title_norm",
            link=lambda r, request: org_url(request, "asks:detail", ask_id=r.id),
            sub=lambda r: f"{r.ref}, {AskKind(r.kind).label.lower()}",
        ),
        Column("ref", "Reference", in_table=False),
        Column("kind", "For", value=lambda r: AskKind(r.kind).label, in_table=False),
        Column("rule", "Rule", value=lambda r: Rule(r.rule).label if r.rule else None, phone=False),
        Column("team", "Team", value=lambda r: r.unit.name if r.unit else "All"),
        Column(
            "amount",
            "Amount",
            value=amount_words,
            align="num",
            csv=lambda r: None if r.amount_nanos is None else from_nanos(r.amount_nanos),
        ),
        Column("currency", "Currency", in_table=False),
        Column("starts_on", "From", sort="starts_on"),
        Column("ends_on", "To"),
        Column("status", "Status", value=state_words, sort="status"),
        Column("by", "Asked by", value=lambda r: r.requester_name),
    )

    def get_queryset(self) -> QuerySet[Ask]:
        return selectors.asks(self.request.actor)

    def get_title(self) -> str:
        rows = selectors.asks(self.request.actor)
        waiting = rows.filter(status=AskStatus.ASKED).count()
        today = clock.today()
        held = rows.filter(
            kind=AskKind.EXCEPTION,
            status=AskStatus.APPROVED,
            starts_on__lte=today,
            ends_on__gte=today,
        ).count()
        if not waiting and not held:
            return "No request waits, no exception holds"
        return f"{fmt.plural(waiting, 'request')} waiting, {fmt.plural(held, 'exception')} in force"

    def get_actions(self) -> list[Action]:
        if self.request.actor.membership_id is None:
            return []
        url = org_url(self.request, "asks:new")
        return [
            Action("Ask for budget", f"{url}?kind=increase", "wallet"),
            Action("Ask for an entitlement", f"{url}?kind=entitlement", "cpu"),
            Action("Ask for an exception", f"{url}?kind=exception", "plus", primary=True),
        ]

    def get_empty(self) -> Empty:
        return Empty(
            "Nobody asked for budget, an entitlement or an exception",
            "More for a month, money from another team; premium models or long context until a "
            "day.",
            "Ask for an exception",
            org_url(self.request, "asks:new") + "?kind=exception",
            icon="send",
        )
