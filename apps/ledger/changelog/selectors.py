"""Reads of the change log: the log itself, its marks on charts, and what changes did."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere, visible
from apps.common import clock
from apps.common.errors import NotFound
from apps.ledger.changelog import rules
from apps.ledger.changelog.models import CapabilityChange
from apps.ledger.quality.enums import Kind
from apps.ledger.quality.models import QualityAlert
from apps.ledger.quality.selectors import LIVE
from apps.ledger.selectors import runs
from apps.ledger.selectors.runs import Reach, Totals
from apps.ledger.selectors.state import ledger_settings

EFFECT_DAYS = 7
"""Days before a change, and from it on, whose figures are set side by side."""
MOST_MARKS = 4
"""More labels than these cover a chart."""


def changes(actor: Actor) -> QuerySet[CapabilityChange]:
    """The log of the capabilities an actor may see, withdrawn entries included."""
    return visible(
        actor,
        CapabilityChange.objects.select_related("capability"),
        P.CAPABILITY_VIEW,
        unit_field="capability__unit_id",
    )


def change_by_id(actor: Actor, change_id: UUID) -> CapabilityChange:
    """NotFound for one of another organization or out of sight as for none at all."""
    found = changes(actor).filter(id=change_id).first()
    if found is None:
        raise NotFound("There is no such change.", code="change_not_found")
    return found


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """A change as a label on a chart. `named` says the capability too."""

    on: date
    label: str


def marks(
    actor: Actor, start: date, end: date, capabilities: Collection[UUID] | None = None
) -> list[ChangeMark]:
    """The latest changes of days [start, end) for a chart; of all capabilities in sight, or of
    these. Of several on a day the first speaks and counts the others."""
    if not can_anywhere(actor, P.CAPABILITY_VIEW):
        return []
    found = changes(actor).filter(day__gte=start, day__lt=end, withdrawn_at=None)
    if capabilities is not None:
        found = found.filter(capability_id__in=list(capabilities))
    named = capabilities is None or len(capabilities) != 1
    by_day: dict[date, list[str]] = {}
    for row in found.order_by("day", "occurred_at", "id"):
        words = rules.mark_words(row.kind, row.title)
        by_day.setdefault(row.day, []).append(f"{row.capability.name}: {words}" if named else words)
    return [
        ChangeMark(day, words[0] if len(words) == 1 else f"{words[0]}, and {len(words) - 1} more")
        for day, words in sorted(by_day.items())[-MOST_MARKS:]
    ]


@dataclass(frozen=True, slots=True)
class Effect:
    """Runs of the days before a change and of the days from it on."""

    before: Totals
    after: Totals
    days_after: int

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        return _per_run(self.before), _per_run(self.after)

    @property
    def cost(self) -> tuple[int | None, int | None]:
        return self.before.cost_per_run, self.after.cost_per_run

    @property
    def bloat(self) -> tuple[Decimal | None, Decimal | None]:
        return self.before.bloat, self.after.bloat

    @property
    def told(self) -> bool:
        """Whether there were runs on both sides."""
        return bool(self.before.runs and self.after.runs)


def _per_run(totals: Totals) -> int | None:
    return round(totals.tokens / totals.runs) if totals.runs else None


def effects(found: Iterable[CapabilityChange]) -> dict[UUID, Effect]:
    """What each change did to the runs of its capability: EFFECT_DAYS before it and from it on,
    as far as they are over. One read for all of them."""
    rows = list(found)
    if not rows:
        return {}
    width = timedelta(days=EFFECT_DAYS)
    today = clock.today(ledger_settings().timezone)
    reach = Reach(
        start=min(row.day for row in rows) - width,
        end=min(max(row.day for row in rows) + width, today),
        capability=sorted({row.capability_id for row in rows}),
    )
    known = runs.by_capability(reach) if reach.start < reach.end else {}
    done = {}
    for row in rows:
        days = known.get(row.capability_id, {})
        end = min(row.day + width, today)
        done[row.id] = Effect(
            before=_sum(days, row.day - width, row.day),
            after=_sum(days, row.day, end),
            days_after=max(0, (end - row.day).days),
        )
    return done


def _sum(days: Mapping[date, Totals], start: date, end: date) -> Totals:
    return sum((totals for day, totals in days.items() if start <= day < end), Totals())


def steps_of(capability_id: UUID) -> list[QualityAlert]:
    """Live alerts about the capability's level, the latest first."""
    live = QualityAlert.objects.filter(kind=Kind.STEP, capability_id=capability_id, state__in=LIVE)
    return list(live.order_by("-since", "-id"))
