"""What a tier and an entitlement cover. Pure.

A model is premium where the tier does not entitle to it. An entitlement adds to the tier from its
first to its last day; it never takes anything away, and nothing here blocks a call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from apps.entitlements.enums import Gives, Holder, Reach, Within
from apps.portfolio.tiers import MODEL_ORDER, STANDING_ORDER, TierRule
from apps.pricing.enums import Standing

REMIND_DAYS = 14
"""People are told this many days before the last day."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the price book names it, where it stands, and its class ("" while unknown)."""

    provider: str
    key: str
    standing: str
    model_class: str

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.key}"


@dataclass(frozen=True, slots=True)
class Held:
    """One entitlement with the days on which it holds, both included."""

    id: UUID
    gives: str
    holder: str
    unit_id: UUID | None
    capability_id: UUID | None
    user: str
    reach: str
    models: frozenset[str]
    context_tokens: int | None
    first: date
    last: date

    def on(self, day: date) -> bool:
        return self.first <= day <= self.last

    def covers(self, model: Model) -> bool:
        """Whether it is to this model."""
        if self.gives != Gives.PREMIUM:
            return False
        if model.name in self.models:
            return True
        if self.reach == Reach.RESTRICTED:
            return model.standing != Standing.NOT_ALLOWED
        return self.reach == Reach.FRONTIER and model.standing not in {
            Standing.RESTRICTED,
            Standing.NOT_ALLOWED,
        }

    def is_held_by(self, capability_id: UUID | None, units: Iterable[UUID], user: str = "") -> bool:
        """Whether use by a capability, in a unit (with those above it), by a person has it."""
        if self.holder == Holder.CAPABILITY:
            return capability_id is not None and self.capability_id == capability_id
        if self.holder == Holder.USER:
            return bool(user) and self.user == user
        return self.unit_id in set(units)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is entitled to, and who holds it: exactly one of unit, capability and user."""

    gives: str
    unit_id: UUID | None = None
    capability_id: UUID | None = None
    user: str = ""
    reach: str = ""
    models: tuple[str, ...] = ()
    context_tokens: int | None = None

    @property
    def holder(self) -> Holder:
        if self.capability_id is not None:
            return Holder.CAPABILITY
        return Holder.USER if self.user else Holder.UNIT


def in_tier(rule: TierRule, model: Model) -> bool:
    """Whether the tier alone entitles to a model. An unknown class passes no limit."""
    if model.standing == Standing.NOT_ALLOWED:
        return False
    if rule.models_to and model.model_class:
        too_high = MODEL_ORDER.index(model.model_class) > MODEL_ORDER.index(rule.models_to)
        if too_high:
            return False
    if not rule.standing_to:
        return True
    return STANDING_ORDER.index(model.standing) <= STANDING_ORDER.index(rule.standing_to)


def judge(rule: TierRule, model: Model, held: Sequence[Held]) -> tuple[Within, Held | None]:
    """How use of a model stands; of several entitlements the narrowest holder's, then the one
    that ends last. `held` are those of this use, in force on its day."""
    if in_tier(rule, model):
        return Within.TIER, None
    found = [one for one in held if one.covers(model)]
    if not found:
        return Within.OUTSIDE, None
    order = (Holder.USER, Holder.CAPABILITY, Holder.UNIT)
    found.sort(key=lambda one: (order.index(Holder(one.holder)), -one.last.toordinal(), one.id))
    return Within.ENTITLED, found[0]


def context_limit(rule: TierRule, held: Iterable[Held]) -> tuple[int | None, Held | None]:
    """The most input tokens of a call, and the entitlement that says so; None: no limit, and the
    tier where no entitlement says more."""
    limit, by = rule.context_to, None
    for one in held:
        if one.gives != Gives.CONTEXT or limit is None or one.context_tokens is None:
            continue
        if one.context_tokens > limit:
            limit, by = one.context_tokens, one
    return limit, by


@dataclass(frozen=True, slots=True)
class Fit:
    """A design against what its capability is entitled to on a day."""

    limit: int | None
    input_per_call: int
    outside: tuple[Model, ...]

    @property
    def over_context(self) -> bool:
        return self.limit is not None and self.input_per_call > self.limit

    @property
    def is_over(self) -> bool:
        return self.over_context or bool(self.outside)


def windows(held: Iterable[Held], start: date, end: date) -> list[tuple[date, date]]:
    """[start, end) cut where an entitlement begins or has ended: within each part none changes."""
    cuts = {start, end}
    for one in held:
        cuts |= {day for day in (one.first, one.last + timedelta(days=1)) if start < day < end}
    days = sorted(cuts)
    return [(low, high) for low, high in pairwise(days) if low < high]


def unit_path(unit_id: UUID | None, parents: Mapping[UUID, UUID | None]) -> list[UUID]:
    """The unit, the one above it, and so on."""
    path: list[UUID] = []
    while unit_id is not None and unit_id not in path:
        path.append(unit_id)
        unit_id = parents.get(unit_id)
    return path
