"""Capabilities that cost more than doing without them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.web.lists import (
    Action,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.organizations.selectors import unit_choices
from apps.outcomes.enums import Due, Standing, Verdict
from apps.outcomes.selectors.worth import DAYS, Worth, worth_in_sight
from apps.outcomes.web import words
from apps.tenancy.urls import org_url

ALL = "all"
SHOWN = (
    (Standing.WORTH.value, Standing.WORTH.label),
    (Standing.UNKNOWN.value, Standing.UNKNOWN.label),
    (ALL, "All"),
)
DECIDED = (
    (Due.NONE.value, Due.NONE.label),
    (Due.DUE.value, Due.DUE.label),
    *Verdict.choices(),
)


@dataclass(frozen=True, slots=True)
class NameSearch(SearchFilter):
    """Every word occurs in the name of the capability or its code."""

    def apply(self, qs: Any, value: Any) -> Any:
        wanted = value.casefold().split()
        return [
            row
            for row in qs
            if all(w in f"{row.capability.name_norm} {row.capability.slug}" for w in wanted)
        ]


def _standing(rows: Any, value: str) -> Any:
    return rows if value == ALL else [row for row in rows if row.standing == value]


def _team(rows: Any, value: str) -> Any:
    return [row for row in rows if str(row.capability.unit_id) == value]


def _decision(rows: Any, value: str) -> Any:
    if value in dict(Due.choices()):
        return [row for row in rows if row.due == value]
    return [row for row in rows if row.decision and row.decision.verdict == value]


@requires(P.STORY_VIEW)
class WorthList(ListPage):
    """Not worth it at first, the most money lost a month first; the others by a filter."""

    noun = ("capability", "capabilities")
    filename = "not-worth-it"
    crumbs = (("Worth", ""),)
    filters = (
        NameSearch("q", "Search", placeholder="Name or code…"),
        CustomFilter(
            "standing",
            "Show",
            choices=SHOWN,
            any_label=Standing.NOT_WORTH.label,
            narrow=_standing,
        ),
        CustomFilter("team", "Team", choices=lambda request: unit_choices(), narrow=_team),
        CustomFilter("decision", "Decision", choices=DECIDED, narrow=_decision),
    )

    @cached_property
    def found(self) -> list[Worth]:
        return worth_in_sight(self.request.actor)

    def get_queryset(self) -> list[Worth]:
        if self.request.GET.get("standing", "") in dict(SHOWN):
            return self.found
        return [row for row in self.found if row.standing is Standing.NOT_WORTH]

    def get_columns(self) -> Sequence[Column]:
        return (
            Column(
                "name",
                "Capability",
                value=lambda row: row.capability.name,
                sort="capability__name_norm",
                link=lambda row, request: org_url(request, "outcomes:detail", row.capability.id),
                sub=lambda row: row.hypothesis.revision.value_metric if row.hypothesis else "",
            ),
            Column("code", "Code", value=lambda row: row.capability.slug, in_table=False),
            Column("story", "Story", value=_ref, in_table=False),
            Column("team", "Team", value=lambda row: row.capability.unit.name, phone=False),
            Column(
                "lost",
                "Lost a month",
                value=words.lost,
                sort="lost_nanos",
                align="num",
                csv=lambda row: _units(row.lost_nanos),
            ),
            Column(
                "per_outcome",
                "Cost per outcome",
                value=words.per_outcome,
                sub=lambda row: words.unit_of(row) if row.given else "",
                align="num",
                csv=lambda row: _units(row.given.cost_per_outcome) if row.given else None,
            ),
            Column(
                "alternative",
                "Alternative",
                value=words.alternative,
                align="num",
                csv=lambda row: _units(row.given.alternative_nanos) if row.given else None,
            ),
            Column(
                "cost",
                f"Cost, {DAYS} days",
                value=lambda row: fmt.money(row.cost_nanos, row.currency),
                sort="cost_nanos",
                align="num",
                csv=lambda row: _units(row.cost_nanos),
                phone=False,
            ),
            Column(
                "outcomes",
                "Outcomes a month",
                value=lambda row: row.given.units if row.given else None,
                in_table=False,
            ),
            Column(
                "value",
                "Value a month",
                value=lambda row: row.given.value_nanos if row.given else None,
                csv=lambda row: _units(row.given.value_nanos) if row.given else None,
                in_table=False,
            ),
            Column("currency", "Currency", in_table=False),
            Column(
                "standing",
                "Standing",
                value=lambda row: row.standing.label,
                csv=lambda row: row.standing.value,
                in_table=False,
            ),
            Column(
                "basis",
                "Confidence",
                value=words.basis,
                sub=words.hypothesis_confidence,
                csv=lambda row: (
                    row.basis.value if row.basis else row.unknown.value if row.unknown else ""
                ),
            ),
            Column(
                "decision",
                "Decision",
                value=words.decision,
                sub=lambda row: words.review(row.decision),
                csv=lambda row: row.decision.verdict if row.decision else "",
            ),
            Column(
                "owner",
                "Owner of the decision",
                value=lambda row: row.decision.owner_name if row.decision else "",
                in_table=False,
            ),
            Column(
                "review",
                "Review on",
                value=lambda row: row.decision.review_on if row.decision else None,
                in_table=False,
            ),
        )

    def get_title(self) -> str:
        bad = [row for row in self.found if row.standing is Standing.NOT_WORTH]
        if not bad:
            return "Nothing costs more than it brings"
        verb = "costs" if len(bad) == 1 else "cost"
        brings = "it brings" if len(bad) == 1 else "they bring"
        things = fmt.plural(len(bad), "capability", "capabilities")
        total = fmt.money(sum(row.lost_nanos or 0 for row in bad), bad[0].currency)
        return f"{things} {verb} {total} a month more than {brings}"

    def get_lede(self) -> str:
        return (
            f"Cost of running the last {DAYS} days by outcome, against what the same outcome costs "
            "without the capability, as its Token Story states it."
        )

    def get_actions(self) -> Sequence[Action]:
        url = org_url(self.request, "stories:returns")
        return (Action("Stories without a return", url, icon="target"),)

    def get_empty(self) -> Empty:
        if any(row.standing is Standing.UNKNOWN for row in self.found):
            url = org_url(self.request, "outcomes:list") + f"?standing={Standing.UNKNOWN.value}"
            return Empty(
                "Nothing that can be compared is a loss",
                "Some capabilities cannot be compared: nobody has said in money what they bring.",
                "Show them",
                url,
                icon="scale",
            )
        return Empty(
            "Nothing is a loss",
            "Capabilities whose cost per outcome is above its alternative are listed here, with "
            "what was decided about them. A Token Story says what an outcome is worth.",
            icon="circle-check",
        )


def _ref(row: Worth) -> str:
    return row.hypothesis.story.ref if row.hypothesis else ""


def _units(nanos: int | None) -> Any:
    return None if nanos is None else from_nanos(nanos)
