"""The value hypothesis of a plan, worked out against its estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from apps.common.choices import Choice
from apps.stories import rules, worth
from apps.stories.enums import Phase, ValueOutcome, ValuePer
from apps.stories.estimator import Estimate
from apps.stories.models import Plan, StoryRevision, TokenStory, ValueReport
from apps.stories.selectors.stories import cells


def worth_of(
    result: Estimate, *, change: Decimal, money_nanos: int, per: ValuePer, adoption: Decimal
) -> worth.Worth:
    """Value, return and payback of an estimate, at its likely case."""
    return worth.worth(
        units=worth.units_per_month(
            change=change, per=per, adoption_percent=adoption, interactions=result.volume
        ),
        month=rules.value_nanos_per_month(
            expected_change=change,
            money_per_unit_nanos=money_nanos,
            per=per,
            adoption_percent=adoption,
            interactions=result.volume,
        ),
        grows=per is ValuePer.INTERACTION,
        build_cost=result.build_cost,
        run_costs=[cell.cost.likely for cell in result.production_cells],
    )


def worth_of_revision(revision: StoryRevision) -> worth.Worth | None:
    """The same of a frozen version, from its frozen estimate; None while the value is not money."""
    if revision.value_change is None or revision.value_month_nanos is None:
        return None
    run_costs, build = [], 0
    for cell in cells(revision):
        if cell.phase == Phase.PRODUCTION:
            run_costs.append(cell.cost_likely)
        else:
            build += cell.cost_likely
    per = ValuePer(revision.value_per)
    return worth.worth(
        units=worth.units_per_month(
            change=revision.value_change,
            per=per,
            adoption_percent=revision.value_adoption,
            interactions=Decimal(revision.estimate.get("volume", "0")),
        ),
        month=revision.value_month_nanos,
        grows=per is ValuePer.INTERACTION,
        build_cost=build,
        run_costs=run_costs,
    )


def value_of(row: Plan, interactions: Decimal) -> int | None:
    """What the value hypothesis of a plan is worth a month, in nanos; None while incomplete."""
    if row.value_change is None or row.value_money_nanos is None:
        return None
    return rules.value_nanos_per_month(
        expected_change=row.value_change,
        money_per_unit_nanos=row.value_money_nanos,
        per=ValuePer(row.value_per),
        adoption_percent=row.value_adoption,
        interactions=interactions,
    )


class ValueState(Choice):
    """Where a value hypothesis stands: an outcome, or why there is none."""

    NONE = "none", "No hypothesis"
    UNMEASURED = "unmeasured", "Not measured yet"
    OVERDUE = "overdue", "Measurement overdue"
    PROVEN = ValueOutcome.PROVEN.value, ValueOutcome.PROVEN.label
    PARTLY = ValueOutcome.PARTLY.value, ValueOutcome.PARTLY.label
    DISPROVEN = ValueOutcome.DISPROVEN.value, ValueOutcome.DISPROVEN.label


def reports_of(story: TokenStory) -> QuerySet[ValueReport]:
    """Measurements of a story's value, the newest first."""
    return ValueReport.objects.filter(story_id=story.id).order_by("-reported_at", "-id")


def value_state(
    revision: StoryRevision | None, reports: Sequence[ValueReport], today: date
) -> ValueState:
    """The state of an approved revision's hypothesis, given its story's reports, newest first."""
    if revision is None or revision.value_change is None:
        return ValueState.NONE
    if reports:
        return ValueState(reports[0].outcome)
    due = revision.value_measure_on
    return ValueState.OVERDUE if due is not None and due < today else ValueState.UNMEASURED


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the story in force of a capability promised, and the report that still counts for it."""

    story: TokenStory
    revision: StoryRevision
    report: ValueReport | None


def hypotheses(capability_ids: Sequence[UUID]) -> dict[UUID, Hypothesis]:
    """By capability: its newest approved story that is not over. Three questions.

    A report counts while the approved version expects what it was measured against.
    """
    over = [status.value for status in rules.FINISHED]
    found = (
        TokenStory.objects.filter(
            capability_id__in=capability_ids, approved_revision_id__isnull=False
        )
        .exclude(status__in=over)
        .order_by("capability_id", "-approved_at", "-id")
        .distinct("capability_id")
    )
    in_force = {story.approved_revision_id: story for story in found}
    newest = (
        ValueReport.objects.filter(story_id__in=[story.id for story in in_force.values()])
        .order_by("story_id", "-reported_at", "-id")
        .distinct("story_id")
    )
    reports = {report.story_id: report for report in newest}
    made: dict[UUID, Hypothesis] = {}
    for revision in StoryRevision.objects.filter(id__in=list(in_force)).defer("assumptions"):
        story = in_force[revision.id]
        report = reports.get(story.id)
        if report is not None and report.expected_change != revision.value_change:
            report = None
        assert story.capability_id is not None  # noqa: S101 -- filtered above
        made[story.capability_id] = Hypothesis(story, revision, report)
    return made
