"""Long context: what each capability's calls may carry, do carry, and were designed to."""

from functools import cached_property

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.entitlements.selectors.context import DAYS, ContextLine, context_lines
from apps.entitlements.web import words
from apps.entitlements.web.listing import tabs
from apps.ledger.selectors.runs import MOST_RUNS_EACH
from apps.tenancy.urls import org_url

STATES = (
    ("over", "Over its entitlement"),
    ("within", "Within it"),
    ("unknown", "Nothing to compare"),
)
LABELS = dict(STATES)


def tokens(value: int | None) -> str | None:
    return None if value is None else fmt.tokens(value)


def why(line: ContextLine) -> str:
    return "By an entitlement" if line.by else f"{line.applied.tier.label} tier"


def _ask(line: ContextLine, request: HttpRequest) -> str:
    if line.state != "over" or request.actor.membership_id is None:
        return ""
    return words.ask_url(request, gives="context", capability=str(line.capability.id))


@requires(P.USAGE_VIEW)
class ContextPage(ListPage):
    """Capabilities by how their input compares with what they are entitled to."""

    noun = ("capability", "capabilities")
    filename = "context"
    default_sort = "name_norm"
    filters = (
        CustomFilter(
            "state",
            "State",
            choices=STATES,
            narrow=lambda rows, value: [r for r in rows if r.state == value],  # type: ignore[arg-type, return-value]
        ),
    )
    columns = (
        Column(
            "name",
            "Capability",
            value=lambda r: r.capability.name,
            sort="name_norm",
            link=lambda r, request: org_url(request, "portfolio:detail", r.capability.id),
            sub=lambda r: r.capability.unit.name,
        ),
        Column(
            "limit",
            "Entitled to, a call",
            value=lambda r: tokens(r.limit) or "Any",
            sub=why,
            csv=lambda r: r.limit,
            sort="limit",
            align="num",
        ),
        Column(
            "p95",
            "Input, 95% of calls under",
            value=lambda r: tokens(r.p95),
            csv=lambda r: r.p95,
            sort="p95",
            align="num",
        ),
        Column(
            "largest",
            "Largest call",
            value=lambda r: tokens(r.largest),
            csv=lambda r: r.largest,
            sort="largest",
            align="num",
            phone=False,
        ),
        Column(
            "over_share",
            "Calls over it",
            value=lambda r: fmt.pct(r.over_share, 1) if r.inputs else None,
            csv=lambda r: r.over_share,
            align="num",
            phone=False,
        ),
        Column(
            "designed",
            "Designed for",
            value=lambda r: tokens(r.designed),
            sub=lambda r: r.design.ref if r.design else "",
            csv=lambda r: r.designed,
            sort="designed",
            align="num",
        ),
        Column("state", "State", value=lambda r: LABELS[r.state], link=_ask),
    )

    @cached_property
    def found(self) -> list[ContextLine]:
        return context_lines(self.request.actor)

    def get_queryset(self) -> list[ContextLine]:
        return self.found

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Entitlements", org_url(self.request, "entitlements:list")), ("Long context", "")]

    def get_title(self) -> str:
        over = sum(line.state == "over" for line in self.found)
        if not over:
            return "Every capability stays within its context"
        verb = "sends" if over == 1 else "send"
        return (
            f"{fmt.plural(over, 'capability', 'capabilities')} {verb} more context than entitled to"
        )

    def get_lede(self) -> str:
        return (
            f"Single calls of the latest {MOST_RUNS_EACH} runs of {DAYS} days, cached input "
            "included, and the likely input of the approved story. Ask for more with evidence."
        )

    def get_actions(self) -> list[Action]:
        found = [a for a in tabs(self.request) if not a.url.endswith("/context/")]
        return [*found, *words.ask_action(self.request, "Ask for more context", gives="context")]

    def get_empty(self) -> Empty:
        return Empty("No capability in sight", "Add what your team uses tokens for.")
