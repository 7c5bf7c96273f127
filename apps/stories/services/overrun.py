"""A story's budget that is used up goes back to the people who approved it."""

from uuid import UUID

from apps.budgets.enums import Scope
from apps.budgets.selectors.status import budget_status
from apps.budgets.selectors.thresholds import get_crossing
from apps.common.periods import month_of
from apps.stories.models import TokenStory
from apps.stories.selectors.accuracy import Outcome
from apps.stories.selectors.pace import Planned, planned_of
from apps.stories.services.band import Overrun, ask_about, is_watched


def ask_about_overrun(crossing_id: UUID) -> int:
    """Ask for a decision about the month in which a story's budget reached its limit: 1, or 0 where
    there is nothing to ask.

    Safe to repeat. A story is asked about once a month, be it for its budget or for its band, and
    not while it is being amended: the amendment asks already.
    """
    crossing = get_crossing(crossing_id)
    if crossing is None or not crossing.is_overrun or crossing.budget.scope != Scope.STORY:
        return 0
    assert crossing.budget.story_id is not None  # noqa: S101 -- its scope says so
    story = TokenStory.objects.filter(id=crossing.budget.story_id).first()
    if story is None or story.approved_revision_id is None or not is_watched(story):
        return 0
    month = month_of(crossing.period_start)
    if crossing.measure == "money":
        measured, overrun = crossing.used, Overrun(crossing.limit, crossing.likely)
    else:
        measured, overrun = budget_status(crossing.budget, month).money.used, Overrun(None, None)
    planned = planned_of([story.approved_revision_id], month)
    plan = planned.get(story.approved_revision_id, Planned(0, 0))
    return ask_about(story, Outcome(month, plan.estimated, plan.p90, measured), overrun)
