"""Lists of runs, and the names behind their ids."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.common.errors import NotFound
from apps.ledger.enums import RunWordKind
from apps.ledger.models import RunWord, UsageRun
from apps.ledger.query.labels import names_of
from apps.ledger.query.types import AXES
from apps.ledger.selectors.runs.reach import Reach

MOST_WORDS = 500


def runs(reach: Reach) -> QuerySet[UsageRun]:
    """Runs in reach that have calls of their own."""
    low, high = reach.instants()
    found = UsageRun.objects.filter(calls__gt=0, started_at__gte=low, started_at__lt=high)
    if (units := reach.seen_units) is not None:
        found = found.filter(unit_id__in=units)
    narrowed: dict[str, Any] = {
        "capability_id": reach.capability,
        "story_id": reach.story,
        "source_id": reach.source,
        "workflow_id": reach.workflow,
        "agent_id": reach.agent,
    }
    for column, accepted in narrowed.items():
        if len(accepted) == 1:
            found = found.filter(**{column: accepted[0]})
        elif accepted:
            found = found.filter(**{f"{column}__in": list(accepted)})
    return found


def run_by_code(code: str, units: frozenset[UUID] | None) -> UsageRun:
    """A run by its code in addresses; NotFound for another organization's or unit's.

    A run that is only known as a parent belongs to nobody and is shown to who sees everything, or
    one of the runs it started.
    """
    missing = NotFound("There is no such run.", code="run_not_found")
    try:
        number = int(code, 16) if len(code) == 16 else -1
    except ValueError:
        raise missing from None
    if number < 0:
        raise missing
    key = number - 2**64 if number >= 2**63 else number
    found = UsageRun.objects.filter(run_key=key).first()
    if found is None:
        raise missing
    if units is None or found.unit_id in units:
        return found
    if found.calls or not UsageRun.objects.filter(parent_key=key, unit_id__in=units).exists():
        raise missing
    return found


def words(kind: RunWordKind) -> list[tuple[int, str]]:
    """Names of agents, workflows or tools, for filters."""
    rows = RunWord.objects.filter(kind=kind).order_by("text")[:MOST_WORDS]
    return list(rows.values_list("id", "text"))


class Names:
    """Names of agents, workflows, tools and owners, read a page at a time and remembered."""

    def __init__(self) -> None:
        self._words: dict[int, str] = {0: ""}
        self._owners: dict[tuple[str, UUID], str] = {}

    def load(self, rows: Iterable[UsageRun]) -> None:
        """Read all names of a page of runs in a few queries."""
        listed = list(rows)
        self.load_words(number for row in listed for number in (row.agent_id, row.workflow_id))
        for axis in ("unit", "capability"):
            self.load_owners(axis, {getattr(row, f"{axis}_id") for row in listed})

    def load_words(self, ids: Iterable[int]) -> None:
        missing = {number for number in ids if number not in self._words}
        if missing:
            found = RunWord.objects.filter(id__in=missing).values_list("id", "text")
            self._words |= dict.fromkeys(missing, "") | dict(found)

    def load_owners(self, axis: str, ids: Iterable[UUID]) -> None:
        missing = [i for i in ids if i.int and (axis, i) not in self._owners]
        if missing:
            found = names_of(AXES[axis], missing)
            self._owners |= {(axis, i): label for i, (_, label) in found.items()}

    def word(self, number: int | None) -> str:
        """The name behind an id; empty for none."""
        if number and number not in self._words:
            self.load_words([number])
        return self._words.get(number or 0, "")

    def owner(self, axis: str, key: UUID) -> str:
        """The name of a unit or capability; empty for none."""
        if not key.int:
            return ""
        self.load_owners(axis, [key])
        return self._owners.get((axis, key), "")
