"""The planning gap: what runs or is planned without an estimate."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common import clock, fmt
from apps.common.choices import Choice
from apps.discussions.models import WorkItem
from apps.ledger.query import Query, run
from apps.portfolio.models import Capability
from apps.stories import rules
from apps.stories.enums import Phase, StoryStatus
from apps.stories.models import (
    Initiative,
    PhaseEstimate,
    StoryDraft,
    StoryRevision,
    TokenStory,
    ValueReport,
)
from apps.stories.selectors.stories import stories

DAYS = 30
MOST_CAPABILITIES = 1_000


class GapKind(Choice):
    """Why something is a gap."""

    NO_STORY = "no_story", "Use without an approved story"
    NO_PHASE = "no_phase", "No estimate for a phase"
    INITIATIVE = "initiative", "Initiative without a story"
    VALUE = "value", "Value not measured when due"


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. `cost_nanos`: of the last 30 days, where something runs."""

    kind: GapKind
    subject: str
    detail: str
    unit_name: str
    unit_id: UUID | None
    cost_nanos: int | None = None
    ref: str = ""
    url: str = ""
    capability_id: UUID | None = None

    @property
    def rank(self) -> int:
        """What costs most first."""
        return -(self.cost_nanos or 0)


def planning_gaps(actor: Actor) -> list[Gap]:
    """Every gap in sight, what costs most first."""
    units = visible_unit_ids(actor, P.STORY_VIEW)
    found = [
        *_without_story(units),
        *_without_phase(actor),
        *_initiatives(units),
        *_unmeasured(actor),
    ]
    return sorted(found, key=lambda gap: (gap.rank, gap.kind, gap.subject))


def _sees(units: frozenset[UUID] | None, unit_id: UUID | None) -> bool:
    return units is None or unit_id in units


def _without_story(units: frozenset[UUID] | None) -> list[Gap]:
    over = [status.value for status in rules.FINISHED]
    covered = set(
        TokenStory.objects.filter(approved_revision_id__isnull=False)
        .exclude(status__in=over)
        .values_list("capability_id", flat=True)
    )
    today = clock.today()
    start, end = today - dt.timedelta(days=DAYS), today + dt.timedelta(days=1)
    used = run(Query(start=start, end=end, group_by=("capability",), limit=MOST_CAPABILITIES))
    known = {str(c.id): c for c in Capability.objects.select_related("unit")}
    gaps = []
    for row in used.rows:
        capability = known.get(row.keys[0] or "")
        if capability is None or capability.id in covered:
            continue
        if _sees(units, capability.unit_id):
            gaps.append(
                Gap(
                    GapKind.NO_STORY,
                    capability.name,
                    f"{fmt.tokens(row.tokens.total)} tokens in {DAYS} days",
                    capability.unit.name,
                    capability.unit_id,
                    row.cost_nanos,
                    capability_id=capability.id,
                )
            )
    return gaps


def _without_phase(actor: Actor) -> list[Gap]:
    """Stories that are not over and planned nothing for a phase of their latest revision."""
    over = [status.value for status in rules.FINISHED]
    rows = {
        s.current_revision_id: s
        for s in stories(actor).filter(current_revision_id__isnull=False).exclude(status__in=over)
    }
    planned: dict[UUID, set[str]] = {}
    cells = (
        PhaseEstimate.objects.filter(revision_id__in=list(rows))
        .values("revision_id", "phase")
        .annotate(tokens=Sum("tokens_likely"))
        .filter(tokens__gt=0)
    )
    for cell in cells:
        planned.setdefault(cell["revision_id"], set()).add(cell["phase"])
    gaps = []
    for revision_id, story in rows.items():
        assert revision_id is not None  # noqa: S101 -- filtered above
        missing = [p.label.lower() for p in Phase if p.value not in planned.get(revision_id, set())]
        if missing:
            gaps.append(
                Gap(
                    GapKind.NO_PHASE,
                    f"{story.ref} {story.title}",
                    f"Nothing for {' and '.join(missing)}",
                    story.unit.name,
                    story.unit_id,
                    ref=story.ref,
                )
            )
    return gaps


def _unmeasured(actor: Actor) -> list[Gap]:
    """Stories under way whose date to measure the value has passed without a report."""
    rows = {
        s.approved_revision_id: s
        for s in stories(actor).filter(
            approved_revision_id__isnull=False,
            status__in=[status.value for status in rules.UNDER_WAY],
        )
    }
    due = StoryRevision.objects.filter(
        id__in=list(rows), value_measure_on__lt=clock.today(), value_change__isnull=False
    ).exclude(story_id__in=ValueReport.objects.values("story_id"))
    return [
        Gap(
            GapKind.VALUE,
            f"{rows[revision.id].ref} {rows[revision.id].title}",
            f"{revision.value_metric}, due {fmt.long_day(revision.value_measure_on)}",
            rows[revision.id].unit.name,
            rows[revision.id].unit_id,
            ref=rows[revision.id].ref,
        )
        for revision in due.order_by("value_measure_on", "id")
    ]


def _initiatives(units: frozenset[UUID] | None) -> list[Gap]:
    """Initiatives that no story names as its work item, by address or key."""
    linked = list(
        WorkItem.objects.filter(subject_type="story", removed_at__isnull=True).values_list(
            "url", "label"
        )
    )
    urls, labels = {url for url, _ in linked}, {label for _, label in linked}
    for plans in (StoryDraft, StoryRevision):
        named = plans.objects.exclude(work_item_url="").exclude(
            story__status__in=[StoryStatus.REJECTED.value, StoryStatus.WITHDRAWN.value]
        )
        urls |= set(named.values_list("work_item_url", flat=True))
    return [
        Gap(
            GapKind.INITIATIVE,
            str(row),
            "Planned in the tracker",
            row.unit.name if row.unit else "",
            row.unit_id,
            url=row.url,
        )
        for row in Initiative.objects.select_related("unit").order_by("key")
        if _sees(units, row.unit_id) and (row.url or None) not in urls and row.key not in labels
    ]
