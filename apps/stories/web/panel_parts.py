"""Parts of the live estimate: bars and lines with their positions worked out."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.portfolio.tiers import Assigned
from apps.stories import rules
from apps.stories.estimator import Estimate, Swing
from apps.stories.estimator.fields import BY_PATH
from apps.stories.what_if import Lever

BECAUSE = {
    "month_cost": "its cost a month",
    "tokens_per_run": "tokens an interaction",
    "model_class": "the class of its model",
    "data_class": "the data it reads",
    "capability": "its capability is held to this tier",
}


def tier_because(assigned: Assigned) -> str:
    """Why a workload is in its tier, for a sentence: "its cost a month, the data it reads"."""
    return ", ".join(BECAUSE[name] for name in assigned.because)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A lever with its effect on the likely month, in nanos (negative: cheaper)."""

    lever: Lever
    effect: int
    base: int

    @property
    def change(self) -> Decimal | None:
        return rules.relative_change(self.base, self.base + self.effect)


@dataclass(frozen=True, slots=True)
class BuildBar:
    """Development, testing and running as widths in percent of a bar, likely case."""

    development: Decimal
    testing: Decimal
    production: Decimal

    @classmethod
    def of(cls, result: Estimate) -> "BuildBar":
        whole = Decimal(result.lifetime.cost.likely)
        return cls(
            *(
                (Decimal(result.phases[phase].cost.likely) * 100 / whole).quantize(Decimal("0.01"))
                for phase in ("development", "testing", "production")
            )
        )

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """Class, x and width of each part."""
        x = Decimal(0)
        found = []
        for css, width in (("dev", self.development), ("test", self.testing),
                           ("run", self.production)):  # fmt: skip
            found.append((css, f"{x:.2f}", f"{width:.2f}"))
            x += width
        return found


@dataclass(frozen=True, slots=True)
class SwingRow:
    """One bar of the tornado: positions in percent of the drawing, the likely case at 50."""

    swing: Swing
    middle: int
    widest: int

    def _at(self, value: int) -> Decimal:
        return Decimal(50) + Decimal(value - self.middle) / Decimal(self.widest) * 48

    @property
    def x(self) -> str:
        return f"{min(self._at(self.swing.at_low), self._at(self.swing.at_high)):.2f}"

    @property
    def width(self) -> str:
        return f"{abs(self._at(self.swing.at_high) - self._at(self.swing.at_low)):.2f}"

    @property
    def unit(self) -> str:
        spec = BY_PATH[self.swing.path]
        return "%" if spec.unit == "%" else ""

    @property
    def low(self) -> str:
        return _plain(self.swing.low) + self.unit

    @property
    def high(self) -> str:
        return _plain(self.swing.high) + self.unit


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def first_year(result: Estimate, cap: int | None, currency: str) -> SafeString:
    """The first twelve months of production against the cap."""
    cells = result.production_cells[:12]
    if len(cells) < 2:
        return SafeString()

    def money(value: Any) -> str:
        return fmt.money(int(value), currency)

    last = cells[-1]
    crossing = next((c for c in cells if cap is not None and c.cost.range.p90 > cap), None)
    finding = f"Likely monthly cost is {money(last.cost.range.p50)} in {last.month:%B %Y}"
    if crossing is not None and cap is not None:
        finding += f"; the high case passes the cap of {money(cap)} in {crossing.month:%B %Y}"
    return charts.growth(
        [f"{cell.month:%b}" for cell in cells],
        [cell.cost.range.p50 for cell in cells],
        [cell.cost.range.p10 for cell in cells],
        [cell.cost.range.p90 for cell in cells],
        title="Production cost per month, first year",
        summary=f"{finding}.",
        axis=lambda value: fmt.axis_money(value, currency),
        cell=lambda value: fmt.money(int(value), currency, style="exact"),
        cap=cap,
        labels=[f"{cell.month:%B %Y}" for cell in cells],
    )
