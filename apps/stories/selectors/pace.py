"""Where the running month of stories will end at their pace, beside what was approved for it.

The forecast is the one budgets use (`budgets.rules.forecast`): the rate of the last 28 complete
days with an 80 % range, and none before ten of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Sum

from apps.budgets.rules.forecast import WINDOW_DAYS, Forecast, forecast
from apps.budgets.rules.periods import Period
from apps.budgets.selectors.usage import complete_day
from apps.common import clock
from apps.common.periods import Month, month_of
from apps.ledger.query import Query, run
from apps.organizations.selectors import organization
from apps.stories.models import PhaseEstimate, TokenStory
from apps.stories.selectors.accuracy import is_cut

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """What the approved revision expects of one month, all phases, in nanos."""

    estimated: int
    p90: int


@dataclass(frozen=True, slots=True)
class Pace:
    """A running month. Money in nanos; `days` are its complete days, `measured` their cost, `low`,
    `likely` and `high` the P10, P50 and P90 of the whole month."""

    story: TokenStory
    month: Month
    planned: Planned
    days: int
    measured: int
    low: int
    likely: int
    high: int

    @property
    def is_above(self) -> bool:
        """Whether the month is forecast to end above the high estimate, or is there already."""
        return max(self.likely, self.measured) > self.planned.p90


def planned_of(revision_ids: Collection[UUID], month: Month) -> dict[UUID, Planned]:
    """By revision, of those that plan the month."""
    rows = (
        PhaseEstimate.objects.filter(revision_id__in=list(revision_ids), month=month.start)
        .values("revision_id")
        .annotate(estimated=Sum("cost_p50"), high=Sum("cost_p90"))
    )
    return {row["revision_id"]: Planned(int(row["estimated"]), int(row["high"])) for row in rows}


def paces(stories: Iterable[TokenStory]) -> list[Pace]:
    """The running month of approved stories that have a forecast, by number. One question to the
    ledger for all of them; a month cut by the story's approval, and one with use that has no price,
    is left out."""
    zone = organization().timezone
    today = clock.today(zone)
    month = month_of(today)
    known = {
        story.approved_revision_id: story
        for story in stories
        if story.approved_revision_id is not None and not is_cut(story, month, zone)
    }
    planned = planned_of(known, month)
    if not planned:
        return []
    ids = sorted(str(known[key].id) for key in planned)
    start = min(month.start, today - timedelta(days=WINDOW_DAYS + 7))
    result = run(
        Query(
            start=start,
            end=today + _DAY,
            grain="day",
            group_by=("story",),
            filters={"story": ids},
        )
    )
    through = min(complete_day(result, zone) or today - _DAY, today - _DAY)
    daily: dict[str, dict[date, int]] = defaultdict(dict)
    unpriced = set()
    for row in result.rows:
        if row.keys[0] and isinstance(row.period, date):
            daily[row.keys[0]][row.period] = row.cost_nanos or 0
            if row.unpriced_tokens:
                unpriced.add(row.keys[0])
    found = [
        _pace(known[key], month, plan, daily[str(known[key].id)], through)
        for key, plan in planned.items()
        if str(known[key].id) not in unpriced and plan.estimated
    ]
    return sorted((p for p in found if p is not None), key=lambda pace: pace.story.number)


def _pace(
    story: TokenStory, month: Month, plan: Planned, daily: Mapping[date, int], through: date
) -> Pace | None:
    if not daily:
        return None
    ahead = forecast(
        daily,
        Period(month.start, month.end),
        complete_through=through,
        first_day=min(daily),
        partial=daily.get(through + _DAY, 0),
    )
    if not isinstance(ahead, Forecast):
        return None
    measured = sum(cost for day, cost in daily.items() if month.start <= day <= through)
    low, likely, high = ahead.end
    days = max((through - month.start).days + 1, 0)
    return Pace(story, month, plan, days, measured, low, likely, high)
