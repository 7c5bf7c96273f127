"""The clock. Code asks here, so that a test can set the time in one place."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return timezone.now()


def today(zone: str = "UTC") -> date:
    """The current day in a time zone (IANA name)."""
    return timezone.now().astimezone(ZoneInfo(zone)).date()
