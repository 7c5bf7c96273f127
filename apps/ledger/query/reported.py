"""What an answer costs in another currency."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Reported:
    """An answer's costs in another currency. `rows` go with the answer's rows.

    `first` and `last` are the days on which the rates in use were published. `missing` days have
    a cost and no rate; where one of them belongs to a figure the figure is None, and `reason`
    says so.
    """

    currency: str
    source: str
    total_nanos: int | None
    rows: list[int | None]
    missing: tuple[date, ...] = ()
    first: date | None = None
    last: date | None = None

    @property
    def reason(self) -> str:
        """Why figures are missing; empty when none is."""
        if not self.missing:
            return ""
        days = f"{len(self.missing)} days" if len(self.missing) > 1 else "1 day"
        return (
            f"No rate from {self.source} to {self.currency} was published on or before "
            f"{self.missing[-1]} ({days} without one)."
        )
