"""Stories without a return the CFO can rely on."""

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web.lists import (
    Action,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.stories.enums import Confidence
from apps.stories.models import StoryRevision
from apps.stories.selectors.decision import return_times
from apps.stories.selectors.returns import Doubt, Policy, doubts, in_doubt, of_doubt, policy
from apps.stories.web.list_page import status_chip, units
from apps.tenancy.urls import org_url

TONES = {Doubt.MISSING: "bad", Doubt.LOSS: "bad", Doubt.OVERDUE: "warn", Doubt.UNSURE: "warn"}


def _for_doubt(rows: QuerySet[StoryRevision], value: str) -> QuerySet[StoryRevision]:
    return of_doubt(rows, Doubt(value))


@requires(P.STORY_VIEW)
class Returns(ListPage):
    """Versions in force whose return is in doubt, the most expensive first."""

    noun = ("story", "stories")
    filename = "stories-without-return"
    default_sort = "-lifetime_cost_likely"
    filters = (
        SearchFilter(
            "q", "Search", fields=("story__title_norm", "story__ref"), placeholder="Name or TS-0142"
        ),
        CustomFilter("doubt", "Why", choices=Doubt.choices(), narrow=_for_doubt),
        RelationFilter("team", "Team", field="story__unit_id", choices=units),
    )

    @cached_property
    def rule(self) -> Policy:
        return policy()

    @cached_property
    def today(self) -> dt.date:
        return clock.today(self.request.organization.timezone)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Token Stories", org_url(self.request, "stories:list")),
            ("Without a return", ""),
        ]

    def get_queryset(self) -> QuerySet[StoryRevision]:
        return in_doubt(self.request.actor)

    def get_columns(self) -> Sequence[Column]:
        return (
            Column(
                "story",
                "Story",
                value=lambda row: row.story.title,
                sort="story__title_norm",
                link=lambda row, request: (
                    f"{org_url(request, 'stories:detail', row.story.ref)}?tab=value"
                ),
                sub=lambda row: row.story.ref,
            ),
            Column("ref", "Reference", value=lambda row: row.story.ref, in_table=False),
            Column(
                "why",
                "Why it is here",
                value=self._why,
                csv=lambda row: ", ".join(d.value for d in doubts(row, self.rule, self.today)),
            ),
            Column("team", "Team", value=lambda row: row.story.unit.name),
            Column(
                "status",
                "Status",
                value=lambda row: status_chip(row.story),
                csv=lambda row: row.story.status,
            ),
            Column(
                "lifetime",
                "Lifetime cost",
                value=lambda row: fmt.money(row.lifetime_cost_likely, row.currency),
                sort="lifetime_cost_likely",
                align="num",
                csv=lambda row: from_nanos(row.lifetime_cost_likely),
                csv_label="Likely lifetime cost",
            ),
            Column(
                "value",
                "Value a month",
                value=lambda row: fmt.money(row.value_month_nanos, row.currency),
                sub=_against,
                align="num",
                csv=lambda row: _units(row.value_month_nanos),
            ),
            Column(
                "cost",
                "Likely cost a month",
                value=lambda row: row.month_cost_likely,
                csv=lambda row: _units(row.month_cost_likely),
                in_table=False,
            ),
            Column("currency", "Currency", in_table=False),
            Column(
                "confidence",
                "Confidence",
                value=lambda row: (
                    Confidence(row.value_confidence).label.split(":")[0]
                    if row.value_confidence
                    else None
                ),
                phone=False,
            ),
            Column("due", "Measure on", value=lambda row: row.value_measure_on),
            Column(
                "owner",
                "Reported by",
                value=lambda row: str(row.value_owner) if row.value_owner else None,
                phone=False,
            ),
        )

    def _why(self, row: StoryRevision) -> SafeString:
        found = doubts(row, self.rule, self.today)
        return format_html_join(
            " ", '<span class="chip {}">{}</span>', ((TONES[d], d.label) for d in found)
        )

    def get_title(self) -> str:
        count = self.page.total
        if not count:
            return "Every story states a return"
        verb = "has" if count == 1 else "have"
        return f"{fmt.plural(count, 'story', 'stories')} {verb} no return to rely on"

    def get_lede(self) -> str:
        if self.rule.from_nanos is None:
            return "No amount is set, so every submitted story that is not over is looked at."
        currency = self.request.organization.currency
        amount, near = (
            fmt.money(n, currency) for n in (self.rule.from_nanos, self.rule.near_nanos)
        )
        return (
            f"A return is mandatory from {amount} of likely lifetime cost; stories from {near} are "
            "looked at, and any whose measurement is overdue."
        )

    def get_actions(self) -> Sequence[Action]:
        found = [
            Action("Planning gap", org_url(self.request, "stories:gaps"), icon="circle-dashed")
        ]
        if can(self.request.actor, P.VALUE_POLICY_MANAGE):
            url = org_url(self.request, "stories:value_policy")
            found.append(Action("Set the amount", url, icon="scale", primary=True))
        return found

    def get_empty(self) -> Empty:
        return Empty(
            "Nothing is in doubt",
            "Every story that costs enough states what it brings, how sure that is and when it is "
            "measured, and no measurement is overdue.",
            icon="circle-check",
        )


def _against(row: StoryRevision) -> str:
    times = return_times(row)
    return "" if times is None else f"{fmt.times(times)} its cost"


def _units(nanos: int | None) -> Any:
    return None if nanos is None else from_nanos(nanos)
