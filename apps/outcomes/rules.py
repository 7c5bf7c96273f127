"""Cost of an outcome against its alternative, and delivery per token. Pure; money is nanos."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from apps.outcomes.enums import Standing

MILLION = 1_000_000
MONTH = Decimal(1)


def whole(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True)
class Use:
    """Running of some days. `requests` None: no source counts them."""

    cost_nanos: int | None
    tokens: int
    requests: int | None


@dataclass(frozen=True, slots=True)
class Promise:
    """What an approved hypothesis says, with the measured change where it was reported.

    `expected` and `change` have the sign of the metric; `each` counts per interaction; `adoption`
    is in percent. `volume` and `calls` are the planned interactions and model calls of a month,
    `money_nanos` what a unit of change is worth.
    """

    expected: Decimal
    change: Decimal
    each: bool
    adoption: Decimal
    volume: Decimal
    calls: Decimal
    money_nanos: int


@dataclass(frozen=True, slots=True)
class Given:
    """What some days of running gave. `units` is negative where the metric went the other way."""

    cost_nanos: int
    tokens: int
    units: Decimal
    value_nanos: int
    alternative_nanos: int

    @property
    def lost_nanos(self) -> int:
        """Cost above value; negative where it is worth it."""
        return self.cost_nanos - self.value_nanos

    @property
    def standing(self) -> Standing:
        """Cost per outcome above the alternative is cost above value: no rounding decides."""
        return Standing.NOT_WORTH if self.lost_nanos > 0 else Standing.WORTH

    @property
    def cost_per_outcome(self) -> int | None:
        """None where nothing was delivered."""
        return whole(Decimal(self.cost_nanos) / self.units) if self.units > 0 else None

    @property
    def units_per_million(self) -> Decimal | None:
        """Outcomes per million tokens: delivery per token. None without tokens."""
        return self.units * MILLION / self.tokens if self.tokens else None

    @property
    def value_per_million(self) -> int | None:
        """Nanos of value per million tokens. None without tokens."""
        return whole(Decimal(self.value_nanos) * MILLION / self.tokens) if self.tokens else None


def interactions(promise: Promise, requests: int | None, months: Decimal = MONTH) -> Decimal:
    """Measured interactions: requests by the planned calls of one; planned where not counted."""
    if requests is None or promise.calls <= 0 or promise.volume <= 0:
        return promise.volume * months
    return requests * promise.volume / promise.calls


def counts(promise: Promise, requests: int | None) -> bool:
    """Whether `interactions` are measured, or are not needed."""
    return not promise.each or (requests is not None and promise.calls > 0 and promise.volume > 0)


def given(promise: Promise, use: Use, months: Decimal = MONTH) -> Given:
    """What running of so many months gave at the promise's change.

    An unknown cost is the caller's to refuse.
    """
    units = abs(promise.change)
    if promise.each:
        units = units * interactions(promise, use.requests, months) * promise.adoption / 100
    else:
        units *= months
    if promise.expected * promise.change < 0:
        units = -units
    return Given(
        cost_nanos=use.cost_nanos or 0,
        tokens=use.tokens,
        units=units,
        value_nanos=whole(units * promise.money_nanos),
        alternative_nanos=promise.money_nanos,
    )
