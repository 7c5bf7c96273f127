"""When the company works: weights per local hour, weekday and day of the month."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

_OFFICE = (
    *(0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.25, 0.7, 1.0, 1.1, 1.05),
    *(0.75, 0.9, 1.05, 1.0, 0.85, 0.5, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02),
)
_DEV = (
    *(0.04, 0.02, 0.01, 0.01, 0.01, 0.02, 0.05, 0.2, 0.55, 0.95, 1.1, 1.05),
    *(0.7, 0.9, 1.1, 1.1, 0.95, 0.7, 0.45, 0.35, 0.35, 0.3, 0.2, 0.1),
)
_CONSUMER = (
    *(0.12, 0.07, 0.05, 0.05, 0.06, 0.12, 0.3, 0.6, 0.85, 1.0, 1.0, 0.95),
    *(1.0, 0.9, 0.85, 0.9, 1.0, 1.1, 1.15, 1.1, 0.95, 0.75, 0.45, 0.25),
)
_CONTACT = (
    *(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.9, 1.2, 1.2, 1.1),
    *(1.0, 1.0, 1.0, 1.0, 0.95, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0, 0.0),
)


def _fixed(table: tuple[float, ...], weekend: float) -> Callable[[datetime, bool], float]:
    def weight(local: datetime, closed: bool) -> float:
        return table[local.hour] * (weekend if closed or local.weekday() >= 5 else 1.0)

    return weight


def _nightly(local: datetime, closed: bool) -> float:
    return (0.5 if closed or local.weekday() >= 5 else 1.0) if 1 <= local.hour < 5 else 0.0


def _weekly(local: datetime, closed: bool) -> float:
    return 1.0 if local.weekday() == 6 and 2 <= local.hour < 11 else 0.0


def _month_end(local: datetime, closed: bool) -> float:
    if closed or local.weekday() >= 5:
        return 0.05 * _OFFICE[local.hour]
    last = calendar.monthrange(local.year, local.month)[1]
    return _OFFICE[local.hour] * (4.0 if local.day > last - 4 or local.day <= 3 else 0.6)


def _steady(local: datetime, closed: bool) -> float:
    return 0.8 + 0.4 * (9 <= local.hour < 18)


SHAPES: dict[str, Callable[[datetime, bool], float]] = {
    "office": _fixed(_OFFICE, 0.05),
    "dev": _fixed(_DEV, 0.1),
    "consumer": _fixed(_CONSUMER, 0.8),
    "contact": _fixed(_CONTACT, 0.45),
    "nightly": _nightly,
    "weekly": _weekly,
    "month_end": _month_end,
    "steady": _steady,
}


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


@lru_cache(maxsize=16)
def holidays(year: int) -> frozenset[date]:
    """Days on which offices are closed (United States, the ones every company keeps)."""
    may = date(year, 5, 31)
    return frozenset(
        {
            date(year, 1, 1),
            may - timedelta(days=may.weekday()),
            date(year, 7, 4),
            _nth(year, 9, 0, 1),
            _nth(year, 11, 3, 4),
            _nth(year, 11, 3, 4) + timedelta(days=1),
            date(year, 12, 24),
            date(year, 12, 25),
        }
    )


@lru_cache(maxsize=1024)
def _local_hours(day: date, zone: str) -> tuple[tuple[datetime, bool], ...]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    hours = [(start + timedelta(hours=h)).astimezone(ZoneInfo(zone)) for h in range(24)]
    return tuple((local, local.date() in holidays(local.year)) for local in hours)


def raw_weights(shape: str, day: date, zone: str) -> np.ndarray:
    """Unscaled weights of a UTC day's 24 hours."""
    weight = SHAPES[shape]
    return np.array([weight(local, closed) for local, closed in _local_hours(day, zone)])


@lru_cache(maxsize=32)
def _scale(shape: str, zone: str) -> float:
    first = date(2026, 1, 5)
    total = sum(raw_weights(shape, first + timedelta(days=n), zone).sum() for n in range(91))
    return 91 * 24 / float(total)


@lru_cache(maxsize=8192)
def weights(shape: str, day: date, zone: str) -> np.ndarray:
    """Weights of a UTC day's 24 hours; their mean over a quarter is 1."""
    scaled = raw_weights(shape, day, zone) * _scale(shape, zone)
    scaled.setflags(write=False)
    return scaled
