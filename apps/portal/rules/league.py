"""Lines of the league table: figures of two windows of the same length, side by side. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.common import fmt

CAPABILITY, WORKFLOW = "capability", "workflow"
BY = ((CAPABILITY, "Capability"), (WORKFLOW, "Workflow"))


@dataclass(frozen=True, slots=True)
class Side:
    """One window. Input tokens hold the cached ones; `runs` None: no call names one.

    `cost_nanos` is the known cost, None when nothing has a price; `run_cost_nanos` is its part in
    runs. `outcomes` and the cost of one are None where they cannot be told.
    """

    runs: int | None = None
    input: int = 0
    cached: int = 0
    output: int = 0
    cost_nanos: int | None = 0
    unpriced_tokens: int = 0
    run_cost_nanos: int = 0
    outcomes: Decimal | None = None
    cost_per_outcome: int | None = None

    @property
    def tokens(self) -> int:
        return self.input + self.output

    @property
    def is_used(self) -> bool:
        return bool(self.tokens or self.runs or self.cost_nanos)


@dataclass(frozen=True, slots=True)
class Line:
    """A capability, or one workflow of it; without a key it is use that nobody claims.

    `basis` is the confidence in its outcomes, `missing` why there is no cost of one. `attributed`
    are shares of its cost by how it was attributed, of this window.
    """

    key: str
    capability_id: str
    label: str
    of: str
    code: str
    unit: str
    owner: str
    owner_id: str
    stage: str
    kind: str
    now: Side
    before: Side
    outcome_unit: str = ""
    basis: str = ""
    basis_label: str = ""
    missing: str = ""
    missing_label: str = ""
    attributed: Mapping[str, float] | None = None

    @property
    def runs(self) -> int | None:
        return self.now.runs

    @property
    def tokens(self) -> int:
        return self.now.tokens

    @property
    def cost_nanos(self) -> int | None:
        return self.now.cost_nanos

    @property
    def outcomes(self) -> Decimal | None:
        return self.now.outcomes

    @property
    def cost_per_outcome(self) -> int | None:
        return self.now.cost_per_outcome

    @property
    def runs_change(self) -> Decimal | None:
        return change(self.now.runs, self.before.runs)

    @property
    def tokens_change(self) -> Decimal | None:
        return change(self.now.tokens, self.before.tokens)

    @property
    def cost_change(self) -> Decimal | None:
        return change(self.now.cost_nanos, self.before.cost_nanos)

    @property
    def per_outcome_change(self) -> Decimal | None:
        return change(self.now.cost_per_outcome, self.before.cost_per_outcome)

    @property
    def run_share(self) -> Decimal | None:
        """Part of the cost that lies in runs: how much of the use the runs tell about."""
        if self.now.runs is None or not self.now.cost_nanos:
            return None
        return Decimal(self.now.run_cost_nanos) / self.now.cost_nanos

    @property
    def stated(self) -> float | None:
        """Share of the cost that callers stated or a rule gave to it."""
        if self.attributed is None:
            return None
        return self.attributed.get("direct", 0.0) + self.attributed.get("rule", 0.0)

    @property
    def is_new(self) -> bool:
        """Used in this window and not in the one before it."""
        return self.now.is_used and not self.before.is_used


NOT_TOLD = "none"
"""The confidence of a line without a cost per outcome."""


def matching(
    lines: Sequence[Line], *, q: str = "", stage: str = "", owner: str = "", confidence: str = ""
) -> list[Line]:
    """Lines in which every word of `q` occurs, of a stage, an owner, a confidence in outcomes."""
    words = q.casefold().split()

    def fits(line: Line) -> bool:
        text = f"{line.label} {line.of} {line.code} {line.unit}".casefold()
        told = line.basis if line.cost_per_outcome is not None else NOT_TOLD
        return (
            all(word in text for word in words)
            and stage in ("", line.stage)
            and owner in ("", line.owner_id)
            and confidence in ("", told)
        )

    return [line for line in lines if fits(line)]


def change(now: int | None, before: int | None) -> Decimal | None:
    """Exactly (now - before) ÷ before; None where either is missing or nothing was before."""
    if now is None or not before:
        return None
    return Decimal(now - before) / before


def shown_change(now: int | None, before: int | None, minimum: int = 0) -> Decimal | None:
    """The same for people: None ("new") below the base that a percentage is told from."""
    return None if fmt.change(now, before, minimum) is None else change(now, before)


def added(lines: Sequence[Line], side: str) -> Side:
    """Every line taken together; outcomes of different units are not added."""
    sides: list[Side] = [getattr(line, side) for line in lines]
    runs = [one.runs for one in sides if one.runs is not None]
    costs = [one.cost_nanos for one in sides if one.cost_nanos is not None]
    return Side(
        runs=sum(runs) if runs else None,
        input=sum(one.input for one in sides),
        cached=sum(one.cached for one in sides),
        output=sum(one.output for one in sides),
        cost_nanos=sum(costs) if costs or not sides else None,
        unpriced_tokens=sum(one.unpriced_tokens for one in sides),
        run_cost_nanos=sum(one.run_cost_nanos for one in sides),
    )
