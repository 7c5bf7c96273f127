"""What providers bill, group by group: reports that are pulled, and bills that came as files."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Max, Min, Q, Sum
from django.db.models.functions import Coalesce

from apps.connectors.enums import BillPart
from apps.connectors.models import ProviderCost
from apps.connectors.reconciliation import explaining
from apps.connectors.reconciliation.explaining import USAGE_PARTS, BillSum, Claim, Span
from apps.ledger.services.foreign import convert
from apps.pricing.book import PriceBook
from apps.pricing.selectors import price_book

LONGEST = timedelta(days=31)
"""The longest period of usage that bills are cut in: a month."""
LOOK = timedelta(days=35)
"""How far around the days the ends of bills are looked for."""
OTHER = "Other line items"
_SHORT_DATE = re.compile(r"-(?:0[1-9]|1[0-2])[0-3]\d$")
Key = tuple[str, str]
"""Provider and group."""


class _Row(NamedTuple):
    """Lines of one source, day and dimensions, with the provider's canonical name."""

    source_id: UUID
    provider: str
    account: str
    project_id: str
    service: str
    part: str
    model: str
    day: date
    until: date | None
    currency: str
    amount: int
    effective: int
    tokens: int

    @property
    def days(self) -> Span:
        return self.day, self.until or self.day


@dataclass(slots=True)
class Bills:
    """Bills of the days by provider and group, in the ledger's currency.

    `covers` are the days that bills of files are about, by provider; `spans` periods of usage that
    they do not cut into days. `others` is billed for services that nobody measures here,
    `without_rate` the currencies left out by provider, `left_out` the sources whose bill is of an
    account that another source bills, `cut` the providers with a longer period that the days
    asked for cut.
    """

    sums: dict[Key, BillSum] = field(default_factory=dict)
    pulled: frozenset[str] = frozenset()
    covers: dict[str, Span] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    others: int = 0
    without_rate: dict[str, set[str]] = field(default_factory=dict)
    left_out: set[UUID] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)

    def period(self, provider: str, day: date) -> str:
        """What a day is compared in: itself, or the longer period a bill has, as first/last."""
        for first, last in self.spans.get(provider, ()):
            if first <= day <= last:
                return f"{first}/{last}"
        return str(day)

    def currencies(self) -> list[str]:
        return sorted({code for codes in self.without_rate.values() for code in codes})


def read(
    start: date,
    end: date,
    *,
    by: str,
    provider: str,
    own: dict[UUID, str],
    currency: str,
    ours: dict[str, set[str]],
) -> Bills:
    """Bills of [start, end). `own` are the sources that pull a provider's own report, with the
    provider; `ours` the providers that are measured, with their accounts."""
    found = Bills(pulled=frozenset(own.values()))
    if by == "api_key":
        return found
    book = price_book()
    rows = [row for row in _rows(start, end, own, book) if provider in ("", row.provider)]
    rows, others = _in_scope(rows, set(ours))
    rows = _one_each(rows, own, found)
    found.cut = {row.provider for row in rows if _is_cut(row, start, end)}
    rows = [row for row in rows if not _is_cut(row, start, end)]
    _place_periods(rows, by, found)
    _sum(rows, currency, _grouping(by, ours, book, found), found)
    found.others = sum(nanos or 0 for nanos in _converted(others, currency))
    _cover(start, end, {row.source_id for row in rows if row.part}, book, found)
    return found


def _rows(start: date, end: date, own: dict[UUID, str], book: PriceBook) -> list[_Row]:
    lines = ProviderCost.objects.filter(day__gte=start - LONGEST, day__lt=end)
    lines = lines.filter(Q(day__gte=start) | Q(until__gte=start, category__in=USAGE_PARTS))
    lines = lines.filter(Q(source_id__in=own) | ~Q(provider=""))
    grouped = lines.values(
        "source_id", "provider", "account", "project_id", "service", "category", "model", "day",
        "until", "currency",
    ).annotate(
        amount=Sum("amount_nanos"), effective=Sum("effective_nanos"), count=Sum("tokens")
    )  # fmt: skip
    return [
        _Row(
            row["source_id"],
            _canonical(book, row["provider"], row["model"]) or own[row["source_id"]],
            row["account"], row["project_id"], row["service"], row["category"], row["model"],
            row["day"], row["until"], row["currency"], row["amount"], row["effective"],
            row["count"],
        )
        for row in grouped
    ]  # fmt: skip


def _canonical(book: PriceBook, provider: str, model: str) -> str:
    """The provider as the ledger names it; "" for a pulled line, whose source says it."""
    return provider and book.canonical(provider, model or "x")[0]


def _in_scope(rows: Iterable[_Row], ours: set[str]) -> tuple[list[_Row], list[_Row]]:
    """Lines about what is measured here, and those of other services."""
    rows = list(rows)
    services = {
        (row.provider, row.service)
        for row in rows
        if row.service and row.part in (BillPart.TOKENS, BillPart.UNNAMED)
    }
    kept: list[_Row] = []
    others: list[_Row] = []
    for row in rows:
        inside = explaining.is_metered_here(row.provider, row.service, row.part, services, ours)
        (kept if inside else others).append(row)
    return kept, others


def _one_each(rows: Iterable[_Row], own: dict[UUID, str], found: Bills) -> list[_Row]:
    """Lines of one source for each provider account; the others are left out and named."""
    of: dict[str, dict[UUID, list[_Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        of[row.provider][row.source_id].append(row)
    kept: list[_Row] = []
    for sources in of.values():
        claims = [
            Claim(
                str(source_id),
                source_id in own,
                frozenset(row.account for row in lines),
                sum(row.amount for row in lines),
            )
            for source_id, lines in sources.items()
        ]
        counting, left = explaining.one_bill(claims)
        found.left_out |= {UUID(source) for source in left}
        kept += [row for source in sorted(counting) for row in sources[UUID(source)]]
    return kept


def _is_cut(row: _Row, start: date, end: date) -> bool:
    """Whether usage of a longer period lies in the days asked for with a part only. Other charges
    count on their first day."""
    if row.until is None or row.part not in USAGE_PARTS:
        return False
    return row.day < start or row.until >= end


def _place_periods(rows: Iterable[_Row], by: str, found: Bills) -> None:
    """By day, days that a bill does not cut are compared as one period."""
    if by != "day":
        return
    periods: dict[str, list[Span]] = defaultdict(list)
    for row in rows:
        if row.until is not None and row.part in USAGE_PARTS:
            periods[row.provider].append(row.days)
    found.spans = {provider: explaining.merged(spans) for provider, spans in periods.items()}


def _grouping(
    by: str, ours: dict[str, set[str]], book: PriceBook, found: Bills
) -> Callable[[_Row], str]:
    """The group of a line."""

    def model(row: _Row) -> str:
        name = row.model and _model(book, row.provider, row.model)
        return name or (row.part and row.service) or OTHER

    def account(row: _Row) -> str:
        """The account that is measured: the bill's, or the one below it."""
        known = ours.get(row.provider, set())
        return next((a for a in (row.project_id, row.account) if a and a in known), row.account)

    return {
        "day": lambda row: found.period(row.provider, row.day),
        "month": lambda row: f"{row.day:%Y-%m}",
        "provider": lambda row: row.provider,
        "model": model,
        "account": account,
    }[by]


def _model(book: PriceBook, provider: str, model: str) -> str:
    """The model as the ledger names it. Meters end in a short date (`gpt-4o-1120`) that no other
    channel says."""
    if book.lists.directory.find(provider, model) is None:
        plain = _SHORT_DATE.sub("", model)
        if book.lists.directory.find(provider, plain) is not None:
            model = plain
    return book.canonical(provider, model)[1]


def _sum(rows: list[_Row], currency: str, group: Callable[[_Row], str], found: Bills) -> None:
    amounts = _converted(rows, currency)
    effective = convert([(row.day, row.effective, row.currency) for row in rows], currency)
    for row, nanos, cost in zip(rows, amounts, effective, strict=True):
        if nanos is None or cost is None:
            found.without_rate.setdefault(row.provider, set()).add(row.currency)
            continue
        total = found.sums.setdefault((row.provider, group(row)), BillSum())
        total.add(row.part, row.days, nanos, cost, row.tokens)
        if row.currency != currency:
            total.foreign.add(row.currency)


def _converted(rows: Iterable[_Row], currency: str) -> list[int | None]:
    return convert([(row.day, row.amount, row.currency) for row in rows], currency)


def _cover(start: date, end: date, sources: set[UUID], book: PriceBook, found: Bills) -> None:
    """The days that bills of files are about, a little beyond the days asked for."""
    if not sources:
        return
    ends = (
        ProviderCost.objects.filter(
            day__gte=start - LOOK,
            day__lt=end + LOOK,
            source_id__in=sources,
            category__in=USAGE_PARTS,
        )
        .values("provider")
        .annotate(first=Min("day"), last=Max(Coalesce(F("until"), F("day"))))
    )
    for row in ends:
        name = book.canonical(row["provider"], "x")[0]
        first, last = found.covers.get(name, (row["first"], row["last"]))
        found.covers[name] = (min(first, row["first"]), max(last, row["last"]))


def billing_sources(start: date, end: date) -> dict[UUID, set[str]]:
    """The sources with bills that came as files in [start, end), and whom they bill for."""
    lines = ProviderCost.objects.filter(day__gte=start, day__lt=end).exclude(provider="")
    found: dict[UUID, set[str]] = defaultdict(set)
    for source_id, provider in lines.values_list("source_id", "provider").distinct():
        found[source_id].add(provider)
    return dict(found)
