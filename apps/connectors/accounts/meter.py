"""The coverage meter: how much of the accounts, the spend and the days is in the figures, and the
blind spots that are left."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.access.actors import Actor
from apps.common import clock, fmt
from apps.connectors.accounts import rules
from apps.connectors.accounts.rules import Part
from apps.connectors.accounts.selectors import AccountLine, bills, lines, require_whole
from apps.connectors.enums import KeyStanding, SourceKind, SourceRole, SourceStatus
from apps.connectors.inventory import selectors as inventory
from apps.connectors.models import Source
from apps.ledger.enums import Axis
from apps.ledger.models import RollupAxis
from apps.ledger.query import Query, Result, counting_sources, run
from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import LedgerSettings, ledger_settings

DAYS = 30
BY_HAND = frozenset({SourceKind.CSV})
"""Sources that bring the days somebody chose: none is expected of them."""


class Blind(StrEnum):
    """What a blind spot is."""

    ACCOUNT = "account"
    NAMELESS = "nameless"
    SPEND = "spend"
    PRICE = "price"
    DAYS = "days"
    REQUESTS = "requests"
    KEYS = "keys"


BLIND_LABELS = {
    Blind.ACCOUNT: "Account not connected",
    Blind.NAMELESS: "Use without an account",
    Blind.SPEND: "Spend without token counts",
    Blind.PRICE: "Use without a price",
    Blind.DAYS: "Days without data",
    Blind.REQUESTS: "Requests not counted",
    Blind.KEYS: "Keys nobody lists",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """One thing that the figures do not see. `cost_nanos` is the money in it where that is known;
    `subject` is the account, source id or provider it is about."""

    kind: Blind
    title: str
    detail: str
    subject: str
    cost_nanos: int | None = None

    @property
    def kind_label(self) -> str:
        return BLIND_LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class Meter:
    """Coverage of the days [start, end); accounts are those known today.

    `spend` is what was measured or, where more was billed, billed; its part has token counts.
    `days` are days of sources of record since their first; their part has data. `without_rate` are
    bills that are in no figure because no rate to the ledger's currency is known.
    """

    accounts: Part
    spend: Part
    days: Part
    spots: list[Spot]
    start: date
    end: date
    currency: str
    without_rate: tuple[str, ...]

    def of_kind(self, kind: str) -> list[Spot]:
        return [spot for spot in self.spots if spot.kind == kind]


def meter(actor: Actor) -> Meter:
    """The last 30 days that are over. Forbidden for somebody who sees a part of the whole."""
    require_whole(actor)
    settings = ledger_settings()
    end = clock.today(settings.timezone)
    start = end - timedelta(days=DAYS)
    known, sources = lines(), list(Source.objects.order_by("name"))
    asked = [line for line in known if line.in_meter]
    spend, without_tokens, result, without_rate = _spend(sources, start, end)
    days, gaps = _days(sources, settings, start, end)
    spots = [
        *_accounts(asked, settings.currency),
        *_nameless(known, result),
        *(_unread(name, nanos) for name, nanos in sorted(without_tokens.items())),
        *_unpriced(result),
        *gaps,
        *_requests(sources, start, end),
        *_keys(),
    ]
    spots.sort(key=lambda spot: (-(spot.cost_nanos or 0), list(Blind).index(spot.kind), spot.title))
    return Meter(
        accounts=Part(sum(line.is_connected for line in asked), len(asked)),
        spend=spend,
        days=days,
        spots=spots,
        start=start,
        end=end,
        currency=settings.currency,
        without_rate=without_rate,
    )


def _spend(
    sources: list[Source], start: date, end: date
) -> tuple[Part, dict[str, int], Result, tuple[str, ...]]:
    """Spend with token counts, what has none by provider, the measured part, and unknown bills."""
    result = run(Query(start=start, end=end, group_by=("provider", "model")))
    measured = [
        (row.keys[0] or "", row.cost_nanos or 0, row.tokens.total > 0) for row in result.rows
    ]
    unpriced = {row.keys[0] or "" for row in result.rows if row.unpriced_tokens}
    found: dict[tuple[str, str], int] = {}
    unknown = set()
    for bill in bills(sources, start, end, {provider for provider, _, _ in measured}):
        place = (bill.provider, bill.account.casefold())
        if bill.nanos is None:
            unknown.add(bill.source.name)
        else:
            found[place] = max(found.get(place, 0), bill.nanos)
    billed: dict[str, int] = defaultdict(int)
    for (provider, _), nanos in found.items():
        billed[provider] += nanos
    spend, left = rules.spend_told(measured, billed, unpriced)
    return spend, left, result, tuple(sorted(unknown))


def _days(
    sources: Iterable[Source], settings: LedgerSettings, start: date, end: date
) -> tuple[Part, list[Spot]]:
    """Days of each source of record with data, of those since its first; and what is missing."""
    used: dict[UUID, set[date]] = defaultdict(set)
    firsts: dict[UUID, date] = {}
    rows = RollupAxis.objects.filter(axis=Axis.SOURCE, day__lt=end).order_by("day")
    for key, day in rows.values_list("key", "day"):
        firsts.setdefault(key, day)
        if day >= start:
            used[key].add(day)
    zone = ZoneInfo(settings.timezone)
    through = {
        row.source_id: row.complete_through.astimezone(zone).date()
        for row in coverage().sources
        if row.complete_through
    }
    expected = missing = 0
    spots = []
    for source in sources:
        if source.role != SourceRole.RECORD or source.kind in BY_HAND:
            continue
        if source.status == SourceStatus.PAUSED and source.id not in used:
            continue
        begun = firsts.get(source.id) or source.created_at.astimezone(zone).date()
        count, gaps = rules.days_told(start, end, begun, used[source.id], through.get(source.id))
        expected, missing = expected + count, missing + len(gaps)
        if gaps:
            spots.append(_gap(source, count, gaps))
    return Part(expected - missing, expected), spots


def _gap(source: Source, count: int, gaps: list[date]) -> Spot:
    told = fmt.day(gaps[0])
    if len(gaps) > 1:
        told = f"between {told} and {fmt.day(gaps[-1])}"
    why = "It is paused." if source.status == SourceStatus.PAUSED else source.last_error
    return Spot(
        Blind.DAYS,
        f"{source.name}: {fmt.plural(len(gaps), 'day')} without data",
        f"Of {fmt.plural(count, 'day')}: {told}. {why}".strip(),
        str(source.id),
    )


def _accounts(asked: Iterable[AccountLine], currency: str) -> Iterator[Spot]:
    for line in asked:
        if line.is_connected:
            continue
        said = f"It was billed {fmt.money(line.billed_nanos, currency)} in 90 days. " * bool(
            line.billed_nanos
        )
        if line.comparisons:
            said += f"{', '.join(line.comparisons)} sees it for comparison only. "
        if line.standing == KeyStanding.BANNED:
            said += "It is banned. "
        if not said and line.owner:
            said = f"Declared; {line.owner} owns it. "
        yield Spot(
            Blind.ACCOUNT,
            f"{line.provider}: {line.label} is not connected",
            f"{said}Its tokens are in no total.".strip(),
            f"{line.provider}:{line.account}",
            line.billed_nanos,
        )


def _nameless(known: Iterable[AccountLine], result: Result) -> Iterator[Spot]:
    for line in known:
        if line.is_stated or not line.is_used:
            continue
        yield Spot(
            Blind.NAMELESS,
            f"{line.provider}: {fmt.tokens(line.tokens)} tokens name no account",
            f"{', '.join(line.sources) or 'Its bill'} does not say whose account it is.",
            line.provider,
            line.cost_nanos,
        )


def _unread(provider: str, nanos: int) -> Spot:
    return Spot(
        Blind.SPEND,
        f"{provider or 'No provider'}: spend without token counts",
        "Billed beyond what was measured, or costs of records that count no tokens.",
        provider,
        nanos,
    )


def _unpriced(result: Result) -> Iterator[Spot]:
    tokens: dict[str, int] = defaultdict(int)
    for row in result.rows:
        tokens[row.keys[0] or ""] += row.unpriced_tokens
    for provider, count in sorted(tokens.items()):
        if count:
            yield Spot(
                Blind.PRICE,
                f"{provider or 'No provider'}: {fmt.tokens(count)} tokens without a price",
                "Their cost is in no total until their models have a price.",
                provider,
            )


def _requests(sources: Iterable[Source], start: date, end: date) -> Iterator[Spot]:
    names = {str(source.id): source.name for source in sources}
    _, silent = counting_sources(Query(start=start, end=end))
    for key in sorted(silent):
        yield Spot(
            Blind.REQUESTS,
            f"{names.get(key, 'A source')} counts no requests",
            "Requests of groups it is part of are lower bounds; nothing of it is in figures per "
            "request.",
            key,
        )


def _keys() -> Iterator[Spot]:
    """Keys in use that no directory lists, by provider."""
    found: dict[str, list[int]] = defaultdict(list)
    for line in inventory.lines():
        if line.in_doubt:
            found[line.provider].append(line.cost_nanos or 0)
    for provider, costs in sorted(found.items()):
        yield Spot(
            Blind.KEYS,
            f"{provider}: {fmt.plural(len(costs), 'key')} in use that no directory lists",
            "Keys of an account that nobody connected, or of somebody’s own.",
            provider,
            sum(costs),
        )
