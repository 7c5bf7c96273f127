"""Context: what a call of a capability may carry, what it does, and what was designed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.common import clock
from apps.entitlements import rules
from apps.entitlements.enums import Within
from apps.entitlements.ports import Design
from apps.entitlements.rules import Fit, Held
from apps.entitlements.selectors.catalogue import Catalogue
from apps.entitlements.selectors.held import held_on
from apps.entitlements.selectors.tiers import Applied, Book, tier_book
from apps.ledger.selectors.runs import Inputs, inputs_by_capability
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import parents
from apps.portfolio.enums import Stage
from apps.portfolio.models import Capability
from apps.portfolio.selectors import tiers_in_force
from apps.portfolio.tiers import higher

DAYS = 30


@dataclass(frozen=True, slots=True)
class ContextLine:
    """One capability. `limit` None: none. `inputs` None: no source tells its single calls."""

    capability: Capability
    applied: Applied
    limit: int | None
    by: Held | None
    inputs: Inputs | None
    design: Design | None

    @property
    def name_norm(self) -> str:
        return self.capability.name_norm

    @property
    def p95(self) -> int | None:
        return self.inputs.p95 if self.inputs else None

    @property
    def largest(self) -> int | None:
        return self.inputs.largest if self.inputs else None

    @property
    def over_share(self) -> float | None:
        """Share of single calls above the limit, 0 to 1."""
        return self.inputs.over / self.inputs.calls if self.inputs else None

    @property
    def designed(self) -> int | None:
        return self.design.input_per_call if self.design else None

    @property
    def state(self) -> str:
        """over: one call in twenty or more passes the limit, or the design does; within; unknown:
        nothing to compare."""
        known = [tokens for tokens in (self.p95, self.designed) if tokens is not None]
        if self.limit is not None and any(tokens > self.limit for tokens in known):
            return "over"
        return "within" if known else "unknown"


def context_lines(actor: Actor) -> list[ContextLine]:
    """Every capability in use that the actor may see, by name; figures of units in sight."""
    rows = visible(actor, Capability.objects.exclude(stage=Stage.RETIRED), P.USAGE_VIEW)
    ids = set(rows.values_list("id", flat=True))
    book = tier_book(ids)
    return _lines(book, sorted(book.capabilities.values(), key=lambda row: row.name_norm))


def context_line(capability: Capability) -> ContextLine:
    """One capability's; for those who may see its usage."""
    book = tier_book([capability.id])
    return _lines(book, [capability])[0]


def _lines(book: Book, capabilities: Sequence[Capability]) -> list[ContextLine]:
    today = clock.today(ledger_settings().timezone)
    held = held_on(today)
    limits = {}
    for row in capabilities:
        applied = book.of_capability(row)
        limits[row.id] = (applied, *rules.context_limit(applied.rule, _held(held, book, row)))
    end = today + timedelta(days=1)
    found = inputs_by_capability(
        {key: limit for key, (_, limit, _) in limits.items()}, end - timedelta(days=DAYS), end
    )
    return [
        ContextLine(row, *limits[row.id], found.get(row.id), book.designs.get(row.id))
        for row in capabilities
    ]


def _held(held: Iterable[Held], book: Book, row: Capability) -> list[Held]:
    units = book.path(row.unit_id)
    return [one for one in held if one.is_held_by(row.id, units)]


def fit_of(
    *,
    capability: Capability | None,
    unit_id: UUID | None,
    tier: str,
    models: Iterable[tuple[str, str]],
    input_per_call: int,
    on: date,
) -> Fit:
    """Whether a design stays within its entitlements. `tier` is the design's own: what the
    capability is held to may be higher, never lower."""
    own = capability.tier if capability else ""
    rule = tiers_in_force()[0].rule(higher(tier, own) if own else tier)
    path = rules.unit_path(capability.unit_id if capability else unit_id, parents())
    capability_id = capability.id if capability else None
    held = [one for one in held_on(on) if one.is_held_by(capability_id, path)]
    limit, _ = rules.context_limit(rule, held)
    found = Catalogue().all(models)
    outside = tuple(m for m in found if rules.judge(rule, m, held)[0] is Within.OUTSIDE)
    return Fit(limit, input_per_call, outside)
