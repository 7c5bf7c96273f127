"""Who probably owns usage that belongs to nobody. Pure: names, tags and shares in, a guess out.

A suggestion is never applied by itself: it becomes a rule when a person accepts it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

_COMMON = """
a ai and api app apps dev default for key keys llm main my of prod production project proj
service services staging svc team test testing the token tokens user
"""
COMMON = frozenset(_COMMON.split())
"""Words that name nobody."""
SHARE = 0.6
"""From this share on the past of a project speaks for its owner."""
OWNER_TAGS = (
    "capability",
    "service",
    "service.name",
    "app",
    "application",
    "team",
    "team.id",
    "unit",
    "department",
    "cost_centre",
    "cost_center",
    "owner",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A capability or unit that usage may belong to. `codes` are its slug, code, cost centre."""

    kind: str
    id: UUID
    name: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The likeliest owner, how sure (0 to 1) and why."""

    candidate: Candidate
    score: float
    reason: str


def suggest(
    *,
    names: Sequence[str],
    tags: Mapping[str, str],
    candidates: Sequence[Candidate],
    past: Mapping[UUID, float],
    place: str = "",
    shared: Mapping[str, Mapping[UUID, float]] | None = None,
) -> Suggestion | None:
    """The best guess, or None. `past` is the share of the owned usage in the same `place` (a
    project, a user) by owner; `shared` by tag the share of what carries the same tag. A tag that
    names an owner speaks louder than the past, the past louder than a shared tag, and that louder
    than a name."""
    found = [
        *_by_tags(tags, candidates),
        *_by_shared_tags(shared or {}, candidates),
        *_by_past(past, candidates, place),
        *_by_names(names, candidates),
    ]
    return max(
        found,
        key=lambda s: (s.score, s.candidate.kind == "capability", s.candidate.name),
        default=None,
    )


def words(text: str) -> list[str]:
    """Words of a name: checkout-svc_2 is checkout, svc, 2."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.findall(r"[a-z0-9]+", spaced.casefold())


def _by_tags(tags: Mapping[str, str], candidates: Sequence[Candidate]) -> Iterable[Suggestion]:
    for tag in OWNER_TAGS:
        value = tags.get(tag, "")
        wanted = words(value)
        if not wanted:
            continue
        for candidate in candidates:
            spoken = [words(candidate.name), *map(words, candidate.codes)]
            if wanted in [text for text in spoken if text]:
                yield Suggestion(candidate, 0.95, f"Its tag {tag} says “{value}”")


def _by_past(
    past: Mapping[UUID, float], candidates: Sequence[Candidate], place: str
) -> Iterable[Suggestion]:
    for candidate in candidates:
        share = past.get(candidate.id, 0.0)
        if share >= SHARE:
            reason = f"{share:.0%} of the other use of {place} belongs to it"
            yield Suggestion(candidate, 0.9 * share, reason)


def _by_shared_tags(
    shared: Mapping[str, Mapping[UUID, float]], candidates: Sequence[Candidate]
) -> Iterable[Suggestion]:
    for tag, shares in shared.items():
        for candidate in candidates:
            share = shares.get(candidate.id, 0.0)
            if share >= SHARE:
                reason = f"{share:.0%} of other use tagged {tag} belongs to it"
                yield Suggestion(candidate, 0.85 * share, reason)


def _by_names(names: Sequence[str], candidates: Sequence[Candidate]) -> Iterable[Suggestion]:
    for text in names:
        have = set(words(text)) - COMMON
        if not have:
            continue
        for candidate in candidates:
            for spoken in (candidate.name, *candidate.codes):
                wanted = [word for word in words(spoken) if word not in COMMON]
                if wanted and max(map(len, wanted)) >= 3 and set(wanted) <= have:
                    score = min(0.5 + 0.1 * len(wanted), 0.8)
                    yield Suggestion(candidate, score, f"“{text}” names it")
                    break
