"""The clock. Code asks here, so that a test can set the time in one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

_set: ContextVar[datetime | None] = ContextVar("tokenops_clock", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _set.get() or timezone.now()


def today(zone: str = "UTC") -> date:
    """The current day in a time zone (IANA name)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Stand still at an instant: the demonstration organization has a past, too."""
    token = _set.set(instant)
    try:
        yield
    finally:
        _set.reset(token)
