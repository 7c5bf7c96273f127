"""Words of the CSV import."""

from apps.common.choices import Choice


class JobStatus(Choice):
    """Where an import stands. Only CHECKED may start; DONE may be repeated and writes nothing."""

    UPLOADED = "uploaded", "Needs a mapping"
    CHECKING = "checking", "Checking"
    CHECKED = "checked", "Ready to import"
    IMPORTING = "importing", "Importing"
    DONE = "done", "Imported"
    FAILED = "failed", "Stopped"


RUNNING = (JobStatus.CHECKING, JobStatus.IMPORTING)


class CostUnit(Choice):
    """What the numbers of a cost column are."""

    UNITS = "units", "Whole units (12.34)"
    CENTS = "cents", "Cents (1234)"
