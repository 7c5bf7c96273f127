"""Bills that differ from what was measured by more than the limits, as alerts of data quality."""

from collections.abc import Iterator
from datetime import date, timedelta

from apps.common import clock, fmt
from apps.common.periods import month_of
from apps.connectors.reconciliation import selectors
from apps.connectors.reconciliation.explaining import EXPLAINED, LABELS
from apps.connectors.reconciliation.selectors import FRESH, Line
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding

MONTHS_BACK = timedelta(days=62)
"""The running month and two or three before it: a bill comes weeks after its month."""


def bills_apart() -> Iterator[Finding]:
    """Months of a provider whose bill is beyond the limits from what was measured, after what the
    bill explains itself. The last days are left out, and bills without an exchange rate."""
    end = clock.today() - FRESH
    start = month_of(end - MONTHS_BACK).start
    found = selectors.compare(start, end, by="month")
    for line in found.lines:
        apart = line.side.open_gap
        if line.state != "gap" or apart is None or line.side.lagging:
            continue
        if line.provider in found.without_rate or not _is_of_the_bill(line):
            continue
        yield _finding(line, apart, found.currency)


def _is_of_the_bill(line: Line) -> bool:
    """A gateway that saw more than the channel of record is a gap too, and no bill's."""
    from_bill = selectors.rules.distance(
        line.side.open_gap,
        max(line.side.billed_nanos or 0, line.side.measured_nanos or 0),
        line.limits.small_nanos,
        line.limits,
    )
    return from_bill == "gap"


def _finding(line: Line, apart: int, currency: str) -> Finding:
    month = date.fromisoformat(f"{line.key}-01")
    side = line.side
    more = "more" if apart > 0 else "less"
    parts = "; ".join(
        f"{LABELS[name].lower()} {fmt.signed_money(nanos, currency)}"
        for name, nanos in side.parts
        if name not in EXPLAINED
    )
    billed, ours = fmt.money(side.billed_nanos, currency), fmt.money(side.measured_nanos, currency)
    return Finding(
        kind=Kind.BILL,
        subject=f"{line.provider[:80]}:{line.key}",
        severity=Severity.BAD if apart > 0 else Severity.WARN,
        title=f"{line.provider} bills {fmt.money(abs(apart), currency)} {more} than was measured "
        f"in {month:%B %Y}"[:200],
        detail=f"Billed {billed}, measured {ours}."
        + (f" Not explained by the bill: {parts}." if parts else "")
        + (f" {line.reasons[0]}" if line.reasons else "")
        + " Reconciliation shows the days and models.",
        since=month,
    )
