"""Words of the budget domain."""

from apps.common.choices import Choice


class Scope(Choice):
    """What a budget pays for. Each level contains the ones after it."""

    ORGANIZATION = "organization"
    UNIT = "unit", "Team"
    CAPABILITY = "capability"
    STORY = "story", "Token Story"


class PeriodKind(Choice):
    """How a budget's life is cut into periods. CUSTOM is one period from start to end."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CUSTOM = "custom", "Fixed dates"


class BudgetStatus(Choice):
    ACTIVE = "active"
    CLOSED = "closed"


class EntryKind(Choice):
    """INITIAL and REVISION set the amount of every period from a date; the others add to one."""

    INITIAL = "initial", "Opened"
    REVISION = "revision", "Revised"
    GRANT = "grant", "Granted for one period"
    TRANSFER_IN = "transfer_in", "Moved in"
    TRANSFER_OUT = "transfer_out", "Moved out"
    CARRY_OVER = "carry_over", "Carried over"


SETTING = frozenset({EntryKind.INITIAL, EntryKind.REVISION})
"""Entries that state an amount; null in them means unlimited."""


class Basis(Choice):
    """What a threshold is held against."""

    ACTUAL = "actual", "Measured"
    FORECAST = "forecast", "Forecast"


class Health(Choice):
    """How a budget stands in its period."""

    EXHAUSTED = "exhausted", "Used up"
    RUNS_OUT = "runs_out", "Runs out early"
    ON_COURSE = "on_course", "On course"
    UNLIMITED = "unlimited", "No limit"
    UNKNOWN = "unknown", "Too early to say"
    NOT_STARTED = "not_started", "Not started"
    ENDED = "ended", "Ended"


class BurnWindow(Choice):
    """What a burn rate is measured over."""

    FAST = "fast", "One day"
    SLOW = "slow", "A week"


class BurnState(Choice):
    BURNING = "burning", "Burning"
    EASED = "eased", "Eased"
