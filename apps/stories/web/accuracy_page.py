"""How estimates turned out: by story, team and category, and over time."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.common import charts, fmt
from apps.common.web.lists import Column, CustomFilter, Empty, ListPage
from apps.organizations.selectors import organization
from apps.portfolio.enums import CapabilityKind
from apps.stories.selectors.accuracy import Record, by, over_time, records
from apps.stories.trueup import cohort
from apps.tenancy.urls import org_url


def _money(nanos: int, record: Record) -> str:
    return fmt.money(nanos, record.story.currency, style="exact")


def _of_kind(rows: Any, kind: str) -> Any:
    return [row for row in rows if row.story.kind == kind]


def _of_team(rows: Any, unit_id: str) -> Any:
    return [row for row in rows if str(row.story.unit_id) == unit_id]


@requires(P.STORY_VIEW)
class Accuracy(ListPage):
    """Stories with whole months measured, the furthest from their estimate first."""

    noun = ("story", "stories")
    template_name = "stories/accuracy.html"
    filename = "estimate-accuracy"
    columns = (
        Column(
            "ref",
            "Story",
            value=lambda r: r.story.title,
            sub=lambda r: r.story.ref,
            link=lambda r, q: org_url(q, "stories:detail", r.story.ref),
            csv=lambda r: r.story.ref,
        ),
        Column("team", "Team", value=lambda r: r.story.unit.name),
        Column("kind", "Category", value=lambda r: r.story.get_kind_display()),
        Column("months", "Whole months", value=lambda r: len(r.months), align="num"),
        Column(
            "estimated",
            "Estimated",
            value=lambda r: _money(r.estimated, r),
            csv=lambda r: r.estimated,
            csv_label="Estimated (nanos)",
            align="num",
        ),
        Column(
            "measured",
            "Measured",
            value=lambda r: _money(r.measured, r),
            csv=lambda r: r.measured,
            csv_label="Measured (nanos)",
            align="num",
        ),
        Column(
            "change",
            "Change",
            value=lambda r: fmt.delta(r.change, 0),
            csv=lambda r: r.change,
            align="num",
        ),
    )
    empty = Empty(
        "Nothing to compare yet",
        "A story is compared once it was approved and a whole month of it is measured.",
        icon="scale",
    )

    def get_crumbs(self) -> list[tuple[str, str]]:
        stories = org_url(self.request, "stories:list")
        return [("Token Stories", stories), ("Estimate accuracy", "")]

    def get_filters(self) -> Sequence[Any]:
        teams = sorted({(str(r.story.unit_id), r.story.unit.name) for r in self.compared})
        return (
            CustomFilter("kind", "Category", choices=CapabilityKind.choices, narrow=_of_kind),
            CustomFilter("team", "Team", choices=teams, narrow=_of_team),
        )

    @property
    def compared(self) -> list[Record]:
        if not hasattr(self, "_compared"):
            found = [r for r in records(actor_of(self.request)) if r.change is not None]
            self._compared = sorted(found, key=lambda r: -abs(r.change or Decimal(0)))
        return self._compared

    def get_queryset(self) -> list[Record]:
        return self.compared

    def get_title(self) -> str:
        made = cohort(r.change for r in self.compared if r.change is not None)
        if made.typical is None:
            return "How estimates turn out"
        return f"Stories typically end at {fmt.delta(made.typical, 0)} against their estimate"

    def get_lede(self) -> str:
        return "Whole months, measured cost against the likely estimate (P50)."

    def extra_context(self) -> dict[str, Any]:
        found = self.compared
        currency = organization().currency
        return {
            "teams": (teams := by(found, lambda r: r.story.unit.name)),
            "groupings": [
                ("Team", teams),
                ("Category", by(found, lambda r: r.story.get_kind_display())),
            ],
            "currency": currency,
            "chart": _chart(found, currency),
        }


def _chart(found: list[Record], currency: str) -> Any:
    months = over_time(found)
    if len(months) < 2:
        return None
    return charts.lines(
        [f"{month.start:%b}" for month, _, _ in months],
        [
            charts.Series("Estimated, likely (P50)", "s6", [e for _, e, _ in months]),
            charts.Series("Measured", "s1", [m for _, _, m in months]),
        ],
        title="Estimated and measured cost of all compared stories",
        summary="Whole months of stories that were approved and measured.",
        axis=lambda value: fmt.axis_money(value, currency),
        cell=lambda value: fmt.money(int(value), currency, style="exact"),
        labels=[f"{month.start:%B %Y}" for month, _, _ in months],
        head="Month",
    )
