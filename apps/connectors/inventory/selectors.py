"""Every API key: those that usage names and those that directories list, with their standing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Max, Min

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require, visible_unit_ids
from apps.common import clock
from apps.common.errors import Forbidden
from apps.connectors.enums import EntryKind, KeyStanding, Listing, SourceKind
from apps.connectors.inventory import rules
from apps.connectors.models import DirectoryEntry, KeyReview
from apps.ledger.enums import Axis
from apps.ledger.models import DimensionValue, RollupAxis
from apps.ledger.query import Query, Row, run
from apps.ledger.query.persons import Sight
from apps.ledger.selectors.state import ledger_settings

DAYS = 90
PROVIDER = {SourceKind.OPENAI: "openai", SourceKind.ANTHROPIC: "anthropic"}
"""Providers of directories whose keys call no other one."""
KINDS = (EntryKind.API_KEY, EntryKind.ADMIN_KEY)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key. Figures are of the last 90 days; days are when it was used at all.

    `owner` is what a directory or a review says; `team` has most of its cost. `source` names the
    directory that lists it.
    """

    provider: str
    key: str
    label: str
    listing: Listing
    source: str
    owner: str
    team: str
    first_used: date | None
    last_used: date | None
    tokens: int
    cost_nanos: int | None
    review: KeyReview | None

    @property
    def in_doubt(self) -> bool:
        """Whether it is used although no directory lists it."""
        return self.listing != Listing.LISTED and self.tokens > 0

    @property
    def standing(self) -> str:
        """The decision's value; empty while nobody decided."""
        return self.review.standing if self.review else ""

    @property
    def standing_label(self) -> str:
        return KeyStanding(self.standing).label if self.standing else "Not reviewed"


def inventory(actor: Actor) -> list[KeyLine]:
    """Every key: first what is used without a directory that lists it, then the dearest.

    Whom a directory names as a key's owner is told to those who may see people; an owner that a
    review states, to everybody. Forbidden for somebody who sees a part of the organization only:
    keys belong to none of them.
    """
    require(actor, P.SOURCE_VIEW)
    if visible_unit_ids(actor, P.USAGE_VIEW) is not None:
        raise Forbidden("Keys belong to the whole organization, and you see a part of it.")
    found = lines()
    if Sight(actor).everybody:
        return found
    return [replace(line, owner=line.review.owner if line.review else "") for line in found]


def one(actor: Actor, provider: str, key: str) -> KeyLine | None:
    """The line of one key; None where neither usage nor a directory knows it."""
    return next((x for x in inventory(actor) if (x.provider, x.key) == (provider, key)), None)


def lines() -> list[KeyLine]:
    """The inventory of the open scope."""
    today = clock.today(ledger_settings().timezone)
    start, end = today - timedelta(days=DAYS), today + timedelta(days=1)
    used = {
        (row.keys[0] or "", row.keys[1]): row
        for row in run(Query(start=start, end=end, group_by=("provider", "api_key"))).rows
        if row.keys[1]
    }
    teams = _teams(start, end)
    days, directory = _days(), _directory()
    reviews = {(review.provider, review.key): review for review in KeyReview.objects.all()}
    found = []
    for provider, key in used.keys() | directory.keys() | reviews.keys():
        row, entry = used.get((provider, key)), directory.get((provider, key))
        review = reviews.get((provider, key))
        first, last = days.get(key, (None, None))
        found.append(
            KeyLine(
                provider=provider,
                key=key,
                label=_label(key, row, entry, review),
                listing=rules.listing(entry.seen_at, entry.source.directory_at)
                if entry
                else Listing.UNLISTED,
                source=entry.source.name if entry else "",
                owner=(review and review.owner) or (entry.owner if entry else ""),
                team=teams.get(key, ""),
                first_used=first,
                last_used=last,
                tokens=row.tokens.total if row else 0,
                cost_nanos=row.cost_nanos if row else None,
                review=review,
            )
        )
    return sorted(
        found,
        key=lambda line: (not line.in_doubt, -(line.cost_nanos or 0), line.provider, line.label),
    )


def _directory() -> dict[tuple[str, str], DirectoryEntry]:
    """Keys that directories name, by provider and id; the one that was seen last counts."""
    rows = DirectoryEntry.objects.filter(kind__in=KINDS, source__kind__in=list(PROVIDER))
    return {
        (PROVIDER[SourceKind(row.source.kind)], row.external_id): row
        for row in rows.select_related("source").order_by("seen_at")
    }


def _days() -> dict[str, tuple[date, date]]:
    """By key, the first and the last day with usage."""
    values = {
        row.key: row.value for row in DimensionValue.objects.filter(axis=Axis.API_KEY).iterator()
    }
    spans = (
        RollupAxis.objects.filter(axis=Axis.API_KEY, key__in=list(values))
        .order_by()
        .values_list("key")
        .annotate(first=Min("day"), last=Max("day"))
    )
    return {values[key]: (first, last) for key, first, last in spans}


def _label(
    key: str, row: Row | None, entry: DirectoryEntry | None, review: KeyReview | None
) -> str:
    """What people call a key: as its usage says, else as its provider does."""
    if row is not None and row.labels[1] != key:
        return row.labels[1]
    return (entry.name if entry else "") or (review.label if review else "") or key


def _teams(start: date, end: date) -> dict[str, str]:
    """By key, the team with most of its cost."""
    best: dict[str, tuple[int, str]] = defaultdict(lambda: (-1, ""))
    for row in run(Query(start=start, end=end, group_by=("api_key", "unit"))).rows:
        key, unit = row.keys
        if key and unit:
            best[key] = max(best[key], (row.cost_nanos or 0, row.labels[1]))
    return {key: name for key, (_, name) in best.items()}


def first_usage() -> date | None:
    """The first day with any usage."""
    found: date | None = RollupAxis.objects.filter(axis=Axis.TOTAL).aggregate(d=Min("day"))["d"]
    return found


def unknown(found: Iterable[KeyLine], today: date) -> list[KeyLine]:
    """Keys that began lately, that no directory lists, and that nobody reviewed."""
    since = first_usage()
    return [
        line
        for line in found
        if line.review is None
        and line.listing == Listing.UNLISTED
        and rules.is_news(line.first_used, since, today)
    ]


def banned_in_use(found: Iterable[KeyLine]) -> list[KeyLine]:
    """Banned keys that were used on a day after the decision."""
    return [
        line
        for line in found
        if line.review is not None
        and line.standing == KeyStanding.BANNED
        and line.last_used is not None
        and line.last_used > line.review.reviewed_at.date()
    ]
