"""The assumptions of a Token Story: one validated document, frozen with its revision.

Every uncertain input is a :class:`Triple`. ``low`` and ``high`` are the one-in-ten cases
(P10 and P90 of that input); left out, the input counts as certain. Percentages are 0 to 100,
money never appears here: prices come from the dated price book when the estimate is computed.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

import msgspec

SCHEMA = 1
MAX_HORIZON_MONTHS = 60
MAX_BUILD_MONTHS = 36

ZERO = Decimal(0)


class Triple(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Low, likely and high value of one input; ``None`` for a bound means "as likely"."""

    likely: Decimal = ZERO
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """Low and high with the likely value filled in where none was given."""
        return (
            self.likely if self.low is None else self.low,
            self.likely if self.high is None else self.high,
        )

    @property
    def is_ranged(self) -> bool:
        low, high = self.bounds
        return low != self.likely or high != self.likely


def exactly(value: int | str | Decimal) -> Triple:
    """A Triple without a range."""
    return Triple(likely=Decimal(value))


class MixShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share, in percent of model calls, that one model answers."""

    provider: str
    model: str
    share: Decimal = Decimal(100)


class Development(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Tokens engineers and their agents spend to build the capability.

    ``basis`` effort: developers × working days × tokens a day. ``basis`` size: the band in
    ``size_tokens`` (resolved when the size was chosen, so that a frozen revision does not move
    when an organization changes its bands). Size "?" means that a spike comes first.
    """

    basis: Literal["effort", "size", "none"] = "none"
    developers: Triple = Triple()
    days: Triple = Triple()
    tokens_per_day: Triple = Triple()
    size: Literal["", "S", "M", "L", "XL", "?"] = ""
    size_tokens: Triple = Triple()
    output_share: Triple = Triple()
    cache_hit: Triple = Triple()
    mix: tuple[MixShare, ...] = ()


class Testing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Evaluation runs × cases × tokens a case, and agent runs in continuous integration."""

    runs: Triple = Triple()
    cases: Triple = Triple()
    tokens_per_case: Triple = Triple()
    ci_runs: Triple = Triple()
    tokens_per_ci_run: Triple = Triple()
    output_share: Triple = Triple()
    cache_hit: Triple = Triple()
    batch_share: Triple = Triple()
    mix: tuple[MixShare, ...] = ()


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Tokens of one model call, by what they are made of. The last two are the answer."""

    system_prompt: Triple = Triple()
    safety: Triple = Triple()
    context: Triple = Triple()
    history: Triple = Triple()
    tools: Triple = Triple()
    multimodal: Triple = Triple()
    user_text: Triple = Triple()
    output: Triple = Triple()
    reasoning: Triple = Triple()

    @property
    def asked(self) -> Decimal:
        """Likely tokens the model reads: everything but its answer."""
        read = (self.system_prompt, self.safety, self.context, self.history, self.tools)
        return sum((t.likely for t in (*read, self.multimodal, self.user_text)), ZERO)

    @property
    def answered(self) -> Decimal:
        """Likely tokens the model writes."""
        return self.output.likely + self.reasoning.likely


class Production(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Running it: volume × calls × tokens a call, with growth, for a number of months.

    ``volume`` interactions: ``interactions`` a month. ``volume`` users: active users × adoption ×
    interactions a user a month (assistants). ``growth`` is percent a month, may be negative.
    ``cache_write`` is the share of uncached input written to the prompt cache, kept for
    ``cache_ttl``; providers that do not charge for writes price it as input.
    """

    volume: Literal["interactions", "users"] = "interactions"
    interactions: Triple = Triple()
    users: Triple = Triple()
    adoption: Triple = exactly(100)
    per_user: Triple = Triple()
    calls: Triple = exactly(1)
    parts: Parts = Parts()
    cache_hit: Triple = Triple()
    cache_write: Triple = Triple()
    cache_ttl: Literal["5m", "1h"] = "5m"
    batch_share: Triple = Triple()
    retry: Triple = Triple()
    growth: Triple = Triple()
    horizon_months: int = 12
    mix: tuple[MixShare, ...] = ()


class Assumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the estimator needs besides prices.

    ``starts_on`` is the first month of building, ``live_on`` the first month of production; both
    are the first day of a month. Development and testing are spread evenly over the months
    between. An empty ``mix`` of development or testing means the mix of production.
    """

    starts_on: dt.date
    live_on: dt.date
    production: Production = Production()
    development: Development = Development()
    testing: Testing = Testing()
    unit_noun: str = "interaction"
    schema: int = SCHEMA

    @property
    def build_months(self) -> int:
        """Months from start to go-live; at least one, so that build tokens have a month."""
        return max(1, months_between(self.starts_on, self.live_on))

    def mix_of(self, phase: str) -> tuple[MixShare, ...]:
        own: tuple[MixShare, ...] = getattr(self, phase).mix
        return own or self.production.mix


def months_between(start: dt.date, end: dt.date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def add_months(month: dt.date, offset: int) -> dt.date:
    """The first day of the month ``offset`` months after ``month``."""
    index = month.year * 12 + month.month - 1 + offset
    return dt.date(index // 12, index % 12 + 1, 1)


def load(document: Any) -> Assumptions:
    """Decode a stored or posted document. Raises ``msgspec.ValidationError`` with the path."""
    return msgspec.convert(document, Assumptions, strict=False)


def dump(assumptions: Assumptions) -> dict[str, Any]:
    """The JSON document: decimals as strings, dates as ISO text, lists for tuples."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(assumptions))
    return document
