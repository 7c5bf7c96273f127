"""Trends in a sentence, and price against volume as lines."""

from collections.abc import Sequence
from fractions import Fraction

from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.ledger.rules import trends as rules
from apps.ledger.web.notes import chart_notes
from apps.portal.selectors.trends import DaysLine, GrowthLine, Prices
from apps.portal.web.trends_state import MEASURE_LABELS, State
from apps.portal.web.trends_tables import doubling_text, period_text

LARGE = Fraction(1, 100)
"""A group with less of the total is not named for swinging."""


def headline(total: GrowthLine | None, state: State) -> str:
    """The page's answer: how fast use grows."""
    if total is None:
        return "No use to see trends in"
    label, grain = MEASURE_LABELS[state.measure], state.span.grain
    last = total.growth.last
    if last is None:
        return f"{label}: too early to see a trend"
    period = period_text(state.span.periods[-1], grain)
    if abs(last) < rules.MOVED:
        return f"{label} held level in {period}"
    verb = "grew" if last > 0 else "fell"
    size = fmt.delta(abs(float(last)), 0).lstrip("+")
    text = f"{label} {verb} {'to ' if size.endswith('×') else ''}{size} in {period}"
    if total.growth.doubling is not None and last > 0:
        text += f", and doubles in {doubling_text(total.growth.doubling, grain)}"
    return text


def growth_title(lines: Sequence[GrowthLine], grain: str) -> str:
    """Which large group grows fastest."""
    whole = sum(line.sums[-1] or 0 for line in lines if line.sums)
    growing = [
        line
        for line in lines
        if line.growth.last and line.growth.last > 0 and (line.sums[-1] or 0) >= LARGE * whole
    ]
    if not growing:
        return "Nothing large is growing"
    first = max(growing, key=lambda line: line.growth.last or 0)
    size = fmt.delta(float(first.growth.last or 0), 0)
    return f"{first.group.label} grows fastest: {size} in the last {grain}"


def days_title(lines: Sequence[DaysLine]) -> str:
    """Which large group swings most."""
    whole = sum(line.group.total for line in lines)
    known = [
        (line.found.cv, line)
        for line in lines
        if line.found and line.found.cv is not None and line.group.total >= LARGE * whole
    ]
    if not known:
        return f"How days differ shows after {rules.MIN_DAYS} days"
    _, line = max(known, key=lambda pair: (pair[0], pair[1].group.label))
    found = line.found
    if found is None or found.peak is None:
        return f"{line.group.label} swings most from day to day"
    peak = fmt.times(round(float(found.peak), 2))
    return f"{line.group.label} swings most: its peak days are {peak} the median day"


def prices_title(found: Prices) -> str:
    """What price and bill did from the first to the last period."""
    if not found.ends:
        return "Price against volume shows after two whole periods with prices"
    first, last = found.ends
    price, volume, bill = (
        _moved(rules.change(getattr(last, name), getattr(first, name)))
        for name in ("price", "volume", "bill")
    )
    return f"A token's price {price}, its volume {volume}, the bill {bill}"


def _moved(ratio: Fraction | None) -> str:
    if ratio is None:
        return "has no base"
    if abs(ratio) < rules.MOVED:
        return "held level"
    size = fmt.delta(abs(float(ratio)), 0).lstrip("+")
    if size.endswith("×"):
        return f"rose to {size}"
    return f"{'rose' if ratio > 0 else 'fell'} {size}"


def elasticity_text(found: Prices) -> str:
    """The elasticity and how to read it; or why there is none."""
    value = found.elasticity
    if value is None:
        return (
            "No elasticity: the price did not move."
            if found.ends
            else "No elasticity yet: it needs two whole periods with prices."
        )
    number = f"{float(value):.2f}".replace("-", fmt.MINUS)
    if value < -1:
        return (
            f"Elasticity {number}: volume moves more than the price does: a lower price goes with "
            "a higher bill."
        )
    if value < 0:
        return f"Elasticity {number}: volume answers a price, but by less than the price moves."
    return (
        f"Elasticity {number}: volume and price moved the same way; the price does not explain it."
    )


def banner(found: Prices) -> str:
    """Said where the price fell and the bill rose all the same; empty otherwise."""
    if not found.rebounds or not found.ends:
        return ""
    first, last = found.ends
    price = fmt.delta(abs(float(rules.change(last.price, first.price) or 0)), 0).lstrip("+")
    bill = _moved(rules.change(last.bill, first.bill))
    return f"Tokens cost {price} less, and the bill {bill}."


def price_chart(found: Prices, state: State) -> SafeString:
    """Price, volume and bill as lines from 100."""
    grain = state.span.grain

    def series(name: str) -> list[float | None]:
        values = [getattr(index, name) for index in found.indexes]
        return [None if value is None else float(value) for value in values]

    titles = [period_text(period, grain) for period in found.periods]
    return charts.lines(
        [_tick(title, grain) for title in titles],
        [
            charts.Series("Price of a token", "s3", series("price")),
            charts.Series("Tokens a day", "s1", series("volume")),
            charts.Series("Bill a day", "s5", series("bill")),
        ],
        title=f"Price, volume and bill per {grain}, the first is 100",
        summary=f"{prices_title(found)}.",
        axis=lambda value: f"{value:,.0f}",
        cell=lambda value: f"{value:,.1f}",
        labels=titles,
        head=grain.capitalize(),
        notes=chart_notes(found.marks, [period.start for period in found.periods], grain),
    )


def _tick(title: str, grain: str) -> str:
    return title[:3] if grain == "month" else title
