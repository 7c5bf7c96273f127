"""Which tier applies to a capability, a team, a person, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from apps.entitlements.enums import Why
from apps.entitlements.models import TierAssignment
from apps.entitlements.ports import Design, designs
from apps.entitlements.rules import unit_path
from apps.organizations.selectors import parents
from apps.portfolio.enums import Tier
from apps.portfolio.models import Capability
from apps.portfolio.selectors import tiers_in_force
from apps.portfolio.tiers import ORDER, TierRule, Tiers, higher

DEFAULT_TIER = Tier(ORDER[0])


@dataclass(frozen=True, slots=True)
class Applied:
    """The tier in force for somebody. `of` is the unit it comes from, `ref` the story."""

    tier: Tier
    why: Why
    rule: TierRule
    of: UUID | None = None
    ref: str = ""


@dataclass(frozen=True)
class Book:
    """Everything that decides tiers, read once. Ask it about one holder at a time."""

    tiers: Tiers
    by_unit: Mapping[UUID, str]
    by_user: Mapping[str, str]
    capabilities: Mapping[UUID, Capability]
    parents: Mapping[UUID, UUID | None]
    designs: Mapping[UUID, Design] = field(default_factory=dict)

    def rule(self, tier: str) -> TierRule:
        return self.tiers.rule(tier)

    def path(self, unit_id: UUID | None) -> list[UUID]:
        return unit_path(unit_id, self.parents)

    def of_unit(self, unit_id: UUID | None) -> Applied:
        """The unit's own, that of the nearest unit above, or the default."""
        for above in self.path(unit_id):
            if tier := self.by_unit.get(above):
                why = Why.OWN if above == unit_id else Why.UNIT
                return Applied(Tier(tier), why, self.rule(tier), of=above)
        return Applied(DEFAULT_TIER, Why.DEFAULT, self.rule(DEFAULT_TIER))

    def of_capability(self, capability: Capability) -> Applied:
        """Its own, its approved story's, its team's, or the default."""
        if capability.tier:
            return Applied(Tier(capability.tier), Why.OWN, self.rule(capability.tier))
        design = self.designs.get(capability.id)
        if design is not None and design.tier:
            tier = Tier(design.tier)
            return Applied(tier, Why.STORY, self.rule(tier), ref=design.ref)
        found = self.of_unit(capability.unit_id)
        if found.why is Why.DEFAULT:
            return found
        return Applied(found.tier, Why.UNIT, found.rule, of=found.of)

    def of_user(self, user: str) -> Applied:
        """The person's own, or the default."""
        if tier := self.by_user.get(user):
            return Applied(Tier(tier), Why.OWN, self.rule(tier))
        return Applied(DEFAULT_TIER, Why.DEFAULT, self.rule(DEFAULT_TIER))

    def of_use(self, capability_id: UUID | None, unit_id: UUID | None, user: str = "") -> TierRule:
        """What use is held against: the capability's tier, without one its unit's; a person who
        has a higher one takes it along."""
        capability = self.capabilities.get(capability_id) if capability_id else None
        found = self.of_capability(capability) if capability else self.of_unit(unit_id)
        own = self.by_user.get(user, "") if user else ""
        return self.rule(higher(found.tier, own)) if own else found.rule

    def units_of(self, capability_id: UUID | None, unit_id: UUID | None) -> list[UUID]:
        """The units whose entitlements count for use: the usage's own and the capability's."""
        capability = self.capabilities.get(capability_id) if capability_id else None
        path = self.path(unit_id)
        return path + self.path(capability.unit_id) if capability else path


def tier_book(only: Iterable[UUID] | None = None) -> Book:
    """Tiers of everything, or of some capabilities and all teams and people."""
    rows = Capability.objects.select_related("unit")
    if only is not None:
        rows = rows.filter(id__in=list(only))
    capabilities = {row.id: row for row in rows}
    assigned = list(TierAssignment.objects.exclude(tier=""))
    return Book(
        tiers=tiers_in_force()[0],
        by_unit={row.unit_id: row.tier for row in assigned if row.unit_id},
        by_user={row.user: row.tier for row in assigned if row.user},
        capabilities=capabilities,
        parents=parents(),
        designs=designs(capabilities),
    )


def assignment(*, unit_id: UUID | None = None, user: str = "") -> TierAssignment | None:
    rows = TierAssignment.objects.select_related("unit")
    return rows.filter(unit_id=unit_id).first() if unit_id else rows.filter(user=user).first()
