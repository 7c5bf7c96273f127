"""One capability: cost per outcome, delivery per token, and what was decided."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import charts, fmt
from apps.common.web.lists import Action
from apps.outcomes.enums import Standing, Verdict
from apps.outcomes.selectors.decisions import decisions_of
from apps.outcomes.selectors.worth import DAYS, MonthGiven, Worth, trend, worth_of
from apps.outcomes.services import may_decide
from apps.outcomes.web import words
from apps.tenancy.urls import org_url


@requires(P.STORY_VIEW)
class WorthPage(View):
    """The figures with their definitions, their trend and the decisions."""

    def get(self, request: HttpRequest, capability_id: UUID) -> HttpResponse:
        worth = worth_of(request.actor, capability_id)
        months = trend(worth)
        may = may_decide(request.actor, worth)
        context: dict[str, Any] = {
            "title": headline(worth),
            "crumb": worth.capability.name,
            "crumbs": [
                ("Worth", org_url(request, "outcomes:list")),
                (worth.capability.name, ""),
            ],
            "actions": _actions(request, worth, may),
            "worth": worth,
            **figures(worth),
            "months": [(line, _month(line, worth)) for line in reversed(months)],
            "chart": _chart(months, worth),
            "decisions": [
                (row, Verdict(row.verdict).label, words.VERDICT_TONES[Verdict(row.verdict)])
                for row in decisions_of(capability_id)
            ],
            "may_decide": may,
            "days": DAYS,
            "zone": request.organization.timezone,
        }
        return render(request, "outcomes/detail.html", context)


def figures(worth: Worth) -> dict[str, Any]:
    """What page and card say, in words."""
    made = worth.given
    unit = words.unit_of(worth)
    return {
        "standing": worth.standing.label,
        "standing_tone": words.STANDING_TONES.get(worth.standing, ""),
        "unit": unit,
        "per_outcome": words.per_outcome(worth),
        "alternative": words.alternative(worth),
        "basis": words.basis(worth),
        "sure": words.hypothesis_confidence(worth),
        "outcomes": words.number(made.units) if made else "",
        "delivery": (
            words.number(made.units_per_million)
            if made and made.units_per_million is not None
            else ""
        ),
        "delivery_value": fmt.money(made.value_per_million, worth.currency) if made else "",
        "net": "" if made is None else fmt.money(abs(made.lost_nanos), worth.currency),
    }


def headline(worth: Worth) -> str:
    """The answer first."""
    name, made = worth.capability.name, worth.given
    if made is None:
        why = worth.unknown.label if worth.unknown else ""
        return f"{name} cannot be compared: {why[:1].lower()}{why[1:]}"
    money = fmt.money(abs(made.lost_nanos), worth.currency)
    if worth.standing is Standing.NOT_WORTH:
        return f"{name} costs {money} a month more than it brings"
    return f"{name} brings {money} a month more than it costs"


def _actions(request: HttpRequest, worth: Worth, may: bool) -> list[Action]:
    found = [
        Action(
            "Capability",
            org_url(request, "portfolio:detail", capability_id=worth.capability.id),
            "stack-2",
        )
    ]
    if worth.hypothesis is not None:
        ref = worth.hypothesis.story.ref
        found.append(Action(ref, org_url(request, "stories:detail", ref) + "?tab=value", "target"))
    if may:
        url = org_url(request, "outcomes:decide", worth.capability.id)
        found.append(Action("Decide", url, "scale", primary=True))
    return found


def _month(line: MonthGiven, worth: Worth) -> dict[str, str]:
    made = line.given
    if made is None:
        return {}
    per_million = made.units_per_million
    cost = made.cost_per_outcome
    return {
        "outcomes": words.number(made.units),
        "tokens": fmt.tokens(made.tokens),
        "delivery": fmt.DASH if per_million is None else words.number(per_million),
        "value": fmt.money(made.value_per_million, worth.currency),
        "cost": fmt.DASH if cost is None else fmt.money(cost, worth.currency, style="unit"),
    }


def _chart(months: list[MonthGiven], worth: Worth) -> SafeString:
    """Value and cost per million tokens by month; less than two months show nothing."""
    known = [line for line in months if line.given is not None]
    if len(known) < 2:
        return SafeString()
    values = [max(m.given.value_per_million or 0, 0) if m.given else None for m in months]
    costs = [fmt.per_million(m.given.cost_nanos, m.given.tokens) if m.given else None
             for m in months]  # fmt: skip
    first, last = values[months.index(known[0])] or 0, values[months.index(known[-1])] or 0
    change = f"{fmt.delta((last - first) / first, 0)} since {known[0].month}" if first else ""
    return charts.lines(
        [f"{line.month.start:%b}" for line in months],
        [
            charts.Series("Value per million tokens", "s2", values),
            charts.Series("Cost per million tokens", "s1", costs),
        ],
        title="Value and cost per million tokens",
        summary=f"Value per million tokens {change}".strip(),
        axis=lambda value: fmt.axis_money(value, worth.currency),
        cell=lambda value: fmt.money(int(value), worth.currency, style="unit"),
        labels=[f"{line.month.start:%B %Y}" for line in months],
        head="Month",
    )
