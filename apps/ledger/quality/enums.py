"""Kinds, states and weights of data-quality alerts."""

from apps.common.choices import Choice


class Kind(Choice):
    QUIET = "quiet", "Source is quiet"
    ZERO = "zero", "Dropped to zero"
    LATE = "late", "Source is late"
    REPEATS = "repeats", "Repeats itself"
    COST = "cost", "Cost does not fit its tokens"
    KEY = "key", "Key that should not be used"
    SCHEMA = "schema", "Provider changed its answers"
    OVERLAP = "overlap", "Two channels count the same"
    STEP = "step", "Figures took a step"
    PARTITION = "partition", "Partition missing"
    GROWTH = "growth", "Use grows fast"
    BILL = "bill", "Bill differs from usage"
    FILLING = "filling", "Use fills its budget"


class State(Choice):
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class Severity(Choice):
    """BAD: figures are wrong or about to be. WARN: somebody should look."""

    BAD = "bad", "Figures affected"
    WARN = "warn", "Look at it"
