"""The live estimate beside the form, as the template draws it. No arithmetic on prices here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from apps.access.actors import Actor
from apps.approvals.selectors import PlannedStep
from apps.common import charts, fmt
from apps.common.errors import FieldError, Invalid
from apps.stories import rules
from apps.stories.enums import ValuePer
from apps.stories.estimator import Assumptions, Estimate, Quantiles, Swing, exactly
from apps.stories.estimator.fields import BY_PATH, INPUT_PARTS
from apps.stories.estimator.inputs import Parts, Triple
from apps.stories.selectors.estimating import Alternative, alternatives, estimate_now
from apps.stories.selectors.facts import facts, route_of
from apps.stories.selectors.models_used import candidates
from apps.stories.web.forms.story import StoryForm, replace

WHAT_IF = {
    "w_volume": (25, 400, 100),
    "w_input": (20, 200, 100),
    "w_cache": (0, 90, 0),
    "w_batch": (0, 100, 0),
}
"""Sliders: least, most, and the position that changes nothing."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Positions of the sliders. Volume and input are percent of the plan, the others points."""

    volume: int = 100
    input: int = 100
    cache: int = 0
    batch: int = 0

    @classmethod
    def read(cls, data: Any) -> "WhatIf":
        """From posted data; anything that is not a position counts as untouched."""
        values = {}
        for name, (least, most, neutral) in WHAT_IF.items():
            try:
                value = int(data.get(name, neutral))
            except (TypeError, ValueError):
                value = neutral
            values[name.removeprefix("w_")] = min(most, max(least, value))
        return cls(**values)

    @property
    def is_neutral(self) -> bool:
        return self == WhatIf()

    def applied(self, a: Assumptions) -> Assumptions:
        """The assumptions with the sliders applied; ranges move along with the likely values."""
        p = a.production
        share = Decimal(self.input) / 100
        parts = {
            name: _scaled(getattr(p.parts, name), share if name in INPUT_PARTS else Decimal(1))
            for name in Parts.__struct_fields__
        }
        volume = Decimal(self.volume) / 100
        changes: dict[str, Any] = {"parts": Parts(**parts)}
        name = "users" if p.volume == "users" else "interactions"
        changes[name] = _scaled(getattr(p, name), volume)
        if self.cache:
            changes["cache_hit"] = _shifted(p.cache_hit, self.cache)
        if self.batch:
            changes["batch_share"] = _shifted(p.batch_share, self.batch)
        return replace(a, **changes)

    @property
    def labels(self) -> dict[str, str]:
        return {
            "w_volume": f"×{Decimal(self.volume) / 100:.2f}",
            "w_input": f"{self.input}%",
            "w_cache": f"+{self.cache}{fmt.NBSP}pts" if self.cache else "as planned",
            "w_batch": f"+{self.batch}{fmt.NBSP}pts" if self.batch else "as planned",
        }


def _scaled(triple: Triple, factor: Decimal) -> Triple:
    if factor == 1:
        return triple
    return Triple(
        likely=_tidy(triple.likely * factor),
        low=None if triple.low is None else _tidy(triple.low * factor),
        high=None if triple.high is None else _tidy(triple.high * factor),
    )


def _tidy(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001")).normalize() + 0


def _shifted(triple: Triple, points: int) -> Triple:
    return exactly(min(Decimal(100), triple.likely + points))


@dataclass(slots=True)
class Panel:
    """Everything the panel shows. ``errors`` instead of a result while input is missing."""

    currency: str = "USD"
    noun: str = "interaction"
    cap_nanos: int | None = None
    result: Estimate | None = None
    errors: Sequence[FieldError] = ()
    what_if: WhatIf = field(default_factory=WhatIf)
    changed: Estimate | None = None
    others: Sequence[Alternative] = ()
    route: Sequence[PlannedStep] = ()
    value_nanos: int | None = None
    range_bar: SafeString = field(default_factory=SafeString)
    curve: SafeString = field(default_factory=SafeString)

    @property
    def p50(self) -> int:
        return self.month_range.p50

    @property
    def month_range(self) -> Quantiles:
        """P10, P50 and P90 of a typical month's cost."""
        assert self.result is not None  # noqa: S101 -- the template asks for the result first
        return self.result.month.cost.range

    @property
    def cap_state(self) -> tuple[str, str]:
        """Tone and words of the chip: errors are red, a high case over the cap is amber."""
        if self.cap_nanos is None:
            return "", "No cap yet"
        if self.month_range.p90 <= self.cap_nanos:
            return "ok", "Within cap"
        if self.month_range.p50 <= self.cap_nanos:
            return "warn", "High case passes cap"
        return "bad", "Likely case passes cap"

    @property
    def likely_differs(self) -> bool:
        """Whether skewed ranges move the median away from the case of all likely inputs."""
        assert self.result is not None  # noqa: S101
        likely = self.result.month.cost.likely
        return bool(likely) and abs(self.p50 - likely) * 200 > likely

    @property
    def range_source(self) -> str:
        """Where the range comes from, in a sentence."""
        assert self.result is not None  # noqa: S101
        if "production" in self.result.ranged_phases:
            return "The range comes from the lows and highs you gave."
        return "You gave no lows and highs: the range is the usual error, ×0.72 to ×1.55."

    @property
    def what_if_change(self) -> Decimal | None:
        if self.changed is None or self.result is None:
            return None
        return rules.relative_change(
            self.result.month.cost.range.p50, self.changed.month.cost.range.p50
        )

    @property
    def return_times(self) -> Decimal | None:
        """Value of a month against its likely cost."""
        if self.value_nanos is None or not self.p50:
            return None
        return Decimal(self.value_nanos) / Decimal(self.p50)

    @property
    def break_even_months(self) -> int | None:
        """Months of running after which value has paid for building and running; None if never."""
        if self.result is None or self.value_nanos is None:
            return None
        balance = -self.result.build_cost
        for number, cell in enumerate(self.result.production_cells, start=1):
            balance += self.value_nanos - cell.cost.likely
            if balance >= 0:
                return number
        return None

    @property
    def swings(self) -> list["SwingRow"]:
        if self.result is None or not self.result.tornado:
            return []
        widest = max(
            max(abs(s.at_low - self._life), abs(s.at_high - self._life))
            for s in self.result.tornado
        )
        return [SwingRow(s, self._life, widest or 1) for s in self.result.tornado[:5]]

    @property
    def _life(self) -> int:
        assert self.result is not None  # noqa: S101
        return self.result.lifetime.cost.likely


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


def build_panel(*, actor: Actor, form: StoryForm, what_if: WhatIf, author_id: Any = None) -> Panel:
    """The panel of a validated or half-filled form. Never raises for wrong input."""
    panel = Panel(what_if=what_if, cap_nanos=form.cleaned_data.get("cap"))
    if form.errors:
        panel.errors = [
            FieldError(name, str(message), "")
            for name, messages in form.errors.items()
            for message in messages
        ]
        return panel
    assumptions = form.assumptions()
    panel.noun = assumptions.unit_noun
    try:
        result = estimate_now(assumptions)
    except Invalid as error:
        panel.errors = error.errors
        return panel
    panel.result, panel.currency = result, result.currency
    if not what_if.is_neutral:
        try:
            panel.changed = estimate_now(what_if.applied(assumptions), brief=True)
        except Invalid:
            panel.changed = None
    panel.others = alternatives(assumptions, result, candidates(assumptions))
    panel.value_nanos = _value(form.cleaned_data, result)
    panel.route = _route(actor, form, result, author_id)
    low, middle, high = result.month.cost.range
    panel.range_bar = charts.range_bar(
        low, middle, high, cap=panel.cap_nanos, label=_range_label(panel)
    )
    panel.curve = first_year(result, panel.cap_nanos, panel.currency)
    return panel


def _value(data: dict[str, Any], result: Estimate) -> int | None:
    change, money = data.get("value_change"), data.get("value_money")
    if change is None or money is None:
        return None
    adoption = data.get("value_adoption")
    return rules.value_nanos_per_month(
        expected_change=change,
        money_per_unit_nanos=money,
        per=ValuePer(data.get("value_per") or ValuePer.INTERACTION.value),
        adoption_percent=Decimal(100) if adoption is None else adoption,
        interactions=result.volume,
    )


def _route(
    actor: Actor, form: StoryForm, result: Estimate, author_id: Any
) -> Sequence[PlannedStep]:
    from apps.common.errors import NotFound
    from apps.portfolio.selectors import capability_by_id

    data = form.cleaned_data
    capability = None
    if data.get("capability"):
        try:
            capability = capability_by_id(actor, data["capability"])
        except NotFound:
            capability = None
    unit_id = capability.unit_id if capability else (data.get("unit") or None)
    known = facts(
        capability=capability,
        kind=capability.kind if capability else (data.get("kind") or ""),
        cap_nanos=data.get("cap"),
        result=result,
    )
    return route_of(actor, unit_id=unit_id, known=known, author_id=author_id)


def _range_label(panel: Panel) -> str:
    low, middle, high = panel.month_range
    text = (
        f"Monthly cost P10 {fmt.money(low, panel.currency)}, P50 "
        f"{fmt.money(middle, panel.currency)}, P90 {fmt.money(high, panel.currency)}"
    )
    if panel.cap_nanos is None:
        return text
    return f"{text}, requested cap {fmt.money(panel.cap_nanos, panel.currency)}"


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
