"""One cycle: its envelopes in a round against budgets and spend, and its rounds side by side."""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.filters import ChoiceFilter, CustomFilter, Filter
from apps.common.web.lists import Action, Column, Empty, ListPage
from apps.planning import selectors
from apps.planning.models import PlanningCycle, PlanningRound
from apps.planning.selectors.standing import (
    Compared,
    CycleStanding,
    EnvelopeStanding,
    compared,
    standing,
)
from apps.planning.web.present import days, money, money_column
from apps.tenancy.urls import org_url

STATES = (
    ("unasked", "Nothing asked for"),
    ("unallocated", "Not allocated"),
    ("short", "Given less than asked for"),
    ("above", "Asked for more than stories plan"),
    ("overspent", "Spent more than the envelope"),
    ("unopened", "Not all in budgets"),
)


def _matches(row: EnvelopeStanding, state: str) -> bool:
    match state:
        case "unasked":
            return row.requested is None
        case "unallocated":
            return row.allocated is None
        case "short":
            return (row.gap or 0) < 0
        case "above":
            return row.requested is not None and row.requested > (row.suggested or 0)
        case "overspent":
            return (row.left or 0) < 0
    return (row.unopened or 0) > 0


def _in_state(rows: Any, state: str) -> Any:
    return [row for row in rows if _matches(row, state)]


def _in_round(what: str, number: int, row: Compared) -> int | None:
    found: dict[int, int | None] = getattr(row, what)
    return found.get(number)


class RoundFilter(ChoiceFilter):
    """Which round is shown; narrowing nothing by itself."""

    def apply(self, qs: Any, value: Any) -> Any:
        return qs

    def control(self, request: HttpRequest, value: Any) -> Any:
        found = super().control(request, value)
        return type(found)(
            found.kind, found.name, found.label, value, found.options, "Newest round", keep=True
        )


class OfCycle(ListPage):
    """A list about one cycle."""

    cycle: PlanningCycle

    def dispatch(self, request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
        self.cycle = selectors.cycle_by_id(cycle_id)
        return super().dispatch(request)

    @cached_property
    def rounds(self) -> list[PlanningRound]:
        return selectors.rounds_of(self.cycle)

    def url(self, name: str) -> str:
        return org_url(self.request, f"planning:{name}", cycle_id=self.cycle.id)


@requires(P.BUDGET_VIEW)
class CyclePage(OfCycle):
    """Envelopes of a round."""

    noun = ("team", "teams")
    template_name = "planning/detail.html"
    filename = "envelopes"
    default_sort = "envelope__unit__name"

    @cached_property
    def standing(self) -> CycleStanding:
        chosen = self.request.GET.get("round", "")
        known = {str(r.number): r.number for r in self.rounds}
        return standing(self.request.actor, self.cycle, known.get(chosen))

    @property
    def shows_newest(self) -> bool:
        return self.standing.number == self.cycle.round_number

    def get_queryset(self) -> Sequence[EnvelopeStanding]:
        return self.standing.rows

    def get_filters(self) -> Sequence[Filter]:
        state = CustomFilter("state", "Show", choices=STATES, narrow=_in_state)
        if len(self.rounds) < 2:
            return (state,)
        choices = [(str(r.number), r.name) for r in reversed(self.rounds)]
        return (RoundFilter("round", "Round", choices=choices), state)

    def get_columns(self) -> Sequence[Column]:
        currency = self.cycle.currency

        def amount(name: str, label: str, **options: Any) -> Column:
            return money_column(
                name, label, currency, lambda row: getattr(row, name), sort=name, **options
            )

        found = [
            Column(
                "team",
                "Team",
                value=lambda row: row.envelope.unit.name,
                sort="envelope__unit__name",
                link=lambda row, request: org_url(
                    request, "planning:envelope", envelope_id=row.envelope.id
                ),
                sub=lambda row: (
                    fmt.plural(len(row.stories), "story", "stories") if row.stories else ""
                ),
            ),
            amount("suggested", "Stories plan", phone=False),
            amount("requested", "Asked for"),
            amount("allocated", "Approved" if self.locked else "Allocated"),
            amount("gap", "Difference", phone=False),
        ]
        if self.locked:
            found += [
                amount("changed", "Changed by requests", phone=False),
                amount("current", "Envelope now"),
                amount("opened", "In budgets"),
                amount("spent", "Spent"),
                amount("left", "Left"),
            ]
        elif self.standing.spent is not None or self.standing.opened is not None:
            found += [amount("opened", "In budgets", phone=False), amount("spent", "Spent")]
        return found

    @property
    def locked(self) -> bool:
        return not self.cycle.is_open and self.shows_newest

    def get_title(self) -> str:
        found, name = self.standing, self.cycle.name
        if not found.rows:
            return f"{name}: no team in your sight plans"
        if not self.cycle.is_open:
            envelope = money(found.current, self.cycle.currency)
            if found.spent is None:
                return f"{name} is locked with {envelope}"
            used = fmt.share(found.spent, found.current, 0)
            return f"{used} of {name}'s {envelope} is spent"
        missing = len(found.unallocated)
        if missing:
            return f"{fmt.plural(missing, 'team')} of {len(found.rows)} wait for an allocation"
        return f"{name} is allocated: {money(found.allocated, self.cycle.currency)}"

    def get_lede(self) -> str:
        cycle = self.cycle
        state = f"requests until {fmt.day(cycle.closes_on)}"
        if not cycle.is_open:
            state = f"locked by {cycle.locked_by_name}"
        shown = next((r.name for r in self.rounds if r.number == self.standing.number), "")
        rounds = f", {fmt.plural(len(self.rounds), 'round')}" if len(self.rounds) > 1 else ""
        return f"{days(cycle)}, {state}{rounds}. Shown: {shown or 'no round'}."

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Planning cycles", org_url(self.request, "planning:list")),
            (self.cycle.name, ""),
        ]

    def get_actions(self) -> list[Action]:
        found = []
        if len(self.rounds) > 1:
            found.append(Action("Compare rounds", self.url("rounds"), "git-compare"))
        if self.cycle.is_open and can(self.request.actor, P.PLANNING_MANAGE):
            found += [
                Action("Add a team", self.url("team_new"), "plus"),
                Action("Next round", self.url("round_new"), "refresh"),
                Action("Lock", self.url("lock"), "lock", primary=True),
            ]
        return found

    def get_empty(self) -> Empty:
        return Empty("No team in your sight plans in this cycle", icon="calendar")

    def extra_context(self) -> dict[str, Any]:
        return {
            "cycle": self.cycle,
            "standing": self.standing,
            "locked": self.locked,
            "over_round": not self.shows_newest,
            "zone": self.request.organization.timezone,
        }


@requires(P.BUDGET_VIEW)
class Rounds(OfCycle):
    """Every round beside the others."""

    noun = ("team", "teams")
    filename = "planning-rounds"
    default_sort = "unit_name"

    @cached_property
    def found(self) -> list[Compared]:
        return compared(self.request.actor, self.cycle)

    def get_queryset(self) -> Sequence[Compared]:
        return self.found

    def get_columns(self) -> Sequence[Column]:
        currency = self.cycle.currency
        columns = [Column("team", "Team", value=lambda row: row.unit_name, sort="unit_name")]
        for one in self.rounds:
            columns += [
                money_column(
                    f"requested_{one.number}",
                    f"{one.name}: asked for",
                    currency,
                    partial(_in_round, "requested", one.number),
                    phone=False,
                ),
                money_column(
                    f"allocated_{one.number}",
                    f"{one.name}: allocated",
                    currency,
                    partial(_in_round, "allocated", one.number),
                ),
            ]
        moved = money_column(
            "moved", "First to last allocation", currency, lambda row: row.moved(), sort="moved"
        )
        return [*columns, moved]

    def get_title(self) -> str:
        ends = [self._given(one.number) for one in self.rounds]
        known = [amount for amount in ends if amount is not None]
        if len(known) < 2:
            return f"The rounds of {self.cycle.name}"
        if known[-1] == known[0]:
            same = money(known[0], self.cycle.currency)
            return f"Allocations end where they began: {same}"
        moved = fmt.signed_money(known[-1] - known[0], self.cycle.currency, "exact")
        return f"Allocations moved by {moved} over {fmt.plural(len(self.rounds), 'round')}"

    def _given(self, number: int) -> int | None:
        known = [row.allocated.get(number) for row in self.found]
        amounts = [amount for amount in known if amount is not None]
        return sum(amounts) if amounts else None

    def get_lede(self) -> str:
        return ", ".join(
            f"{one.name}: {money(self._given(one.number), self.cycle.currency)}"
            for one in self.rounds
        )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Planning cycles", org_url(self.request, "planning:list")),
            (self.cycle.name, self.url("detail")),
            ("Rounds", ""),
        ]

    def get_empty(self) -> Empty:
        return Empty("No team in your sight plans in this cycle", icon="calendar")
