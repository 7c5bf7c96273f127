"""Every provider account: those that usage or a bill names, and those people declared."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Max, Min, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require, visible_unit_ids
from apps.common import clock
from apps.common.errors import Forbidden
from apps.connectors.accounts.rules import KNOWN_LABELS, Known, known_as
from apps.connectors.enums import BillPart, KeyStanding, SourceRole, SourceStatus
from apps.connectors.inventory.selectors import PROVIDER
from apps.connectors.models import ComparisonUsage, ProviderAccount, ProviderCost, Source
from apps.connectors.reconciliation.explaining import USAGE_PARTS, is_metered_here
from apps.ledger.enums import Axis
from apps.ledger.models import DimensionValue, RollupAxis
from apps.ledger.query import Query, crossed
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.services.foreign import convert
from apps.pricing.selectors import price_book

DAYS = 90
AI_PARTS = (BillPart.TOKENS, BillPart.UNNAMED)
Place = tuple[str, str]
"""A provider as the ledger names it, and an account whatever its capitals."""


@dataclass(slots=True)
class _Seen:
    """What was found about an account."""

    account: str = ""
    counted: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)
    billed: set[str] = field(default_factory=set)
    tokens: int = 0
    cost_nanos: int | None = None
    billed_nanos: int | None = None
    first: date | None = None
    last: date | None = None

    def on(self, first: date | None, last: date | None) -> None:
        """It was seen on these days too."""
        self.first = min((d for d in (self.first, first) if d), default=None)
        self.last = max((d for d in (self.last, last) if d), default=None)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account. Figures are of the last 90 days; days are when it was seen at all.

    `sources` count its usage, `comparisons` see it beside, `bills` say what it costs: names of
    sources. Several bills of one account are the same money: the largest counts. `declared` is what
    a person said about it.
    """

    provider: str
    account: str
    known: Known
    sources: tuple[str, ...]
    comparisons: tuple[str, ...]
    bills: tuple[str, ...]
    first_seen: date | None
    last_seen: date | None
    tokens: int
    cost_nanos: int | None
    billed_nanos: int | None
    declared: ProviderAccount | None

    @property
    def label(self) -> str:
        return (self.declared and self.declared.name) or self.account or "Not stated"

    @property
    def is_stated(self) -> bool:
        """Whether it is an account: usage may say none."""
        return bool(self.account)

    @property
    def known_label(self) -> str:
        return KNOWN_LABELS[self.known]

    @property
    def is_connected(self) -> bool:
        return self.known is Known.CONNECTED

    @property
    def is_used(self) -> bool:
        return bool(self.tokens or self.cost_nanos or self.billed_nanos)

    @property
    def owner(self) -> str:
        return self.declared.owner if self.declared else ""

    @property
    def payment(self) -> str:
        return self.declared.payment if self.declared else ""

    @property
    def note(self) -> str:
        return self.declared.note if self.declared else ""

    @property
    def standing(self) -> str:
        """The decision's value; empty while nobody decided."""
        return self.declared.standing if self.declared else ""

    @property
    def standing_label(self) -> str:
        return KeyStanding(self.standing).label if self.standing else "Not reviewed"

    @property
    def version(self) -> int:
        return self.declared.version if self.declared else 0

    @property
    def in_meter(self) -> bool:
        """Whether it ought to be connected: a banned account that nobody uses ought not."""
        return self.is_stated and not (self.standing == KeyStanding.BANNED and not self.is_used)


def accounts(actor: Actor) -> list[AccountLine]:
    """Every account, those that are not connected first, then the dearest.

    Forbidden for somebody who sees a part of the organization only: accounts have no parts.
    """
    require_whole(actor)
    return lines()


def require_whole(actor: Actor) -> None:
    """Raise Forbidden unless the actor may see sources and all usage."""
    require(actor, P.SOURCE_VIEW)
    if visible_unit_ids(actor, P.USAGE_VIEW) is not None:
        raise Forbidden("Accounts belong to the whole organization, and you see a part of it.")


def one(actor: Actor, provider: str, account: str) -> AccountLine | None:
    """The line of one account; None where nothing knows it."""
    place = place_of(provider, account)
    return next((x for x in accounts(actor) if place_of(x.provider, x.account) == place), None)


def place_of(provider: str, account: str) -> Place:
    """Where an account is found, by any name of its provider."""
    return provider_of(provider), account.strip().casefold()


def provider_of(provider: str) -> str:
    """The ledger's name of a provider."""
    return price_book().canonical(provider, "")[0]


def lines() -> list[AccountLine]:
    """The accounts of the open scope."""
    today = clock.today(ledger_settings().timezone)
    start, end = today - timedelta(days=DAYS), today + timedelta(days=1)
    sources = {source.id: source for source in Source.objects.all()}
    seen: dict[Place, _Seen] = defaultdict(_Seen)
    _counted(seen, sources, start, end)
    measured = {provider for provider, _ in seen}
    _compared(seen, sources, start, end)
    _configured(seen, sources.values())
    for bill in bills(sources.values(), start, end, measured):
        found = _at(seen, bill.provider, bill.account)
        found.billed.add(bill.source.name)
        if bill.nanos is not None:
            found.billed_nanos = max(found.billed_nanos or 0, bill.nanos)
        found.on(bill.first, bill.last)
    declared = {(row.provider, row.account_norm): row for row in ProviderAccount.objects.all()}
    answer = [
        _line(place, seen.get(place, _Seen()), declared.get(place))
        for place in seen.keys() | declared.keys()
    ]
    answer.sort(
        key=lambda line: (
            line.is_connected,
            -max(line.cost_nanos or 0, line.billed_nanos or 0),
            line.provider,
            line.label,
        )
    )
    return answer


def _line(place: Place, found: _Seen, row: ProviderAccount | None) -> AccountLine:
    return AccountLine(
        provider=place[0],
        account=found.account or (row.account if row else ""),
        known=known_as(
            counted=bool(found.counted), compared=bool(found.compared), billed=bool(found.billed)
        ),
        sources=tuple(sorted(found.counted)),
        comparisons=tuple(sorted(found.compared)),
        bills=tuple(sorted(found.billed)),
        first_seen=found.first,
        last_seen=found.last,
        tokens=found.tokens,
        cost_nanos=found.cost_nanos,
        billed_nanos=found.billed_nanos,
        declared=row,
    )


def _at(seen: dict[Place, _Seen], provider: str, account: str) -> _Seen:
    found = seen[place_of(provider, account)]
    found.account = found.account or account
    return found


def _counted(seen: dict[Place, _Seen], sources: dict[UUID, Source], start: date, end: date) -> None:
    """What the ledger counts, by account."""
    query = Query(start=start, end=end, group_by=("provider", "account", "source"))
    (rows,) = crossed(query, [(start, end)])
    days = _days()
    for row in rows:
        provider, account, source_id = (key or "" for key in row.keys)
        found = _at(seen, provider, account)
        source = sources.get(UUID(source_id)) if source_id else None
        found.counted.add(source.name if source else row.labels[2])
        found.tokens += row.tokens.total
        if row.cost_nanos is not None:
            found.cost_nanos = (found.cost_nanos or 0) + row.cost_nanos
        found.on(*days.get(account, (None, None)))


def _days() -> dict[str, tuple[date, date]]:
    """By account as usage names it, the first and the last day with usage."""
    values = dict(DimensionValue.objects.filter(axis=Axis.ACCOUNT).values_list("key", "value"))
    spans = (
        RollupAxis.objects.filter(axis=Axis.ACCOUNT, key__in=list(values))
        .order_by()
        .values_list("key")
        .annotate(first=Min("day"), last=Max("day"))
    )
    return {values[key]: (first, last) for key, first, last in spans}


def _compared(
    seen: dict[Place, _Seen], sources: dict[UUID, Source], start: date, end: date
) -> None:
    """What comparison-only channels see. Its tokens are in no figure here: others count them."""
    rows = (
        ComparisonUsage.objects.filter(day__gte=start, day__lt=end)
        .order_by()
        .values_list("source_id", "provider", "account")
        .annotate(first=Min("day"), last=Max("day"))
    )
    for source_id, provider, account, first, last in rows:
        found = _at(seen, provider, account or sources[source_id].account)
        found.compared.add(sources[source_id].name)
        found.on(first, last)


def _configured(seen: dict[Place, _Seen], sources: Iterable[Source]) -> None:
    """Accounts that somebody connected, also before they brought anything."""
    for source in sources:
        provider = PROVIDER.get(source.kind)  # type: ignore[call-overload]
        if provider and source.account and source.status == SourceStatus.ACTIVE:
            found = _at(seen, provider, source.account)
            known = found.counted if source.role == SourceRole.RECORD else found.compared
            known.add(source.name)


@dataclass(frozen=True, slots=True)
class Bill:
    """What one source says that usage of one account costs, in the ledger's currency; None where
    no rate from its own is known. `first` and `last` are days of its lines."""

    source: Source
    provider: str
    account: str
    nanos: int | None
    first: date
    last: date


def bills(sources: Iterable[Source], start: date, end: date, measured: set[str]) -> list[Bill]:
    """The bills of [start, end) for usage: no taxes, purchases or credits, and of clouds no other
    services. `measured` are the providers that the ledger knows. A comparison's figure is no bill.
    """
    record = {source.id: source for source in sources if source.role == SourceRole.RECORD}
    rows = list(
        ProviderCost.objects.filter(
            day__gte=start,
            day__lt=end,
            source_id__in=list(record),
            category__in=("", *USAGE_PARTS),
        )
        .order_by()
        .values_list("source_id", "provider", "account", "service", "category", "currency", "day")
        .annotate(amount=Sum("amount_nanos"))
    )
    services = {(row[1], row[3]) for row in rows if row[3] and row[4] in AI_PARTS}
    amounts = convert([(row[6], row[7], row[5]) for row in rows], ledger_settings().currency)
    sums: dict[tuple[UUID, str, str], Bill] = {}
    for row, nanos in zip(rows, amounts, strict=True):
        source, stated, part, day = record[row[0]], row[1], row[4], row[6]
        name = provider_of(stated) if stated else PROVIDER.get(source.kind, source.kind)  # type: ignore[call-overload]
        if part and not is_metered_here(name, row[3], part, services, measured):
            continue
        place = (source.id, name, row[2] or source.account)
        old = sums.get(place) or Bill(source, name, place[2], 0, day, day)
        total = None if old.nanos is None or nanos is None else old.nanos + nanos
        sums[place] = Bill(source, name, place[2], total, min(old.first, day), max(old.last, day))
    return list(sums.values())
