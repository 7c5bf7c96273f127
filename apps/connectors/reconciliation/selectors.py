"""Measured, billed and compared figures of the same days, group by group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require, visible_unit_ids
from apps.common import clock
from apps.common.errors import Forbidden, Invalid
from apps.common.periods import month_of
from apps.connectors.enums import SourceKind, SourceRole, SourceStatus
from apps.connectors.models import ReconciliationLimits, Source
from apps.connectors.reconciliation import bills, rules
from apps.connectors.reconciliation.bills import Bills
from apps.connectors.reconciliation.compared import compared
from apps.connectors.reconciliation.explaining import BillSum, Explained, explain
from apps.connectors.reconciliation.measured import Cell, Ledger, measured
from apps.connectors.reconciliation.rules import DEFAULTS, Limits, Side, Total

GROUPS = {
    "day": "Day",
    "month": "Month",
    "provider": "Provider",
    "account": "Provider account",
    "model": "Model or service",
    "api_key": "API key",
}
MAX_DAYS, MAX_MONTH_DAYS = 92, 400
FRESH = timedelta(days=2)
BILLING = {SourceKind.OPENAI: "openai", SourceKind.ANTHROPIC: "anthropic"}
"""Kinds whose provider reports what it will bill."""
Key = tuple[str, str]
"""Provider and group."""


@dataclass(frozen=True, slots=True)
class Line:
    """One group of one provider. `key` is a day (or a bill's longer period, first/last), a month, a
    provider, an account, a model or service, or an API key's id."""

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
    """A source, what its figures are to the ledger, and whom it bills for."""

    source: Source
    bills_for: tuple[str, ...] = ()
    left_out: bool = False
    """Another source bills the same account: its bill is not added to that one."""

    @property
    def pulls_bill(self) -> str:
        """The provider whose own report it pulls."""
        return BILLING.get(SourceKind(self.source.kind), "")

    @property
    def role(self) -> str:
        return SourceRole(self.source.role).label


@dataclass(slots=True)
class Reconciliation:
    """The answer: lines, their sum, and what each channel is.

    `others_nanos` is on the bills too, for services that nobody measures here. `cut` names
    providers whose bill has a longer period that the days asked for cut.
    """

    lines: list[Line]
    total: Total
    currency: str
    timezone: str
    start: date
    end: date
    channels: list[Channel]
    utc: bool = True
    """Whether measured days are the UTC days of bills and comparisons."""
    limits: Limits = DEFAULTS
    unconverted: list[str] = field(default_factory=list)
    without_rate: frozenset[str] = frozenset()
    """Providers with such lines: their difference says nothing."""
    others_nanos: int = 0
    cut: list[str] = field(default_factory=list)

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


def channels(files: Mapping[UUID, set[str]] | None = None) -> list[Channel]:
    """Every source that is not paused: the channel of record of its account, or a comparison.
    `files` are the sources whose bills came as files, and whom they bill for."""
    files = files or {}
    found = Source.objects.exclude(status=SourceStatus.PAUSED).order_by("kind", "account", "name")
    return [
        Channel(s, (BILLING[kind],) if kind in BILLING else tuple(sorted(files.get(s.id, ()))))
        for s in found
        for kind in (SourceKind(s.kind),)
    ]


def providers(start: date, end: date) -> list[str]:
    """Providers that some source bills in [start, end)."""
    known = channels(bills.billing_sources(start, end))
    return sorted({provider for channel in known for provider in channel.bills_for})


def reconcile(
    actor: Actor, start: date, end: date, *, by: str = "day", provider: str = ""
) -> Reconciliation:
    """Figures of [start, end) side by side, by one of GROUPS.

    Months are whole ones: the days are extended to them. Forbidden for somebody who sees a part of
    the organization only: a bill has no parts. Invalid for more than 92 days (400 by month) or an
    unknown grouping.
    """
    require(actor, P.SOURCE_VIEW)
    if visible_unit_ids(actor, P.USAGE_VIEW) is not None:
        raise Forbidden("Bills belong to the whole organization, and you see a part of it.")
    if by not in GROUPS:
        raise Invalid(f"Unknown grouping {by!r}.", field="by", fix=f"Use {', '.join(GROUPS)}.")
    most = longest(by)
    if not timedelta() < end - start <= timedelta(days=most):
        raise Invalid(f"Choose 1 to {most} days.", field="start", fix="Move the days.")
    if by == "month":
        start, end = month_of(start).start, month_of(end - timedelta(days=1)).end
    return compare(start, end, by=by, provider=provider)


def longest(by: str) -> int:
    """The most days of a question."""
    return MAX_MONTH_DAYS if by == "month" else MAX_DAYS


def compare(start: date, end: date, *, by: str, provider: str = "") -> Reconciliation:
    """The answer of `reconcile`, for the system itself: whole figures, no permission asked."""
    limits = limits_in_force()
    files = bills.billing_sources(start, end)
    known = channels(files)
    ledger = measured(start, end, by, provider)
    billed = bills.read(
        start,
        end,
        by=by,
        provider=provider,
        own={c.source.id: c.pulls_bill for c in known if c.pulls_bill},
        currency=ledger.currency,
        ours=_accounts(ledger, by),
    )
    groups = _grouped(ledger, by, billed)
    seen = compared(
        start,
        end,
        by=by,
        provider=provider,
        currency=ledger.currency,
        bills=set(files),
        period=billed.period,
    )
    labels = {key: group.label for key, group in groups.items() if group.label}
    if by == "api_key":
        seen = rules.under_measured_keys(seen, labels)
    labels |= {key: name for key, (_, _, name) in seen.items() if key not in labels and name}
    lagging = _lagging(known, end)
    lines = [
        Line(
            key[0],
            key[1],
            _label(by, key, labels),
            _side(by, key, groups.get(key), billed, seen.get(key), limits, lagging),
            limits,
        )
        for key in sorted(groups.keys() | billed.sums.keys() | seen.keys())
    ]
    return Reconciliation(
        lines=lines,
        total=rules.total_of([line.side for line in lines]),
        currency=ledger.currency,
        timezone=ledger.timezone,
        start=start,
        end=end,
        channels=[replace(c, left_out=c.source.id in billed.left_out) for c in known],
        utc=ledger.utc,
        limits=limits,
        unconverted=billed.currencies(),
        without_rate=frozenset(billed.without_rate),
        others_nanos=billed.others,
        cut=sorted(billed.cut),
    )


@dataclass(slots=True)
class _Group:
    """Measured figures of a group, and its cost and tokens by day."""

    label: str = ""
    tokens: int = 0
    unpriced_tokens: int = 0
    cost_nanos: int | None = None
    days: dict[date, tuple[int, int]] = field(default_factory=dict)

    def add(self, cell: Cell) -> None:
        self.label = self.label or cell.label
        self.tokens += cell.tokens
        self.unpriced_tokens += cell.unpriced_tokens
        if cell.cost_nanos is not None:
            self.cost_nanos = (self.cost_nanos or 0) + cell.cost_nanos
        if cell.day is not None:
            cost, tokens = self.days.get(cell.day, (0, 0))
            self.days[cell.day] = (cost + (cell.cost_nanos or 0), tokens + cell.tokens)


def _grouped(ledger: Ledger, by: str, billed: Bills) -> dict[Key, _Group]:
    found: dict[Key, _Group] = {}
    for cell in ledger.cells:
        group = cell.group
        if cell.day is not None and by in ("day", "month"):
            day = cell.day
            group = billed.period(cell.provider, day) if by == "day" else f"{day:%Y-%m}"
        elif by == "provider":
            group = cell.provider
        found.setdefault((cell.provider, group), _Group()).add(cell)
    return found


def _accounts(ledger: Ledger, by: str) -> dict[str, set[str]]:
    """The providers that are measured, and their accounts where the question has them."""
    found: dict[str, set[str]] = {}
    for cell in ledger.cells:
        found.setdefault(cell.provider, set()).update([cell.group] if by == "account" else [])
    return found


def _side(
    by: str,
    key: Key,
    group: _Group | None,
    billed: Bills,
    seen: tuple[int, int | None, str] | None,
    limits: Limits,
    lagging: Mapping[str, str],
) -> Side:
    dated = by in ("day", "month")
    bill = billed.sums.get(key)
    nothing = bill is None and group is not None and _bills_nothing(by, key, billed)
    if nothing:
        bill = BillSum()
    told = Explained()
    if bill is not None:
        daily = group.days if group else {}
        told = explain(daily, bill, billed.covers.get(key[0]), limits.small_nanos)
    return Side(
        measured_nanos=group.cost_nanos if group else None,
        measured_tokens=group.tokens if group else 0,
        unpriced_tokens=group.unpriced_tokens if group else 0,
        billed_nanos=None if bill is None else bill.nanos,
        billed_tokens=(bill.tokens or None) if bill else None,
        compared_tokens=seen[0] if seen else None,
        compared_nanos=seen[1] if seen else None,
        lagging=lagging.get(key[0], "") if not dated or _recent(key[1]) else "",
        fresh=dated and _recent(key[1]),
        parts=told.parts if bill is not None and not bill.is_plain else (),
        unmeasured=told.unmeasured,
        foreign=tuple(sorted(bill.foreign)) if bill else (),
    )


def _label(by: str, key: Key, labels: dict[Key, str]) -> str:
    if by == "day":
        return " to ".join(key[1].split("/"))
    if by == "month":
        return f"{_days(key[1])[0]:%B %Y}"
    return labels.get(key) or key[1] or "Not stated"


def _bills_nothing(by: str, key: Key, billed: Bills) -> bool:
    """Whether no line for something that was measured means a bill of 0: not where the bill is not
    out yet, does not reach, has no exchange rate, or names no such groups."""
    provider, group = key
    if provider in billed.without_rate:
        return False
    if by in ("day", "month"):
        first, last = _days(group)
        if provider in billed.covers:
            begins, ends = billed.covers[provider]
            return begins <= last and first <= ends
        return provider in billed.pulled and not _recent(group)
    return by == "provider" and provider in billed.pulled


def _days(key: str) -> tuple[date, date]:
    """The days of a day, a period or a month."""
    if len(key) == len("2026-11"):
        month = month_of(date.fromisoformat(f"{key}-01"))
        return month.start, month.end - timedelta(days=1)
    first, _, last = key.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def _recent(key: str) -> bool:
    return _days(key)[1] >= clock.today() - FRESH


def _lagging(known: Iterable[Channel], end: date) -> dict[str, str]:
    """By provider, a source of record that has not read up to the end yet."""
    until = min(datetime.combine(end, time(), UTC), clock.now() - timedelta(hours=6))
    late: dict[str, str] = {}
    for channel in known:
        source = channel.source
        behind = source.cursor is None or source.cursor < until
        if channel.pulls_bill and not source.is_compared and behind:
            late[channel.pulls_bill] = source.name
    return late
