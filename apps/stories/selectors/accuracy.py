"""How estimates turned out: every story's whole months, estimated against measured.

Three questions to the database whatever the number of stories: stories, their frozen months, and
the ledger by story and month.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Sum

from apps.access.actors import Actor
from apps.common import clock
from apps.common.periods import Month, day_in_zone, month_of
from apps.ledger.query import Query, keyed
from apps.organizations.selectors import organization
from apps.stories import rules
from apps.stories.models import PhaseEstimate, TokenStory
from apps.stories.selectors.stories import stories
from apps.stories.trueup import Cohort, cohort

MONTHS = 24
RECENT = 6
COMPARED = (
    *("id", "number", "ref", "title", "kind", "pattern", "unit_id", "currency"),
    *("approved_at", "approved_revision_id"),
)
"""What is read of a story that is only compared with."""
SAMPLE = 100
"""The calibration of a story reads this many stories of its pattern and of its category, the
latest approved ones: its cost does not grow with the number of stories.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One whole month of one story, in nanos."""

    month: Month
    estimated: int
    p90: int
    measured: int


@dataclass(slots=True)
class Record:
    """A story with its compared months, oldest first."""

    story: TokenStory
    months: list[Outcome] = field(default_factory=list)

    @property
    def estimated(self) -> int:
        return sum(m.estimated for m in self.months)

    @property
    def measured(self) -> int:
        return sum(m.measured for m in self.months)

    @property
    def change(self) -> Decimal | None:
        return rules.relative_change(self.estimated, self.measured)

    @property
    def last(self) -> Outcome | None:
        return self.months[-1] if self.months else None


def records(
    actor: Actor | None = None, *, among: Collection[TokenStory] | None = None
) -> list[Record]:
    """Approved stories in sight (None: all) with their whole months of the last two years.

    A month counts when it is over, planned, priced, and not cut by the story's approval. `among`
    are approved stories that are read already: these alone.
    """
    if among is None:
        rows = TokenStory.objects.select_related("unit") if actor is None else stories(actor)
        among = rows.filter(approved_revision_id__isnull=False)
        measured_of = None
    else:
        measured_of = [story.id for story in among]
    found = {s.approved_revision_id: Record(s) for s in among}
    if not found:
        return []
    zone = organization().timezone
    end = month_of(clock.today(zone)).start
    start = month_of(end).shift(-MONTHS).start
    measured = _measured(start, end, measured_of)
    if measured:
        first = min(month for _, month in measured)
        _compare(found, measured, first, end, zone)
    return sorted(found.values(), key=lambda record: record.story.number)


def _compare(
    found: Mapping[UUID | None, Record],
    measured: Mapping[tuple[str, date], int],
    first: date,
    end: date,
    zone: str,
) -> None:
    """Put the estimate of each month beside what was measured in it."""
    known = {
        revision_id: (record, str(record.story.id), _whole_from(record.story, zone))
        for revision_id, record in found.items()
    }
    cells = (
        PhaseEstimate.objects.filter(revision_id__in=list(found), month__gte=first, month__lt=end)
        .values_list("revision_id", "month")
        .annotate(estimated=Sum("cost_p50"), high=Sum("cost_p90"))
        .order_by("month")
    )
    for revision_id, month, estimated, high in cells:
        record, key, whole_from = known[revision_id]
        cost = measured.get((key, month))
        if cost is None or not estimated or whole_from is None or month < whole_from:
            continue
        record.months.append(Outcome(month_of(month), int(estimated), int(high), cost))


def _whole_from(story: TokenStory, zone: str) -> date | None:
    """The first month that the story's first approval does not cut; None before an approval."""
    if story.approved_at is None:
        return None
    day = day_in_zone(story.approved_at, zone)
    month = month_of(day)
    return month.start if day == month.start else month.end


def is_cut(story: TokenStory, month: Month, zone: str) -> bool:
    """Whether the story's first approval fell into the month, after its first day."""
    whole_from = _whole_from(story, zone)
    return whole_from is None or month.start < whole_from


def _measured(
    start: date, end: date, story_ids: Collection[UUID] | None
) -> dict[tuple[str, date], int]:
    """Known cost by story and month. A month with use that has no price is left out."""
    wanted = {} if story_ids is None else {"story": sorted(str(each) for each in story_ids)}
    asked = Query(start=start, end=end, grain="month", group_by=("story",), filters=wanted)
    rows = keyed(asked)
    return {
        (row.keys[0], row.period): row.cost_nanos
        for row in rows
        if row.keys[0] and isinstance(row.period, date) and row.cost_nanos is not None
        and not row.unpriced_tokens
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Stories of one team or kind together: their changes, and their sums."""

    label: str
    cohort: Cohort
    estimated: int
    measured: int
    records: tuple[Record, ...] = ()

    @property
    def change(self) -> Decimal | None:
        return rules.relative_change(self.estimated, self.measured)

    @property
    def trend(self) -> list[tuple[Month, Decimal | None]]:
        """Measured against estimated of all its stories: the last six months."""
        months = over_time(self.records)[-RECENT:]
        return [(m, rules.relative_change(e, a)) for m, e, a in months]


def by(found: Iterable[Record], label: Callable[[Record], str]) -> list[Group]:
    """Compared stories in groups, the largest cost first."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in found:
        if record.change is not None:
            groups[label(record)].append(record)
    made = [
        Group(
            name,
            cohort(r.change for r in members if r.change is not None),
            sum(r.estimated for r in members),
            sum(r.measured for r in members),
            tuple(members),
        )
        for name, members in groups.items()
    ]
    return sorted(made, key=lambda group: -group.measured)


def over_time(found: Iterable[Record]) -> list[tuple[Month, int, int]]:
    """Estimated and measured nanos of all compared stories by month, oldest first."""
    sums: dict[Month, list[int]] = defaultdict(lambda: [0, 0])
    for record in found:
        for outcome in record.months:
            sums[outcome.month][0] += outcome.estimated
            sums[outcome.month][1] += outcome.measured
    return [(month, *sums[month]) for month in sorted(sums, key=lambda m: m.start)]  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The cohort of a story, and what makes it one."""

    cohort: Cohort
    because: str


def alike(kind: str, pattern: str, *, exclude: UUID | None = None) -> list[Record]:
    """Compared stories of the pattern and of the category, the latest approved first.

    Of each the latest SAMPLE that can have had a whole month since their approval.
    """
    zone = organization().timezone
    first = month_of(clock.today(zone)).shift(-1).start
    before = datetime.combine(first, time(), ZoneInfo(zone)) + timedelta(days=1)
    rows = (
        TokenStory.objects.filter(approved_revision_id__isnull=False, approved_at__lt=before)
        .only(*COMPARED)
        .order_by("-approved_at", "-id")
    )
    if exclude is not None:
        rows = rows.exclude(id=exclude)
    latest = rows.filter(kind=kind)[:SAMPLE]
    if pattern:
        latest = latest.union(rows.filter(pattern=pattern)[:SAMPLE])
    found = [r for r in records(among=list(latest)) if r.change is not None]
    return sorted(found, key=lambda r: (r.story.approved_at, r.story.number), reverse=True)


def cohort_of(found: Iterable[Record], kind: str, pattern: str) -> Likeness:
    """Of `alike` stories those of the same pattern, or of the category while too few share it."""
    known = list(found)
    same = [r for r in known if pattern and r.story.pattern == pattern]
    because = "of this pattern"
    if not cohort(r.change for r in same if r.change is not None).is_enough:
        same = [r for r in known if r.story.kind == kind]
        because = "of this category"
    if len(same) >= SAMPLE:
        because += f" (the latest {SAMPLE})"
        same = same[:SAMPLE]
    return Likeness(cohort(r.change for r in same if r.change is not None), because)
