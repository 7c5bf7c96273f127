"""Which runs a question is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.common.periods import instants
from apps.ledger.selectors.state import ledger_settings


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Runs that began on the ledger's days [start, end).

    `units` is what the actor may see (None: everything). The others narrow: ids of units,
    capabilities, stories and sources, and ids of agents' and workflows' names.
    """

    start: date
    end: date
    units: frozenset[UUID] | None = None
    unit: Sequence[UUID] = ()
    capability: Sequence[UUID] = ()
    story: Sequence[UUID] = ()
    source: Sequence[UUID] = ()
    workflow: Sequence[int] = ()
    agent: Sequence[int] = ()

    @property
    def seen_units(self) -> list[UUID] | None:
        """Units to narrow by; None for all."""
        if self.units is None:
            return list(self.unit) if self.unit else None
        return sorted(self.units & set(self.unit) if self.unit else self.units)

    def conditions(self, alias: str) -> tuple[str, dict[str, Any]]:
        """SQL over columns that runs and days of runs have in common, and its values."""
        parts, values = [], {}
        wanted: tuple[tuple[str, Sequence[object] | None, str], ...] = (
            ("unit_id", self.seen_units, "uuid"),
            ("capability_id", self.capability or None, "uuid"),
            ("story_id", self.story or None, "uuid"),
            ("source_id", self.source or None, "uuid"),
            ("workflow_id", self.workflow or None, "bigint"),
            ("agent_id", self.agent or None, "bigint"),
        )
        for column, accepted, kind in wanted:
            if accepted is not None:
                parts.append(f" AND {alias}.{column} = ANY(%({column})s::{kind}[])")
                values[column] = list(accepted)
        return "".join(parts), values

    def instants(self) -> tuple[datetime, datetime]:
        """The days as instants of the ledger's zone."""
        return instants(self.start, self.end, ledger_settings().timezone)
