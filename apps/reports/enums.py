"""Words of reports."""

from django.db.models import TextChoices


class Cadence(TextChoices):
    """How often a schedule sends, and what days it reports on."""

    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"
    MONTHLY = "monthly", "Every month"


class DeliveryState(TextChoices):
    """Where one person's copy of one issue stands."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    WITHHELD = "withheld", "Not sent"
    FAILED = "failed", "Failed"


WEEKDAYS = (
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
)
