"""Which route would past subjects have taken under other policies? Pure and in order of time."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.approvals.rules.choosing import Candidate, choose, route
from apps.approvals.rules.policy import Fact

WINDOW = timedelta(days=30)
"""The automatic lane counts a unit's approvals over this time."""


@dataclass(frozen=True, slots=True)
class Case:
    """A past subject as it was submitted."""

    id: UUID
    subject_type: str
    unit_id: UUID | None
    opened_at: datetime
    facts: Mapping[str, Fact]
    by_rule: bool = True
    own_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The policy and the steps of one case; an automatic route has none."""

    policy: str
    steps: tuple[str, ...]
    auto: bool = False
    skipped: str = ""


def simulate(cases: Iterable[Case], candidates: Sequence[Candidate]) -> dict[UUID, Taken]:
    """The route of each case. Earlier automatic approvals of a unit count for later ones."""
    found: dict[UUID, Taken] = {}
    automatic: dict[UUID | None, deque[datetime]] = defaultdict(deque)
    for case in sorted(cases, key=lambda c: c.opened_at):
        recent = automatic[case.unit_id]
        while recent and recent[0] < case.opened_at - WINDOW:
            recent.popleft()
        chosen, skipped = choose(
            candidates, case.subject_type, case.facts, len(recent), by_rule=case.by_rule
        )
        if chosen is None:
            found[case.id] = Taken("", (), skipped=skipped)
        elif chosen.document.is_auto:
            recent.append(case.opened_at)
            found[case.id] = Taken(chosen.name, (), auto=True)
        else:
            alone = chosen.is_default and case.own_steps
            steps = () if alone else tuple(s.name for s in route(chosen.document, case.facts))
            found[case.id] = Taken(chosen.name, (*steps, *case.own_steps), skipped=skipped)
    return found
