"""Words of planning."""

from apps.common.choices import Choice


class CycleKind(Choice):
    """How long a planning cycle is: whole calendar months."""

    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"


MONTHS = {CycleKind.QUARTER: 3, CycleKind.YEAR: 12}


class CycleStatus(Choice):
    """An open cycle takes numbers; a locked one changes only through budget requests."""

    OPEN = "open", "Open"
    LOCKED = "locked", "Locked"
