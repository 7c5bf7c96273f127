"""Coding tools: their seats, who is active, and what they tell besides the ledger."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q, Sum

from apps.common.tokens import KINDS
from apps.connectors.enums import SourceKind
from apps.connectors.models import ComparisonUsage, Source
from apps.connectors.seats.models import Seat

TOOLS: dict[str, str] = {
    SourceKind.COPILOT.value: "GitHub Copilot",
    SourceKind.CURSOR.value: "Cursor",
    SourceKind.CLAUDE_CODE.value: "Claude Code",
}
_PLANS = {"copilot": "GitHub Copilot", "cursor": "Cursor", "claude": "Claude Code"}
"""A word in the name of a plan without a source of its own, and the tool it pays."""
_SERVICES = {
    "claude-code": "Claude Code",
    "codex": "Codex CLI",
    "codex_cli_rs": "Codex CLI",
    "codex-cli": "Codex CLI",
    "gemini-cli": "Gemini CLI",
}
"""What tools that send telemetry call themselves."""


def tool_of(kind: str, project: str) -> str | None:
    """The tool behind usage of a kind of source, or of what its telemetry calls itself."""
    return TOOLS.get(kind) or _SERVICES.get(project.lower())


@dataclass(slots=True)
class Told:
    """What the sources and seat lists of one tool say besides the ledger.

    `people` hold a seat in the days; `active` were seen by their list, or told tokens. `tokens`
    are those of comparison-only sources: shown beside the counted ones, never added; None: none
    tell any.
    """

    people: set[str] = field(default_factory=set)
    active: set[str] = field(default_factory=set)
    tokens: int | None = None


def kinds_of_sources(ids: Collection[str]) -> dict[str, str]:
    """The kind of each source by id."""
    rows = Source.objects.filter(id__in=list(ids)).values_list("id", "kind")
    return {str(source_id): kind for source_id, kind in rows}


def told(start: date, end: date, teams: Collection[str] | None) -> dict[str, Told]:
    """By tool, in the days [start, end). `teams` None is everybody; else only seats whose team is
    one of these names or codes, and no tokens: these sources know no teams.

    The caller has asked for the permission to see sources.
    """
    found: dict[str, Told] = defaultdict(Told)
    seats = Seat.objects.filter(since__lt=end).filter(Q(ended__isnull=True) | Q(ended__gt=start))
    for person, team, last, name, kind in seats.values_list(
        "person", "team", "last_active", "plan__name_norm", "plan__source__kind"
    ):
        tool = TOOLS.get(kind or "") or next(
            (tool for word, tool in _PLANS.items() if word in name), None
        )
        if tool is None or (teams is not None and team.lower() not in teams):
            continue
        found[tool].people.add(person.lower())
        if last is not None and last >= start:
            found[tool].active.add(person.lower())
    if teams is not None:
        return dict(found)
    every = sum((F(kind) for kind in KINDS[1:]), F(KINDS[0]))
    rows = ComparisonUsage.objects.filter(source__kind__in=TOOLS, day__gte=start, day__lt=end)
    for kind, user, tokens in (
        rows.values_list("source__kind", "user").annotate(tokens=Sum(every)).order_by()
    ):
        line = found[TOOLS[kind]]
        line.tokens = (line.tokens or 0) + tokens
        if user and tokens:
            line.active.add(user.lower())
    return dict(found)
