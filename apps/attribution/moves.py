"""What a change of rules would do to usage that is already recorded. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from apps.attribution.rules import Assignment, Dims, RuleSet


@dataclass(frozen=True, slots=True)
class Spend:
    """Usage of one dimension set on one day, as the ledger knows it."""

    dims: Dims
    day: date
    tokens: int
    requests: int
    cost_nanos: int | None


@dataclass(slots=True)
class Move:
    """Usage that would belong to somebody else. `dimsets` counts distinct sets."""

    before: Assignment
    after: Assignment
    dimsets: int = 0
    tokens: int = 0
    requests: int = 0
    cost_nanos: int = 0
    unpriced_tokens: int = 0


@dataclass(slots=True)
class Preview:
    """What a change of rules would do to a stretch of usage."""

    moves: list[Move]
    kept_tokens: int = 0
    kept_cost_nanos: int = 0

    @property
    def moved_cost_nanos(self) -> int:
        return sum(move.cost_nanos for move in self.moves)

    @property
    def moved_tokens(self) -> int:
        return sum(move.tokens for move in self.moves)


def preview(current: RuleSet, proposed: RuleSet, usage: Iterable[Spend]) -> Preview:
    """Which usage would move, grouped by where from and where to, dearest first."""
    result = Preview([])
    moves: dict[tuple[object, object], Move] = {}
    seen: set[tuple[object, object, int]] = set()
    for spend in usage:
        before = current.attribute(spend.dims, spend.day)
        after = proposed.attribute(spend.dims, spend.day)
        if _target(before) == _target(after):
            result.kept_tokens += spend.tokens
            result.kept_cost_nanos += spend.cost_nanos or 0
            continue
        key = (_target(before), _target(after))
        move = moves.setdefault(key, Move(before, after))
        move.tokens += spend.tokens
        move.requests += spend.requests
        move.cost_nanos += spend.cost_nanos or 0
        move.unpriced_tokens += spend.tokens if spend.cost_nanos is None else 0
        if (*key, id(spend.dims)) not in seen:
            seen.add((*key, id(spend.dims)))
            move.dimsets += 1
    result.moves = sorted(moves.values(), key=lambda m: (m.cost_nanos, m.tokens), reverse=True)
    return result


def _target(assignment: Assignment) -> tuple[object, ...]:
    return (assignment.owner, assignment.phase, assignment.work_item, assignment.confidence)
