"""Whether figures of the same usage from different channels agree, and what explains a gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from apps.common.errors import FieldError
from apps.common.money import NANOS
from apps.connectors.enums import BillPart
from apps.connectors.reconciliation import explaining

STATES = {
    "agrees": "Agrees",
    "near": "Near",
    "gap": "Gap",
    "alone": "Nothing to compare",
}
FULL_BP = 10_000
MOST = 10**18


@dataclass(frozen=True, slots=True)
class Limits:
    """When figures agree: within `close_bp` basis points of the larger side, or by less than
    `small_nanos` or `small_tokens` whatever their share. Beyond `wide_bp` a gap needs an answer.
    The defaults are a hundredth, a twentieth, one unit of money and 10,000 tokens."""

    close_bp: int = 100
    wide_bp: int = 500
    small_nanos: int = NANOS
    small_tokens: int = 10_000


DEFAULTS = Limits()


def problems(limits: Limits) -> list[FieldError]:
    """What is wrong with limits, field by field."""
    errors = []
    if not 0 <= limits.close_bp < FULL_BP:
        errors.append(FieldError("close_bp", "It is a share of 0 to 99.99%.", "Usual: 1%."))
    if not limits.close_bp <= limits.wide_bp <= FULL_BP:
        errors.append(FieldError("wide_bp", "It is no less than the first share.", "Usual: 5%."))
    errors += [
        FieldError(name, "It is no sensible amount.", "Use a small one, or 0.")
        for name in ("small_nanos", "small_tokens")
        if not 0 <= getattr(limits, name) <= MOST
    ]
    return errors


@dataclass(frozen=True, slots=True)
class Side:
    """One group's figures. None: the channel says nothing about it."""

    measured_nanos: int | None
    measured_tokens: int
    unpriced_tokens: int = 0
    billed_nanos: int | None = None
    billed_tokens: int | None = None
    compared_tokens: int | None = None
    compared_nanos: int | None = None
    lagging: str = ""
    fresh: bool = False
    """The last days: bills and pulls are still coming in."""
    parts: tuple[tuple[str, int], ...] = ()
    """Billed minus measured, split (`explaining`); they add up to it. Empty where the bill does not
    say what its lines are for."""
    unmeasured: tuple[explaining.Span, ...] = ()
    """Days with billed tokens and no measured usage."""
    foreign: tuple[str, ...] = ()
    """Other currencies of the bill."""

    @property
    def bill_gap(self) -> int | None:
        """Billed minus measured."""
        if self.billed_nanos is None:
            return None
        return self.billed_nanos - (self.measured_nanos or 0)

    @property
    def open_gap(self) -> int | None:
        """What of it the bill does not explain itself."""
        return explaining.open_of(self.parts) if self.parts else self.bill_gap

    @property
    def token_gap(self) -> int | None:
        """Measured minus compared: what a gateway did not see."""
        if self.compared_tokens is None:
            return None
        return self.measured_tokens - self.compared_tokens


@dataclass(frozen=True, slots=True)
class Total(Side):
    """The sum of groups. `gap` and `rest` are of the groups that a bill speaks of, `unseen` of
    those that a comparison speaks of: what is measured and billed or seen by nobody we know of is
    in the measured figures, and no difference."""

    gap: int | None = None
    rest: int | None = None
    unseen: int | None = None

    @property
    def bill_gap(self) -> int | None:
        return self.gap

    @property
    def open_gap(self) -> int | None:
        return self.rest

    @property
    def token_gap(self) -> int | None:
        return self.unseen

    @property
    def seen(self) -> float | None:
        """Share of the measured tokens that comparisons saw, where they say anything."""
        if self.unseen is None or self.compared_tokens is None:
            return None
        return share(self.compared_tokens, self.compared_tokens + self.unseen)


def total_of(sides: Sequence[Side]) -> Total:
    """Sums of what each channel says; bills and comparisons only where they say something."""

    def add(values: Iterable[int | None]) -> int | None:
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    parts: dict[str, int] = {}
    for side in sides if any(side.parts for side in sides) else ():
        for name, nanos in side.parts or ((explaining.REST, side.bill_gap or 0),):
            parts[name] = parts.get(name, 0) + nanos
    return Total(
        measured_nanos=add(side.measured_nanos for side in sides),
        measured_tokens=sum(side.measured_tokens for side in sides),
        unpriced_tokens=sum(side.unpriced_tokens for side in sides),
        billed_nanos=add(side.billed_nanos for side in sides),
        billed_tokens=add(side.billed_tokens for side in sides),
        compared_tokens=add(side.compared_tokens for side in sides),
        compared_nanos=add(side.compared_nanos for side in sides),
        parts=tuple(
            sorted(
                ((name, nanos) for name, nanos in parts.items() if nanos),
                key=lambda part: (-abs(part[1]), part[0]),
            )
        ),
        gap=add(side.bill_gap for side in sides),
        rest=add(side.open_gap for side in sides),
        unseen=add(side.token_gap for side in sides),
    )


def share(gap: int | None, whole: int | None) -> float | None:
    """A gap as a share of the larger side; None without one."""
    if gap is None or not whole:
        return None
    return gap / whole


def distance(gap: int | None, whole: int, small: int, limits: Limits = DEFAULTS) -> str:
    """agrees, near, gap or alone."""
    if gap is None:
        return "alone"
    size = abs(gap)
    if size <= small or size * FULL_BP <= abs(whole) * limits.close_bp:
        return "agrees"
    return "near" if size * FULL_BP <= abs(whole) * limits.wide_bp else "gap"


def state(side: Side, limits: Limits = DEFAULTS) -> str:
    """The worse of the two comparisons. What a bill explains itself (tax, credits) is no gap. A
    gateway that saw less is none either: it is a lower bound; one that saw more is."""
    whole = max(side.billed_nanos or 0, side.measured_nanos or 0)
    bill = distance(side.open_gap, whole, limits.small_nanos, limits)
    gap = side.token_gap
    seen = "alone" if gap is None else "agrees"
    if gap is not None and gap < 0:
        seen = distance(gap, side.compared_tokens or 0, limits.small_tokens, limits)
    order = ("gap", "near", "agrees", "alone")
    return min((bill, seen), key=order.index)


def reasons(side: Side, limits: Limits = DEFAULTS) -> list[str]:
    """What usually explains this group, the likeliest first. Empty where everything agrees."""
    found: list[str] = []
    if side.lagging:
        found.append(f"{side.lagging} has not delivered everything yet.")
    if side.fresh and side.billed_nanos is None:
        found.append("The provider has not billed this day yet.")
    gap = side.open_gap
    whole = max(side.billed_nanos or 0, side.measured_nanos or 0)
    if gap is not None and distance(gap, whole, limits.small_nanos, limits) != "agrees":
        found += _part_reasons(side) if side.parts else _bill_reasons(side, gap)
    missed, small = side.token_gap, limits.small_tokens
    if missed is not None and missed < 0:
        if distance(missed, side.compared_tokens or 0, small, limits) != "agrees":
            found.append(
                "The comparison saw more than the channel of record: an account or key that no "
                "source of record reads."
            )
    elif missed and distance(missed, side.measured_tokens, small, limits) != "agrees":
        found.append(
            "The comparison is a lower bound: calls that bypass it and dropped streams are missing."
        )
    return found


def _bill_reasons(side: Side, gap: int) -> list[str]:
    if side.unpriced_tokens and gap > 0:
        return ["Some tokens have no price, so the measured cost is too low."]
    if not side.measured_tokens and gap > 0:
        return ["Billed, but no source of record reports it: storage, searches or another service."]
    if gap > 0:
        return ["The provider bills more: usage nobody reported, another price, or fees."]
    return [
        "The provider bills less: a discount without a negotiated rate, credits, or late lines."
    ]


def _part_reasons(side: Side) -> list[str]:
    """Of the parts that need an answer, the largest first."""
    found: list[str] = []
    for name, nanos in side.parts:
        if name in explaining.EXPLAINED:
            continue
        if name == explaining.UNMEASURED:
            found.append(f"No usage was measured on {days_said(side.unmeasured)}, which is billed.")
        elif name == BillPart.UNNAMED:
            found.append("The bill does not say which model or kind some tokens are of.")
        elif name == explaining.VOLUME and nanos > 0:
            found.append("The bill counts more tokens: calls that no source of record reports.")
        elif name == explaining.VOLUME:
            found.append("The bill counts fewer tokens: late lines, or usage counted twice here.")
        elif name == explaining.PRICE and side.unpriced_tokens and nanos > 0:
            found.append("Some tokens have no price, so the measured cost is too low.")
        elif name == explaining.PRICE:
            found.append("The bill has another price: a discount or a tier that no price here has.")
        else:
            found += _bill_reasons(side, nanos)
    if side.foreign:
        found.append(
            f"Converted from {', '.join(side.foreign)} at each day’s rate; the invoice may use one."
        )
    return found


SHOWN_DAYS = 4


def days_said(spans: Sequence[explaining.Span]) -> str:
    """3 Nov, 5 to 7 Nov and 2 more days: days in a row as one."""
    runs: list[tuple[date, date]] = []
    for first, last in spans:
        if runs and (first - runs[-1][1]).days <= 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    texts = [f"{a:%-d %b}" if a == b else f"{a:%-d %b} to {b:%-d %b}" for a, b in runs]
    more = len(texts) - SHOWN_DAYS
    return ", ".join(texts) if more <= 0 else f"{', '.join(texts[:SHOWN_DAYS])} and more"


Compared = dict[tuple[str, str], tuple[int, int | None, str]]
"""By provider and key id: tokens, cost where all of it is known, the key's name."""


def under_measured_keys(compared: Compared, labels: dict[tuple[str, str], str]) -> Compared:
    """A gateway's virtual keys under the provider's keys of the same name.

    A gateway has key ids of its own, so its usage would stand in lines of their own. Where exactly
    one measured key of the provider has the name, both are one line; else the id stays.
    """
    named: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for key, label in labels.items():
        if label:
            named.setdefault((key[0], label), []).append(key)
    found: Compared = {}
    for key, (tokens, cost, name) in compared.items():
        same = named.get((key[0], name), [])
        target = same[0] if key not in labels and name and len(same) == 1 else key
        before = found.get(target)
        if before is not None:
            tokens += before[0]
            cost = None if cost is None or before[1] is None else cost + before[1]
        found[target] = (tokens, cost, name)
    return found
