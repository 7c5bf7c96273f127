"""What a difference between a bill and the ledger is made of. Pure.

The parts of a group add up to its difference, to the nano. Some the bill explains itself (tax,
credits, purchases): they need no answer. The others do: days and tokens that nobody measured, and
another price than the ledger's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from apps.connectors.enums import BillPart
from apps.pricing.fx.rules import half_even

COVERED, UNBILLED, UNMEASURED, VOLUME, PRICE, REST = (
    "covered", "unbilled", "unmeasured", "volume", "price", "rest",
)  # fmt: skip
_OF_THE_BILL = {part.value: part.label for part in BillPart if part is not BillPart.TOKENS}
LABELS = {
    **_OF_THE_BILL,
    COVERED: "Usage paid by commitments or credits",
    UNBILLED: "Days that no bill covers yet",
    UNMEASURED: "Days billed without measured usage",
    VOLUME: "Tokens that only one side counts",
    PRICE: "Another price than the ledger's",
    REST: "Not explained by the bill",
}
EXPLAINED = frozenset(_OF_THE_BILL) - {BillPart.UNNAMED.value} | {COVERED, UNBILLED}
"""Parts that need no answer."""
USAGE_PARTS = (BillPart.TOKENS.value, BillPart.UNNAMED.value, BillPart.UNITS.value)

CLOUDS = frozenset({"aws", "azure", "google", "databricks", "oracle", "ibm", "alibaba", "unknown"})
"""Providers whose bills are about much besides AI."""
_AI = re.compile(
    r"openai|anthropic|claude|bedrock|gemini|vertex|generative|cognitive ?services|foundry|"
    r"azure ai|mistral|cohere|model serving|llm"
)


@dataclass(slots=True)
class BillSum:
    """What bills say about a group, in the ledger's currency. `plain` is the part that no category
    explains (bills that are pulled); `usage` is billed for tokens and costs `effective` after
    commitments; `days` has the latter and the tokens by first and last day. `uncounted`: some of it
    is stated in money only."""

    plain: int = 0
    usage: int = 0
    effective: int = 0
    tokens: int = 0
    uncounted: bool = False
    parts: dict[str, int] = field(default_factory=dict)
    days: dict[tuple[date, date], tuple[int, int]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)

    @property
    def nanos(self) -> int:
        return self.plain + self.usage + sum(self.parts.values())

    @property
    def is_plain(self) -> bool:
        """Whether nothing in it says what it is for."""
        return not (self.usage or self.effective or self.parts)

    def add(
        self, part: str, days: tuple[date, date], amount: int, effective: int, tokens: int
    ) -> None:
        """Sum a line in. Without a part it is a line of a pulled bill."""
        if not part:
            self.plain += amount
        elif part == BillPart.TOKENS:
            self.usage += amount
            self.effective += effective
            self.tokens += tokens
            self.uncounted |= bool(effective and not tokens)
            cost, count = self.days.get(days, (0, 0))
            self.days[days] = (cost + effective, count + tokens)
        else:
            self.parts[part] = self.parts.get(part, 0) + amount


Daily = Mapping[date, tuple[int, int]]
"""Measured cost and tokens by day."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The parts of a difference by name, the largest first, and the days behind one of them."""

    parts: tuple[tuple[str, int], ...] = ()
    unmeasured: tuple[tuple[date, date], ...] = ()


def explain(
    measured: Daily, bill: BillSum, covers: tuple[date, date] | None, small: int
) -> Explained:
    """Billed minus measured, split. `covers` are the days the bill is about (None: all of them);
    a remainder up to `small` with the same tokens on both sides is rounding."""
    outside = [day for day in measured if covers and not covers[0] <= day <= covers[1]]
    inside = {day: cell for day, cell in measured.items() if day not in set(outside)}
    unbilled = -sum(measured[day][0] for day in outside)
    alone = [days for days in bill.days if not _any_between(inside, days)]
    unmeasured = sum(bill.days[days][0] for days in alone)
    ours = sum(cost for cost, _ in inside.values())
    our_tokens = sum(tokens for _, tokens in inside.values())
    their_tokens = bill.tokens - sum(bill.days[days][1] for days in alone)
    rest = bill.plain + bill.effective - unmeasured - ours
    parts = dict(bill.parts)
    parts[COVERED] = bill.usage - bill.effective
    parts[UNBILLED], parts[UNMEASURED] = unbilled, unmeasured
    if bill.plain or bill.uncounted or not their_tokens or not our_tokens:
        parts[REST] = rest
    elif their_tokens == our_tokens and abs(rest) <= small:
        parts[BillPart.ROUNDING] = parts.get(BillPart.ROUNDING, 0) + rest
    else:
        parts[VOLUME] = half_even(ours * (their_tokens - our_tokens), our_tokens)
        parts[PRICE] = rest - parts[VOLUME]
    kept = [(str(name), nanos) for name, nanos in parts.items() if nanos]
    kept.sort(key=lambda part: (-abs(part[1]), part[0]))
    return Explained(tuple(kept), tuple(sorted(alone)))


def _any_between(measured: Daily, days: tuple[date, date]) -> bool:
    if days[0] == days[1]:
        return days[0] in measured
    return any(days[0] <= day <= days[1] for day in measured)


def open_of(parts: tuple[tuple[str, int], ...]) -> int:
    """What of a difference needs an answer."""
    return sum(nanos for name, nanos in parts if name not in EXPLAINED)


def is_metered_here(
    provider: str, service: str, part: str, token_services: set[tuple[str, str]], ours: set[str]
) -> bool:
    """Whether a line of a bill is about what the ledger measures: tokens, and charges of a service
    or a provider of AI. A cloud's bill is mostly about something else."""
    if not part or part in (BillPart.TOKENS, BillPart.UNNAMED):
        return True
    if (provider, service) in token_services or _AI.search(f"{provider} {service}".lower()):
        return True
    return provider in ours and provider not in CLOUDS


@dataclass(frozen=True, slots=True)
class Claim:
    """A source that bills a provider: whether it is the provider's own report, which accounts it
    names, how much it bills."""

    source: str
    own: bool
    accounts: frozenset[str]
    amount: int


def one_bill(claims: list[Claim]) -> tuple[set[str], set[str]]:
    """The sources whose bills count, and those left out since another bills the same account.

    The provider's own report comes first, then the bill of the larger amount. A bill that names no
    account may be of any.
    """
    kept: list[Claim] = []
    left: set[str] = set()
    for claim in sorted(claims, key=lambda c: (not c.own, -abs(c.amount), c.source)):
        same = any(
            "" in claim.accounts | other.accounts or claim.accounts & other.accounts
            for other in kept
        )
        if same:
            left.add(claim.source)
        else:
            kept.append(claim)
    return {claim.source for claim in kept}, left


Span = tuple[date, date]


def merged(spans: list[Span]) -> list[Span]:
    """Periods of bills, those that overlap as one."""
    found: list[Span] = []
    for first, last in sorted(set(spans)):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
