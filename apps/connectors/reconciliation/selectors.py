"""Measured, billed and compared figures of the same days, group by group."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require, visible_unit_ids
from apps.common import clock
from apps.common.errors import Forbidden, Invalid
from apps.connectors.enums import COMPARISON_ALWAYS, SourceKind, SourceRole, SourceStatus
from apps.connectors.models import ProviderCost, ReconciliationLimits, Source
from apps.connectors.reconciliation import rules
from apps.connectors.reconciliation.rules import DEFAULTS, Limits, Side
from apps.connectors.selectors import comparison_days
from apps.ledger.query import Query, run
from apps.ledger.query.types import Grain
from apps.ledger.selectors.periods import pruned_months
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.selectors.sums import by_utc_day
from apps.ledger.services.foreign import convert
from apps.pricing.selectors import price_book

GROUPS = {"day": "Day", "provider": "Provider", "model": "Model", "api_key": "API key"}
MAX_DAYS = 92
UTC_DAYS = 35
"""Days that are recut in UTC from the records where the ledger's zone is another."""
FRESH = timedelta(days=2)
BILLING = {SourceKind.OPENAI: "openai", SourceKind.ANTHROPIC: "anthropic"}
"""Kinds whose provider reports what it will bill."""
Key = tuple[str, str]
"""Provider and group."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the ledger says about a group."""

    label: str
    tokens: int
    unpriced_tokens: int
    cost_nanos: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One group of one provider. `key` is a day, a model or an API key's id."""

    provider: str
    key: str
    label: str
    side: Side
    limits: Limits = DEFAULTS

    @property
    def state(self) -> str:
        return rules.state(self.side, self.limits)

    @property
    def reasons(self) -> list[str]:
        return rules.reasons(self.side, self.limits)

    @property
    def order(self) -> int:
        """For sorting: the largest difference of money."""
        return abs(self.side.bill_gap or 0)


@dataclass(frozen=True, slots=True)
class Channel:
    """A source and what its figures are to the ledger."""

    source: Source
    provider: str
    bills: bool

    @property
    def role(self) -> str:
        return SourceRole(self.source.role).label


@dataclass(slots=True)
class Reconciliation:
    """The answer: lines, their sum, and what each channel is."""

    lines: list[Line]
    total: Side
    currency: str
    timezone: str
    channels: list[Channel]
    utc: bool = True
    """Whether measured days are the UTC days of bills and comparisons."""
    limits: Limits = DEFAULTS
    unconverted: list[str] = field(default_factory=list)

    def count(self, state: str) -> int:
        return sum(line.state == state for line in self.lines)


def limits_in_force() -> Limits:
    """From which difference on figures need an answer."""
    own = ReconciliationLimits.objects.first()
    if own is None:
        return DEFAULTS
    return Limits(own.close_bp, own.wide_bp, own.small_nanos, own.small_tokens)


def limits_version() -> int:
    """The version a change of the limits is made on; 0: never set."""
    own = ReconciliationLimits.objects.first()
    return 0 if own is None else own.version


def channels() -> list[Channel]:
    """Every source that is not paused: the channel of record of its account, or a comparison."""
    found = Source.objects.exclude(status=SourceStatus.PAUSED).order_by("kind", "account", "name")
    return [Channel(s, BILLING.get(s.kind, ""), s.kind in BILLING) for s in found]  # type: ignore[call-overload]


def providers() -> list[str]:
    """Providers that some source bills."""
    return sorted({channel.provider for channel in channels() if channel.bills})


def reconcile(
    actor: Actor, start: date, end: date, *, by: str = "day", provider: str = ""
) -> Reconciliation:
    """Figures of [start, end) side by side, by day, provider, model or API key.

    Forbidden for somebody who sees a part of the organization only: a bill has no parts. Invalid
    for more than 92 days or an unknown grouping.
    """
    require(actor, P.SOURCE_VIEW)
    if visible_unit_ids(actor, P.USAGE_VIEW) is not None:
        raise Forbidden("Bills belong to the whole organization, and you see a part of it.")
    if by not in GROUPS:
        raise Invalid(f"Unknown grouping {by!r}.", field="by", fix=f"Use {', '.join(GROUPS)}.")
    if not timedelta() < end - start <= timedelta(days=MAX_DAYS):
        raise Invalid(f"Choose 1 to {MAX_DAYS} days.", field="start", fix="Move the days.")
    known, limits = channels(), limits_in_force()
    measured, result = _measured(start, end, by, provider)
    billed, unconverted = _billed(start, end, by, provider, known, result.currency)
    compared = _compared(start, end, by, provider, result.currency)
    labels = {key: row.label for key, row in measured.items() if row.label}
    if by == "api_key":
        compared = rules.under_measured_keys(compared, labels)
    labels |= {key: name for key, (_, _, name) in compared.items() if key not in labels and name}
    lagging = _lagging(known, end)
    billing = {channel.provider for channel in known if channel.bills}
    lines = []
    for key in sorted(measured.keys() | billed.keys() | compared.keys()):
        row, seen = measured.get(key), compared.get(key)
        side = Side(
            measured_nanos=row.cost_nanos if row else None,
            measured_tokens=row.tokens if row else 0,
            unpriced_tokens=row.unpriced_tokens if row else 0,
            billed_nanos=billed.get(key, _nothing(key, by, billing, row)),
            compared_tokens=seen[0] if seen else None,
            compared_nanos=seen[1] if seen else None,
            lagging=lagging.get(key[0], "") if by != "day" or _recent(key[1]) else "",
            fresh=by == "day" and _recent(key[1]),
        )
        lines.append(Line(key[0], key[1], _label(by, key, labels), side, limits))
    return Reconciliation(
        lines=lines,
        total=_total(lines),
        currency=result.currency,
        timezone=result.timezone,
        channels=known,
        utc=result.utc,
        limits=limits,
        unconverted=unconverted,
    )


def _label(by: str, key: Key, labels: dict[Key, str]) -> str:
    return key[1] if by == "day" else labels.get(key) or key[1] or "Not stated"


def _nothing(key: Key, by: str, billing: set[str], row: Measured | None) -> int | None:
    """A bill without a line for something says 0, unless it is not out yet or names no keys."""
    if by == "api_key" or key[0] not in billing or (by == "day" and _recent(key[1])):
        return None
    return 0 if row is not None and by != "model" else None


def _recent(day: str) -> bool:
    return date.fromisoformat(day) >= clock.today() - FRESH


def _measured(
    start: date, end: date, by: str, provider: str
) -> tuple[dict[Key, Measured], "_Result"]:
    settings = ledger_settings()
    own = is_utc(settings.timezone)
    recut = by == "day" and not own and (end - start).days <= UTC_DAYS
    recut = recut and not pruned_months(start, end)
    result = _Result(settings.currency, settings.timezone, own or recut)
    if recut:
        return {
            (row.provider, str(row.day)): Measured(
                "", row.tokens, row.unpriced_tokens, row.cost_nanos
            )
            for row in by_utc_day(start, end, provider)
        }, result
    grain: Grain = "day" if by == "day" else "total"
    axes = ("provider",) if by in ("day", "provider") else ("provider", by)
    found = run(
        Query(
            start=start,
            end=end,
            grain=grain,
            group_by=axes,
            filters={"provider": [provider]} if provider else {},
            order="label",
        )
    )
    rows: dict[Key, Measured] = {}
    for row in found.rows:
        group = str(row.period) if by == "day" else (row.keys[-1] or "")
        rows[row.keys[0] or "", group] = Measured(
            row.labels[-1], row.tokens.total, row.unpriced_tokens, row.cost_nanos
        )
    return rows, result


def is_utc(zone: str) -> bool:
    """Whether days of the ledger are those of the bills."""
    return zone in ("UTC", "Etc/UTC")


@dataclass(frozen=True, slots=True)
class _Result:
    currency: str
    timezone: str
    utc: bool


def _billed(
    start: date,
    end: date,
    by: str,
    provider: str,
    known: Iterable[Channel],
    currency: str,
) -> tuple[dict[Key, int], list[str]]:
    """Bills by provider and group, in the ledger's currency; the currencies without a rate."""
    if by == "api_key":
        return {}, []
    of_source = {channel.source.id: channel.provider for channel in known if channel.bills}
    rows = list(
        ProviderCost.objects.filter(day__gte=start, day__lt=end, source_id__in=of_source)
        .values("source_id", "day", "currency", "model")
        .annotate(amount=Sum("amount_nanos"))
    )
    amounts = convert([(row["day"], row["amount"], row["currency"]) for row in rows], currency)
    book = price_book()
    sums: dict[Key, int] = defaultdict(int)
    without: set[str] = set()
    for row, nanos in zip(rows, amounts, strict=True):
        name = of_source[row["source_id"]]
        if provider and name != provider:
            continue
        if nanos is None:
            without.add(row["currency"])
            continue
        model = row["model"] and book.canonical(name, row["model"])[1]
        group = {"day": str(row["day"]), "provider": name, "model": model or "Other line items"}
        sums[name, group[by]] += nanos
    return dict(sums), sorted(without)


def _compared(
    start: date, end: date, by: str, provider: str, currency: str
) -> dict[Key, tuple[int, int | None, str]]:
    """Comparison usage by provider and group: tokens, cost where all of it is known, a name.

    Several comparison sources see the same calls: the one that saw most of a group counts. A tool's
    own analytics see the calls of that tool only, some of them of subscriptions: they count where
    nothing else says anything, and never hide a gateway. Usage that names no key says nothing
    about keys.
    """
    partial = Source.objects.filter(kind__in=COMPARISON_ALWAYS).values_list("id", flat=True)
    lesser = set(partial)
    column = {"provider": [], "api_key": ["api_key_id"]}.get(by, [by])
    wanted = ["source_id", "provider", *column]
    book = price_book()
    found: dict[tuple[object, Key], list[int]] = defaultdict(lambda: [0, 0, 0])
    names: dict[Key, str] = {}
    for row in comparison_days(start, end, by=wanted, metered=True):
        name = book.canonical(row.provider or "", row.model or "x")[0]
        if (provider and name != provider) or (by == "api_key" and not row.api_key_id):
            continue
        group = {
            "day": str(row.day),
            "provider": name,
            "model": book.canonical(row.provider or "", row.model)[1] if row.model else "",
            "api_key": row.api_key_id or "",
        }[by]
        key = (name, group)
        cell = found[row.source_id, key]
        cell[0] += row.counts.total
        cell[1] += row.cost_nanos
        cell[2] += row.without_cost + (row.currency != currency)
        if by == "api_key" and row.api_key:
            names[key] = row.api_key
    best: dict[Key, tuple[bool, int, list[int]]] = {}
    for (source_id, key), cell in found.items():
        rank = (source_id not in lesser, cell[0], cell)
        if key not in best or rank[:2] > best[key][:2]:
            best[key] = rank
    return {
        key: (cell[0], None if cell[2] else cell[1], names.get(key, ""))
        for key, (_, _, cell) in best.items()
    }


def _lagging(known: Iterable[Channel], end: date) -> dict[str, str]:
    """By provider, a source of record that has not read up to the end yet."""
    until = min(datetime.combine(end, time(), UTC), clock.now() - timedelta(hours=6))
    late: dict[str, str] = {}
    for channel in known:
        source = channel.source
        behind = source.cursor is None or source.cursor < until
        if channel.bills and not source.is_compared and behind:
            late[channel.provider] = source.name
    return late


def _total(lines: list[Line]) -> Side:
    """Sums of what each channel says; bills and comparisons only where they say something."""

    def add(values: Iterable[int | None]) -> int | None:
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    sides = [line.side for line in lines]
    return Side(
        measured_nanos=add(side.measured_nanos for side in sides),
        measured_tokens=sum(side.measured_tokens for side in sides),
        unpriced_tokens=sum(side.unpriced_tokens for side in sides),
        billed_nanos=add(side.billed_nanos for side in sides),
        compared_tokens=add(side.compared_tokens for side in sides),
        compared_nanos=add(side.compared_nanos for side in sides),
    )
