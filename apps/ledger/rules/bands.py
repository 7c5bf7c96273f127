"""What runs are expected to look like: reference bands per kind of capability. Pure.

The reference values are starting points, written down so that they can be disagreed with: an
organization replaces them with what its own good runs look like.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from apps.portfolio.enums import CapabilityKind

SHARE, COUNT = "share", "count"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that has a band. `unit` says whether its limits are shares (0 to 1) or counts."""

    key: str
    label: str
    unit: str
    meaning: str


MEASURES: tuple[Measure, ...] = (
    Measure("tokens", "Tokens per run", COUNT, "the median run"),
    Measure("calls", "Calls per run", COUNT, "all calls by all runs"),
    Measure("retries", "Retries", SHARE, "calls that repeat a failed one"),
    Measure("failures", "Failed calls", SHARE, "calls that ended in an error or timeout"),
    Measure("bloat", "Bloat ratio", SHARE, "input that is not the user's own text"),
)
BY_KEY = {measure.key: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Band:
    """Limits, both included; None is no limit."""

    low: Decimal | None = None
    high: Decimal | None = None

    def position(self, value: Decimal | None) -> str:
        """`below`, `inside` or `above`; empty without a value or a limit."""
        if value is None or (self.low is None and self.high is None):
            return ""
        if self.low is not None and value < self.low:
            return "below"
        return "above" if self.high is not None and value > self.high else "inside"


Bands = Mapping[str, Band]


def _reference(tokens: str, calls: str, retries: str, failures: str, bloat: str) -> Bands:
    found = {}
    for measure, text in zip(MEASURES, (tokens, calls, retries, failures, bloat), strict=True):
        low, _, high = text.rpartition(" ")
        found[measure.key] = Band(Decimal(low) if low else None, Decimal(high))
    return found


REFERENCE: Mapping[str, Bands] = {
    CapabilityKind.PRODUCTION.value: _reference("1000 60000", "1 12", "0.05", "0.03", "0.90"),
    CapabilityKind.DEVELOPMENT.value: _reference("20000 3000000", "3 200", "0.10", "0.08", "0.98"),
    CapabilityKind.PIPELINE.value: _reference("1000 100000", "1 20", "0.03", "0.02", "0.95"),
    CapabilityKind.ANALYTICS.value: _reference("2000 150000", "1 25", "0.05", "0.05", "0.95"),
}
"""Per kind of capability, in the order of MEASURES."""


def read(kind: str, stored: Mapping[str, object] | None) -> Bands:
    """The bands of a kind: what the organization stored, else the reference."""
    if stored is None:
        return REFERENCE[kind]
    found: dict[str, Band] = {}
    for measure in MEASURES:
        pair = stored.get(measure.key)
        low, high = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        found[measure.key] = Band(_number(low), _number(high))
    return found


def write(bands: Bands) -> dict[str, list[str | None]]:
    """The form that is stored."""
    return {
        key: [None if limit is None else f"{limit.normalize():f}" for limit in (b.low, b.high)]
        for key, b in bands.items()
    }


def _number(text: object) -> Decimal | None:
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return None


def problem(measure: Measure, band: Band) -> tuple[str, str]:
    """What is wrong with a band and how to mend it; two empty texts if nothing is."""
    limits = [limit for limit in (band.low, band.high) if limit is not None]
    if any(not limit.is_finite() or limit < 0 for limit in limits):
        return f"{measure.label}: a limit is 0 or more.", "Leave it empty for no limit."
    if measure.unit == SHARE and any(limit > 1 for limit in limits):
        return f"{measure.label}: a share is at most 1.", "Write 0.05 for 5 %."
    if any(limit > 10**12 for limit in limits):
        return f"{measure.label}: a limit is at most a million million.", "Check the unit."
    if band.low is not None and band.high is not None and band.low > band.high:
        return f"{measure.label}: the lower limit is above the upper one.", "Exchange them."
    return "", ""
