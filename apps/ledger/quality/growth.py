"""Use that grows fast: by rate, whatever its level."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.common import clock, fmt
from apps.ledger.quality import rules, selectors
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding, register_detector
from apps.ledger.query import Query, Row, side_by_side_by
from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import organization
from apps.tenancy.urls import org_url

SPAN = timedelta(days=28)
"""Four whole weeks: every weekday counts as often on both sides."""
FIRST = timedelta(days=7)
"""Use that began after the first of the earlier weeks has nothing to grow from."""
AXES = {"unit": "team", "capability": "capability"}


@register_detector
def growth() -> Iterator[Finding]:
    """Teams and capabilities whose tokens grow by at least the threshold, from SPAN to SPAN of
    complete days. One statement for all of them."""
    threshold = selectors.growth_threshold()
    if threshold.percent is None:
        return
    end = _complete_end()
    middle, start = end - SPAN, end - 2 * SPAN
    windows = [(middle, end), (start, middle), (start, start + FIRST)]
    query = Query(start=start, end=end)
    for axis, (now, before, first) in side_by_side_by(query, windows, tuple(AXES)).items():
        earlier = {row.keys[0]: row.tokens.total for row in before}
        began = {row.keys[0] for row in first if row.tokens.total}
        for row in now:
            key = row.keys[0]
            if key is None or key not in began:
                continue
            rate = rules.grown(
                row.tokens.total, earlier.get(key, 0), threshold.percent, threshold.least_tokens
            )
            if rate is not None:
                yield _finding(axis, row, earlier[key], rate, (start, middle, end))


def _complete_end() -> date:
    """The first day that is not complete: today, or an earlier one that a source still owes."""
    settings = ledger_settings()
    today, through = clock.today(settings.timezone), coverage().complete_through
    if through is None:
        return today
    return min(today, through.astimezone(ZoneInfo(settings.timezone)).date())


def _finding(
    axis: str, row: Row, before: int, rate: Fraction, days: tuple[date, date, date]
) -> Finding:
    start, middle, end = days
    size = fmt.delta(float(rate), 0)
    said = f"to {size}" if size.endswith("×") else f"by {size.lstrip('+')}"
    return Finding(
        kind=Kind.GROWTH,
        subject=f"{axis}:{row.keys[0]}:{end:%Y-%m}",
        severity=Severity.WARN,
        title=f"{row.labels[0]}: tokens grew {said} in four weeks",
        detail=f"The {AXES[axis]} used {fmt.tokens(row.tokens.total)} tokens in "
        f"{fmt.day_range(middle, end)}, after {fmt.tokens(before)} in "
        f"{fmt.day_range(start, middle)}. Trends shows the pace, Explore what it is made of.",
        since=middle,
        capability_id=UUID(row.keys[0]) if axis == "capability" and row.keys[0] else None,
        path=org_url(organization().slug, "portal:trends") + f"?{axis}={row.keys[0]}",
    )
