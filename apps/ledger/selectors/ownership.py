"""How much of the cost has an owner, by source, team, provider or project."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require_anywhere, visible_unit_ids
from apps.common import clock
from apps.common.errors import Invalid
from apps.ledger.query import Query, crossed
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import units

DAYS = 30
GROUPS = {"source": "Source", "unit": "Team", "provider": "Provider", "project": "Project"}
WAYS = {"direct": "Stated by the caller", "rule": "By rule", "allocated": "Allocated"}


@dataclass(frozen=True, slots=True)
class Covered:
    """How the known cost of one group found its owner, by attribution confidence.

    Groups are told apart by `key` (and projects by `account` too: names are chosen by each
    account). `aside` says what tells it from others; it is empty where its name does.
    """

    key: str
    label: str
    account: str
    aside: str
    cost_nanos: int
    ways: Mapping[str, int]

    def share(self, way: str) -> float | None:
        """Part of its cost that found its owner this way; None without cost."""
        return self.ways.get(way, 0) / self.cost_nanos if self.cost_nanos else None

    @property
    def owned_nanos(self) -> int:
        return sum(self.ways.get(way, 0) for way in WAYS)

    @property
    def owned(self) -> float | None:
        return self.owned_nanos / self.cost_nanos if self.cost_nanos else None


def owner_coverage(actor: Actor, by: str) -> list[Covered]:
    """The groups with use of the last 30 days, as far as the actor sees usage. Raises Forbidden,
    Invalid for another grouping."""
    require_anywhere(actor, P.USAGE_VIEW)
    if by not in GROUPS:
        raise Invalid(
            f"Coverage is not counted by {by!r}.", field="by", fix=f"Use {', '.join(GROUPS)}."
        )
    today = clock.today(ledger_settings().timezone)
    days = (today - timedelta(days=DAYS), today + timedelta(days=1))
    axes = (by, "account") if by == "project" else (by,)
    query = Query(
        start=days[0],
        end=days[1],
        group_by=(*axes, "confidence"),
        unit_ids=visible_unit_ids(actor, P.USAGE_VIEW),
    )
    ways: dict[tuple[str, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    labels: dict[tuple[str, ...], str] = {}
    (rows,) = crossed(query, [days])
    for row in rows:
        place = tuple(key or "" for key in row.keys[:-1])
        labels[place] = row.labels[0]
        ways[place][row.keys[-1] or "none"] += row.cost_nanos or 0
    alike = Counter(labels.values())
    codes = _codes() if by == "unit" else {}
    return [
        Covered(
            key=place[0],
            label=label,
            account=place[1] if by == "project" else "",
            aside=_aside(by, place, label, codes) if alike[label] > 1 or by == "project" else "",
            cost_nanos=sum(ways[place].values()),
            ways=dict(ways[place]),
        )
        for place, label in labels.items()
    ]


def _codes() -> dict[str, str]:
    return {str(unit.id): unit.code for unit in units()}


def _aside(by: str, place: tuple[str, ...], label: str, codes: Mapping[str, str]) -> str:
    """What tells a group from another of the same name."""
    if not place[0]:
        return place[1] if by == "project" else ""
    if by == "unit":
        return codes.get(place[0], "")
    if by == "project":
        own = place[0] if place[0] != label else ""
        return ", ".join(part for part in (place[1], own) if part)
    return str(UUID(place[0]))[-6:] if by == "source" else ""
