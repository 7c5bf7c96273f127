"""Stories like one's own, and how they ended: a start for a new one, a warning for an approver."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import log10

from apps.access.actors import Actor
from apps.stories.estimator import Assumptions, load
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.outcomes import outcomes
from apps.stories.selectors.stories import stories

CANDIDATES = 60
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """What stories are compared by. ``volume`` is interactions a month."""

    kind: str
    pattern: str
    unit_id: object
    models: frozenset[tuple[str, str]]
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Like:
    """A story that resembles another: why, how much, and how it ended so far.

    ``change`` is measured against estimated over the whole months that were compared.
    """

    story: TokenStory
    score: int
    because: tuple[str, ...]
    change: Decimal | None = None
    months: int = 0

    @property
    def tone(self) -> str:
        if self.change is None:
            return ""
        size = abs(self.change)
        return "ok" if size <= Decimal("0.15") else "warn" if size <= Decimal("0.3") else "bad"


def profile_of(kind: str, pattern: str, unit_id: object, a: Assumptions) -> Profile:
    """The profile of a plan."""
    p = a.production
    if p.volume == "users":
        volume = p.users.likely * p.adoption.likely * p.per_user.likely / 100
    else:
        volume = p.interactions.likely
    models = frozenset((share.provider, share.model) for share in p.mix)
    return Profile(kind, pattern, unit_id, models, volume)


def resemblance(mine: Profile, other: Profile) -> tuple[int, tuple[str, ...]]:
    """Points and reasons: pattern 4, kind 3, volume within ×3 3 (×10 1), a model 2, team 2."""
    points = 0
    because: list[str] = []
    if mine.pattern and mine.pattern == other.pattern:
        points, because = points + 4, [*because, "same pattern"]
    if mine.kind == other.kind:
        points, because = points + 3, [*because, "same category"]
    if mine.unit_id and mine.unit_id == other.unit_id:
        points, because = points + 2, [*because, "same team"]
    if mine.models & other.models:
        points, because = points + 2, [*because, "same model"]
    if mine.volume > 0 and other.volume > 0:
        apart = abs(log10(mine.volume / other.volume))
        if apart <= 0.5:
            points, because = points + 3, [*because, "similar volume"]
        elif apart <= 1:
            points += 1
    return points, tuple(because)


def similar_to(
    actor: Actor, mine: Profile, *, exclude: TokenStory | None = None, shown: int = SHOWN
) -> list[Like]:
    """The most similar stories in sight that were submitted, best first, with their outcome."""
    rows = stories(actor).filter(current_revision_id__isnull=False).order_by("-updated_at")
    if exclude is not None:
        rows = rows.exclude(id=exclude.id)
    candidates = {row.current_revision_id: row for row in rows[:CANDIDATES]}
    plans = StoryRevision.objects.filter(id__in=list(candidates)).only(
        "id", "kind", "pattern", "unit_id", "assumptions"
    )
    scored = []
    for plan in plans:
        other = profile_of(plan.kind, plan.pattern, plan.unit_id, load(plan.assumptions))
        points, because = resemblance(mine, other)
        if points >= 3:
            scored.append((points, because, candidates[plan.id]))
    scored.sort(key=lambda each: (-each[0], -each[2].number))
    return list(_ended(scored[:shown]))


def recent_starts(actor: Actor, shown: int = SHOWN) -> list[Like]:
    """The newest stories in sight that are under way, with their outcome: worth copying."""
    rows = stories(actor).filter(approved_revision_id__isnull=False).order_by("-updated_at")
    return list(_ended([(0, (), row) for row in rows[:shown]]))


def _ended(scored: Iterable[tuple[int, tuple[str, ...], TokenStory]]) -> Iterable[Like]:
    found = list(scored)
    ended = outcomes(story for _, _, story in found)
    for points, because, story in found:
        so_far = ended.get(story.id)
        yield Like(
            story=story,
            score=points,
            because=because,
            change=so_far.change_so_far if so_far else None,
            months=len(so_far.compared) if so_far else 0,
        )
