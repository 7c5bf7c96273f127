"""Use against entitlements: in the tier, by an entitlement, outside; by team and model."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.access.web import requires
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.entitlements.enums import Within
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.use import Line, Sum, Use, use_seen
from apps.entitlements.web import words
from apps.entitlements.web.listing import tabs
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import unit_choices
from apps.pricing.enums import Standing
from apps.tenancy.urls import org_url

RANGES = (("7", "7 days"), ("90", "90 days"))


def _days(request: HttpRequest) -> int:
    return {"7": 7, "90": 90}.get(request.GET.get("days", ""), words.DAYS)


@requires(P.USAGE_VIEW)
class UsePage(ListPage):
    """Teams and models, what is outside first."""

    noun = ("team and model", "teams and models")
    template_name = "entitlements/use.html"
    filename = "entitlement-use"
    default_sort = "-outside_cost,-entitled_cost,-total_cost"
    filters = (
        CustomFilter("days", "Days", choices=RANGES, any_label="30 days"),
        CustomFilter(
            "unit",
            "Team",
            choices=lambda request: unit_choices(visible_unit_ids(request.actor, P.USAGE_VIEW)),
            narrow=lambda rows, value: [r for r in rows if r.unit_id == value],  # type: ignore[arg-type, return-value]
        ),
        CustomFilter(
            "within",
            "Show",
            choices=Within.choices(),
            narrow=lambda rows, value: [r for r in rows if r.part(Within(value)).tokens],  # type: ignore[arg-type, return-value]
        ),
        CustomFilter(
            "standing",
            "Standing",
            choices=Standing.choices(),
            narrow=lambda rows, value: [r for r in rows if r.standing == value],  # type: ignore[arg-type, return-value]
        ),
    )

    @cached_property
    def found(self) -> Use:
        return use_seen(self.request.actor, *words.days_back(_days(self.request)))

    @cached_property
    def currency(self) -> str:
        return ledger_settings().currency

    def get_queryset(self) -> list[Line]:
        return list(self.found.lines)

    def get_columns(self) -> list[Column]:
        return [
            Column(
                "model",
                "Model",
                sort="model",
                link=self._explore,
                sub=lambda r: ", ".join(
                    part
                    for part in (r.provider, r.model_class and f"{r.model_class} class")
                    if part
                ),
            ),
            Column("unit", "Team", sort="unit"),
            Column("provider", "Provider", in_table=False),
            Column("standing", "Standing", value=lambda r: Standing(r.standing).label, phone=False),
            *self._part("tier", "In its tier", "tier.cost_nanos"),
            *self._part("entitled", "By entitlement", "entitled_cost"),
            *self._part("outside", "Outside", "outside_cost"),
            Column(
                "capabilities",
                "Capabilities",
                value=lambda r: ", ".join(sorted(r.capabilities)),
                in_table=False,
            ),
        ]

    def _part(self, name: str, label: str, sort: str) -> list[Column]:
        def part(row: Line) -> Sum:
            found: Sum = getattr(row, name)
            return found

        return [
            Column(
                name,
                label,
                value=lambda r: (
                    fmt.money(part(r).cost_nanos, self.currency) if part(r).tokens else None
                ),
                sub=lambda r: f"{fmt.tokens(part(r).tokens)} tokens" if part(r).tokens else "",
                csv=lambda r: from_nanos(part(r).cost_nanos),
                csv_label=f"{label} ({self.currency})",
                sort=sort,
                align="num",
            ),
            Column(
                f"{name}_tokens",
                f"{label} (tokens)",
                value=lambda r: part(r).tokens,
                in_table=False,
            ),
        ]

    def _explore(self, row: Line, request: HttpRequest) -> str:
        start, end = words.days_back(_days(request))
        narrowed = {"unit": row.unit_id or "none", "model": row.model or "none"}
        return words.explore_url(request, start, end, group="capability", **narrowed)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Entitlements", org_url(self.request, "entitlements:list")), ("Use", "")]

    def get_title(self) -> str:
        outside = self.found.total(Within.OUTSIDE)
        if not outside.tokens:
            return "All use is inside a tier or an entitlement"
        cost = fmt.money(outside.cost_nanos, self.currency)
        return f"{cost} in {_days(self.request)} days had no entitlement"

    def get_lede(self) -> str:
        return (
            "Each day's use is held against the tier and the entitlements of that day. Outside is "
            "a question to ask, not a call that was refused."
        )

    def get_actions(self) -> list[Action]:
        found = [a for a in tabs(self.request) if not a.url.endswith("/use/")]
        return [*found, *words.ask_action(self.request)]

    def get_empty(self) -> Empty:
        return Empty("No use in these days", "Connect a source, or choose more days.")

    def extra_context(self) -> dict[str, Any]:
        found = self.found
        unused = {one.id for one in found.unused}
        return {
            "currency": self.currency,
            "totals": [
                (within.label, found.total(within), "bad" if within is Within.OUTSIDE else "")
                for within in Within
            ],
            "unused": [
                {"row": row, "to": words.to_what(row)}
                for row in Entitlement.objects.select_related("unit", "capability")
                .filter(id__in=unused)
                .order_by("ends_on", "number")[:20]
            ],
            "unused_count": len(unused),
        }
