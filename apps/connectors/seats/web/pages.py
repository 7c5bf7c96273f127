"""Seats: plans with cost and effective price, the people on them, import."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import actor_of, requires
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web.forms import FormPage
from apps.common.web.lists import (
    Action,
    Column,
    CustomFilter,
    Empty,
    Filter,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.connectors.seats import rules, selectors, services
from apps.connectors.seats.models import Seat, SeatPlan
from apps.connectors.seats.selectors import PlanLine
from apps.connectors.seats.web.forms import ImportForm, PlanForm
from apps.ledger.query.persons import Sight
from apps.organizations.selectors import organization
from apps.tenancy.urls import org_url


def _money(nanos: int | None, line: PlanLine) -> str | None:
    return None if nanos is None else fmt.money(nanos, line.plan.currency, style="cents")


def _month(text: str) -> date | None:
    """The first day of YYYY-MM; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _together(line: PlanLine) -> str:
    return "Told for all plans of its source" if line.shared else ""


@requires(P.SOURCE_VIEW)
class Plans(ListPage):
    """Plans of a month, the running one by default, the costliest first."""

    noun = ("plan", "plans")
    filename = "seat-plans"
    filters = (
        CustomFilter(
            "month",
            "Month",
            choices=lambda request: [
                (f"{month:%Y-%m}", f"{month:%B %Y}") for month in selectors.months()[1:]
            ],
            any_label="This month",
        ),
    )
    crumbs = (("Seats", ""),)
    columns = (
        Column(
            "name",
            "Plan",
            value=lambda line: line.plan.name,
            sub=lambda line: line.plan.source.name if line.plan.source else "No source",
            link=lambda line, r: org_url(r, "seats:edit", line.plan.id),
        ),
        Column("held", "Seats", align="num"),
        Column("idle", "Idle", align="num"),
        Column(
            "cost",
            "Seat cost",
            value=lambda line: _money(line.cost_nanos, line),
            csv=lambda line: line.cost_nanos,
            csv_label="Seat cost (nanos)",
            align="num",
        ),
        Column(
            "tokens",
            "Tokens",
            value=lambda line: fmt.tokens(line.tokens) if line.tokens else None,
            csv=lambda line: line.tokens,
            align="num",
        ),
        Column(
            "effective",
            "Per million tokens",
            value=lambda line: _money(line.effective_nanos, line),
            sub=lambda line: line.why_no_price,
            csv=lambda line: line.effective_nanos,
            csv_label="Effective price (nanos per million tokens)",
            align="num",
        ),
        Column("included_units", "Included use", sub=_together, align="num"),
        Column("overage_units", "Overage", align="num"),
        Column(
            "metered",
            "Charged beyond",
            value=lambda line: _money(line.metered_nanos, line),
            csv=lambda line: line.metered_nanos,
            csv_label="Charged beyond the seats (nanos)",
            align="num",
        ),
    )
    empty = Empty(
        "No seats yet",
        "Connect GitHub Copilot or Cursor and their seats appear by themselves; add other plans "
        "with their price and import who is on them.",
        icon="users",
    )

    @cached_property
    def month(self) -> date | None:
        """The month that was asked for; None for the running one."""
        return _month(self.request.GET.get("month", ""))

    @cached_property
    def lines(self) -> list[PlanLine]:
        return selectors.overview(actor_of(self.request), *selectors.days_of(self.month))

    def get_queryset(self) -> list[PlanLine]:
        return self.lines

    def get_lede(self) -> str:
        said = "What subscriptions cost stands beside metered spend and is never added to it."
        if not any(line.effective_nanos for line in self.lines):
            return said
        metered = selectors.metered_price(*selectors.days_of(self.month))
        if metered is None:
            return said
        price = fmt.money(metered, organization().currency, style="cents")
        return f"{said} Metered use cost {price} per million tokens in these days."

    def get_title(self) -> str:
        lines = self.lines
        held = sum(line.held for line in lines)
        if not held:
            return "Seats"
        idle = sum(line.idle for line in lines)
        known = [line.cost_nanos for line in lines if line.cost_nanos is not None]
        cost = fmt.money(sum(known), organization().currency) if known else "an unknown amount"
        when = f"in {self.month:%B %Y}" if self.month else "so far"
        return f"{fmt.plural(held, 'seat')} cost {cost} {when}, {idle} idle"

    def get_actions(self) -> Sequence[Action]:
        people = Action("People", org_url(self.request, "seats:people"), "users")
        if not can_anywhere(actor_of(self.request), P.SOURCE_MANAGE):
            return (people,)
        return (
            people,
            Action("Import people", org_url(self.request, "seats:import"), "table"),
            Action("Add a plan", org_url(self.request, "seats:new"), "plus", primary=True),
        )


def _in_state(qs: QuerySet[Seat], state: str) -> QuerySet[Seat]:
    today = clock.today(organization().timezone)
    if state == "ended":
        return qs.filter(ended__isnull=False)
    standing = qs.filter(ended__isnull=True)
    edge = today - rules.IDLE_AFTER
    silent = Q(last_active__lt=edge) | Q(last_active=None, plan__source__isnull=False)
    idle = standing.filter(silent, since__lt=edge)
    return idle if state == "idle" else standing.exclude(id__in=idle.values("id"))


@requires(P.SOURCE_VIEW)
class People(ListPage):
    """Who holds which seat."""

    title = "Who holds a seat"
    noun = ("seat", "seats")
    filename = "seats"
    default_sort = "person"
    columns = (
        Column("person", "Person", sort="person"),
        Column("plan", "Plan", value=lambda s: s.plan.name, sort="plan__name"),
        Column("team", "Team", sort="team"),
        Column("since", "Since", value=lambda s: s.since, sort="since"),
        Column("last_active", "Last seen", value=lambda s: s.last_active),
        Column("ended", "Ended", value=lambda s: s.ended),
    )
    filters = (
        SearchFilter("q", "Search", fields=("person", "name", "team")),
        RelationFilter(
            "plan",
            "Plan",
            choices=lambda request: [
                (str(plan.id), plan.name) for plan in selectors.plans(actor_of(request))
            ],
        ),
        CustomFilter(
            "state",
            "State",
            choices=[("active", "Active"), ("idle", "Idle"), ("ended", "Ended")],
            narrow=_in_state,
        ),
    )
    empty = Empty("Nobody holds a seat", "Import who is on a plan, or connect its source.")

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Seats", org_url(self.request, "seats:list")), ("People", "")]

    @cached_property
    def sight(self) -> Sight:
        return Sight(actor_of(self.request))

    def get_columns(self) -> Sequence[Column]:
        """Names are for those who may see people; others cannot sort or search by them either."""
        first, *others = self.columns
        if self.sight.everybody:
            return [replace(first, value=str, sub=lambda seat: seat.person), *others]
        hidden = replace(first, value=lambda seat: self.sight.name(seat.person, None), sort="")
        return [hidden, *others]

    def get_filters(self) -> Sequence[Filter]:
        if self.sight.everybody:
            return self.filters
        return [SearchFilter("q", "Search", fields=("team",)), *self.filters[1:]]

    def get_queryset(self) -> QuerySet[Seat]:
        return selectors.seats(actor_of(self.request))


@requires(P.SOURCE_MANAGE)
class PlanNew(FormPage):
    title = "Add a plan"
    submit_label = "Add plan"
    form_class = PlanForm
    plan: SeatPlan | None = None

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Seats", self.cancel_url()), (self.get_title(), "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "seats:list")

    def form_kwargs(self) -> dict[str, Any]:
        sources = [(str(source.id), source.name) for source in selectors.linkable()]
        return {"sources": sources, "initial": self.get_initial()}

    def save(self, form: PlanForm) -> str:
        data = form.cleaned_data
        services.save_plan(
            actor=actor_of(self.request),
            name=data["name"],
            price_nanos=form.monthly(),
            price_from=data["price_from"],
            source_id=UUID(data["source"]) if data["source"] else None,
            included=data["included"],
            plan_id=self.plan.id if self.plan else None,
            version=data["version"] or 0,
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()


@requires(P.SOURCE_MANAGE)
class PlanEdit(PlanNew):
    title = "Change a plan"
    submit_label = "Save plan"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.plan = selectors.plan_by_id(actor_of(request), kwargs["plan_id"])
        return super().dispatch(request, *args, **kwargs)

    def get_title(self) -> str:
        return self.plan.name if self.plan else self.title

    def get_initial(self) -> dict[str, Any]:
        assert self.plan is not None  # noqa: S101 -- set by dispatch
        price = self.plan.price_nanos
        return {
            "name": self.plan.name,
            "price": None if price is None else from_nanos(price),
            "source": str(self.plan.source_id or ""),
            "included": self.plan.included,
            "version": self.plan.version,
        }


@requires(P.SOURCE_MANAGE)
class Import(FormPage):
    title = "Import people"
    lede = "People who are not in the file keep their seat; a row with an end ends one."
    submit_label = "Import"
    form_class = ImportForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Seats", org_url(self.request, "seats:list")), ("Import", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "seats:people")

    def save(self, form: ImportForm) -> str:
        done = services.import_seats(actor=actor_of(self.request), text=form.cleaned_data["file"])
        messages.success(
            self.request, f"{done.added} added, {done.ended} ended, {done.updated} changed."
        )
        return self.cancel_url()
