"""The entitlement table: who may use what their tier does not give, until when, and do they."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.access.people import sees_people_of
from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.entitlements.enums import Gives, Holder
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors import held
from apps.entitlements.selectors.use import Sum, Use, use_seen
from apps.entitlements.web import words
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import unit_choices
from apps.tenancy.urls import org_url

STATES = (
    ("holds", "Holds today"),
    ("ending", "Ends within 14 days"),
    ("to_come", "To come"),
    ("ended", "Ended"),
)


def _narrow_state(rows: QuerySet[Entitlement], value: str) -> QuerySet[Entitlement]:
    return rows.filter(held.state_q(value, clock.today()))


def _of_unit(rows: QuerySet[Entitlement], value: str) -> QuerySet[Entitlement]:
    return rows.filter(Q(unit_id=value) | Q(capability__unit_id=value))


def tabs(request: HttpRequest) -> list[Action]:
    """The other views of entitlements, for who may open them."""
    found = [Action("Who has which tier", org_url(request, "entitlements:tiers"), "stack-2")]
    if can_anywhere(request.actor, P.USAGE_VIEW):
        found += [
            Action("Use against it", org_url(request, "entitlements:use"), "chart-bar"),
            Action("Long context", org_url(request, "entitlements:context"), "file-text"),
        ]
    return found


@requires(P.CAPABILITY_VIEW)
class Entitlements(ListPage):
    """Entitlements, those that end first on top; with what each was used for in 30 days."""

    noun = ("entitlement", "entitlements")
    filename = "entitlements"
    default_sort = "-ends_on"
    crumbs = (("Entitlements", ""),)
    filters = (
        SearchFilter(
            "q",
            "Search",
            fields=("title_norm", "capability__name_norm", "unit__name", "user", "ref"),
            placeholder="Who, reference…",
        ),
        ChoiceFilter("gives", "To", choices=Gives.choices()),
        ChoiceFilter("holder", "Held by", choices=Holder.choices()),
        CustomFilter("state", "State", choices=STATES, narrow=_narrow_state),
        CustomFilter("unit", "Team", choices=lambda request: unit_choices(), narrow=_of_unit),
    )

    @cached_property
    def measured(self) -> Use | None:
        """Use of the last 30 days, for who may see usage."""
        actor = self.request.actor
        if not can_anywhere(actor, P.USAGE_VIEW):
            return None
        return use_seen(actor, *words.days_back(words.DAYS))

    @cached_property
    def sees_people(self) -> bool:
        return sees_people_of(self.request.actor, P.USAGE_VIEW)

    def _used(self, row: Entitlement) -> Sum | None:
        if self.measured is None or row.gives != Gives.PREMIUM:
            return None
        if row.holder == Holder.USER and not self.sees_people:
            return None
        return self.measured.by_entitlement.get(row.id, Sum())

    def get_columns(self) -> list[Column]:
        currency, today = ledger_settings().currency, clock.today()

        def used(read: Callable[[Sum], Any]) -> Callable[[Entitlement], Any]:
            def value(row: Entitlement) -> Any:
                found = self._used(row)
                return None if found is None else read(found)

            return value

        return [
            Column(
                "holder",
                "Who",
                value=lambda r: r.holder_name,
                link=lambda r, request: org_url(request, "entitlements:detail", r.id),
                sub=lambda r: f"{r.ref}, {Holder(r.holder).label.lower()}",
            ),
            Column("ref", "Reference", in_table=False),
            Column("gives", "To", value=words.to_what, sub=lambda r: Gives(r.gives).label),
            Column("starts_on", "From", sort="starts_on", phone=False),
            Column("ends_on", "Last day", value=lambda r: r.last, sort="ends_on"),
            Column("state", "State", value=lambda r: words.state_of(r, today)[1]),
            Column(
                "tokens",
                "Tokens used, 30 days",
                value=used(lambda s: fmt.tokens(s.tokens)),
                csv=used(lambda s: s.tokens),
                align="num",
            ),
            Column(
                "cost",
                "Cost, 30 days",
                value=used(lambda s: fmt.money(s.cost_nanos, currency) if s.tokens else "Unused"),
                csv=used(lambda s: from_nanos(s.cost_nanos)),
                csv_label=f"Cost, 30 days ({currency})",
                align="num",
            ),
            Column("by", "Granted by", value=lambda r: r.granted_by_name, phone=False),
            Column("reason", "Reason", in_table=False),
        ]

    def get_queryset(self) -> QuerySet[Entitlement]:
        return held.entitlements(self.request.actor)

    def get_title(self) -> str:
        rows, today = self.get_queryset(), clock.today()
        now = rows.filter(held.state_q("holds", today)).count()
        soon = rows.filter(held.state_q("ending", today)).count()
        if not now:
            return "Nobody holds an entitlement beyond their tier"
        ending = f", {soon} {'ends' if soon == 1 else 'end'} within 14 days" if soon else ""
        return f"{fmt.plural(now, 'entitlement')} in force{ending}"

    def get_lede(self) -> str:
        return (
            "A tier says which models and how much context come with it. More is asked for, "
            "granted until a day, and held against use. Nothing here blocks a call."
        )

    def get_actions(self) -> list[Action]:
        return [*tabs(self.request), *words.ask_action(self.request)]

    def get_empty(self) -> Empty:
        return Empty(
            "No entitlement yet",
            "Premium models or long context for a capability, team or person, until a day. "
            "What their tier gives needs none.",
            "Ask for one",
            words.ask_url(self.request),
            icon="lock",
        )
