"""Which changes of an approved story need a new decision. Pure; money is nanos.

Small ones take effect at once: who decided would only say yes again. They are held against what
was last *decided*, not against the last small change, so that many small steps never add up to a
large one that nobody saw.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.common import fmt
from apps.stories.estimator import Assumptions
from apps.stories.rules import relative_change

DEFAULT_PERCENT = 10
"""By how much amounts may move without a new decision, until the organization says otherwise."""
MOST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Stand:
    """What a decision relies on. `value_month` is None while the value is not in money."""

    unit_id: UUID | None
    capability_id: UUID | None
    kind: str
    tier: str
    models: frozenset[tuple[str, str, str]]
    currency: str
    cap: int
    month_p50: int
    month_p90: int
    lifetime_p50: int
    value_month: int | None


def models_of(a: Assumptions) -> frozenset[tuple[str, str, str]]:
    """Phase, provider and model of everything that would be called."""
    return frozenset(
        (phase, share.provider, share.model)
        for phase in ("production", "development", "testing")
        for share in a.mix_of(phase)
        if share.share
    )


def material_changes(decided: Stand, wanted: Stand, *, percent: int) -> Iterator[str]:
    """Why a revision needs a decision, in words; nothing when it stays within what was decided.

    The cap counts in both directions, costs only upwards, claimed value only downwards. `percent`
    0 lets no amount move at all.
    """
    yield from _other_facts(decided, wanted)
    if _passes(decided.cap, wanted.cap, percent, up=True, down=True):
        yield f"the cap moves by {_delta(decided.cap, wanted.cap)}"
    for name, before, after in (
        ("the likely month", decided.month_p50, wanted.month_p50),
        ("the high month", decided.month_p90, wanted.month_p90),
        ("the lifetime", decided.lifetime_p50, wanted.lifetime_p50),
    ):
        if _passes(before, after, percent, up=True, down=False):
            yield f"{name} costs {_delta(before, after)}"
    if decided.value_month is not None:
        if wanted.value_month is None:
            yield "its value is no longer in money"
        elif _passes(decided.value_month, wanted.value_month, percent, up=False, down=True):
            yield f"the value claimed moves by {_delta(decided.value_month, wanted.value_month)}"


def _other_facts(decided: Stand, wanted: Stand) -> Iterator[str]:
    """What counts whatever its size."""
    for name, words in (
        ("unit_id", "another team owns it"),
        ("capability_id", "it is about another capability"),
        ("kind", "its category is another"),
        ("tier", "its consumption tier is another"),
        ("currency", "its currency is another"),
    ):
        if getattr(decided, name) != getattr(wanted, name):
            yield words
    if added := wanted.models - decided.models:
        names = ", ".join(sorted({model for _, _, model in added}))
        yield f"it calls {names}"


def _passes(before: int, after: int, percent: int, *, up: bool, down: bool) -> bool:
    """Whether an amount moves by more than `percent` of what it was, in a direction that counts."""
    moved = after - before
    if (moved > 0 and not up) or (moved < 0 and not down):
        return False
    return abs(moved) * 100 > before * percent


def _delta(before: int, after: int) -> str:
    change: Decimal | None = relative_change(before, after)
    if change is None:
        return "more than nothing"
    shown = fmt.delta(change, 1)
    return "a little" if shown == "0%" else shown
