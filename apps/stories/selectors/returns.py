"""Stories whose return the CFO cannot rely on: unstated, too small, unsure, or never measured."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.access.actors import Actor
from apps.common import clock
from apps.common.choices import Choice
from apps.organizations.selectors import organization
from apps.stories import rules
from apps.stories.enums import Confidence
from apps.stories.models import StoryRevision, TokenStory, ValueReport
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.stories import stories
from apps.stories.worth import REQUIRED

NEAR_PERCENT = 80
"""From this share of the amount that finance sets, a story is near it and looked at too."""

_UNDER_WAY = [status.value for status in rules.UNDER_WAY]
_OVER = [status.value for status in rules.FINISHED]
_NULLS = ("value_baseline", "value_change", "value_money_nanos", "value_measure_on", "value_owner")


class Doubt(Choice):
    """What is wrong with a story's return. The order is that of the most serious first."""

    MISSING = "missing", "Value not stated in full"
    LOSS = "loss", "Costs more than it brings"
    OVERDUE = "overdue", "Measurement overdue"
    UNSURE = "unsure", "Low confidence"


@dataclass(frozen=True, slots=True)
class Policy:
    """The amount finance set on the likely lifetime cost, and from where stories are near it.

    Both None: no amount is set, and every story is looked at.
    """

    from_nanos: int | None

    @property
    def near_nanos(self) -> int | None:
        return None if self.from_nanos is None else self.from_nanos * NEAR_PERCENT // 100


def policy() -> Policy:
    return Policy(settings_in_force().value_from_nanos)


def _stated() -> Q:
    """A hypothesis that states everything a mandatory one does."""
    blank = Q()
    for name in REQUIRED:
        field = name.removesuffix("_id")
        empty = Q(**{f"{field}__isnull": True}) if field in _NULLS else Q(**{field: ""})
        blank |= empty
    return ~blank


def _conditions(rule: Policy, today: dt.date) -> dict[Doubt, Q]:
    near = Q() if rule.near_nanos is None else Q(lifetime_cost_likely__gte=rule.near_nanos)
    return {
        Doubt.MISSING: near & ~_stated(),
        Doubt.LOSS: near & Q(value_month_nanos__lt=F("month_cost_likely")),
        Doubt.OVERDUE: Q(
            story__status__in=_UNDER_WAY,
            story__approved_revision_id=F("id"),
            value_measure_on__lt=today,
            value_change__isnull=False,
            reported=False,
        ),
        Doubt.UNSURE: near & Q(value_confidence=Confidence.LOW.value),
    }


def in_doubt(actor: Actor) -> QuerySet[StoryRevision]:
    """Versions in force of stories in sight that are not over and whose return is in doubt.

    In force is the approved version, before an approval the latest one that was submitted. Those
    below the amount count only where their measurement is overdue.
    """
    seen = stories(actor).exclude(status__in=_OVER).order_by()
    ids = seen.annotate(
        in_force=Coalesce("approved_revision_id", "current_revision_id")
    ).values_list("in_force", flat=True)
    wanted = Q()
    for condition in _conditions(policy(), clock.today(organization().timezone)).values():
        wanted |= condition
    reported = Exists(ValueReport.objects.filter(story_id=OuterRef("story_id")))
    return (
        StoryRevision.objects.filter(id__in=ids)
        .annotate(reported=reported)
        .filter(wanted)
        .select_related("story__unit", "value_owner__user")
    )


def of_doubt(rows: QuerySet[StoryRevision], doubt: Doubt) -> QuerySet[StoryRevision]:
    """Those rows of `in_doubt` that are there for this reason, whatever else is wrong."""
    return rows.filter(_conditions(policy(), clock.today(organization().timezone))[doubt])


def doubts(row: StoryRevision, rule: Policy, today: dt.date) -> Iterator[Doubt]:
    """Everything that is wrong with one row of `in_doubt`, the most serious first."""
    near = rule.near_nanos is None or row.lifetime_cost_likely >= rule.near_nanos
    if near and any(getattr(row, name) in (None, "") for name in REQUIRED):
        yield Doubt.MISSING
    value, cost = row.value_month_nanos, row.month_cost_likely
    if near and value is not None and value < cost:
        yield Doubt.LOSS
    story: TokenStory = row.story
    due = row.value_measure_on
    if (
        story.status in _UNDER_WAY
        and story.approved_revision_id == row.id
        and due is not None
        and due < today
        and row.value_change is not None
        and not row.reported  # type: ignore[attr-defined]
    ):
        yield Doubt.OVERDUE
    if near and row.value_confidence == Confidence.LOW.value:
        yield Doubt.UNSURE
