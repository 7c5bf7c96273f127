"""Money as integers: nanos are 10⁻⁹ of the currency's unit. Rounding is half-even, once."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

NANOS = 1_000_000_000
_ONE = Decimal(1)


def to_nanos(amount: Decimal | int | str) -> int:
    """Nanos of an amount in units. A float is refused: its digits are not what the source said."""
    if isinstance(amount, float):
        raise TypeError("money is Decimal, int or str; a float has already lost digits")
    return int((Decimal(amount) * NANOS).quantize(_ONE, rounding=ROUND_HALF_EVEN))


def from_nanos(nanos: int) -> Decimal:
    """The exact amount in units."""
    return Decimal(nanos).scaleb(-9)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in nanos of a currency (ISO 4217). Different currencies never add."""

    nanos: int
    currency: str = "USD"

    @property
    def amount(self) -> Decimal:
        return from_nanos(self.nanos)

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.nanos + other.nanos, self.currency)
