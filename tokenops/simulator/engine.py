"""The usage of every workload in every hour: a pure function of seed, anchor, hour and now.

`final` values never depend on the clock. What a caller sees at `now` is derived from them by
three rules, each also a function of (seed, workload, hour) alone:

* progress: the current hour holds the minutes that have passed, less the reporting lag;
* late: about 4 % of the cells stay empty until one to six hours after the hour ended;
* restated: about 2 % report 90-99 % of their value until 24 to 72 hours after the hour ended,
  then the final value, once.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from threading import Lock

import numpy as np

from tokenops.simulator.company import COMPANY, Company
from tokenops.simulator.rates import KINDS, bills_cache_writes, rates_of
from tokenops.simulator.rhythm import weights

COLUMNS = (*KINDS, "requests", "searches")
REQUESTS, SEARCHES = len(KINDS), len(KINDS) + 1
HOUR = 3600
LAG_SECONDS = {"openai": 600, "anthropic": 300}
LATE_SHARE, RESTATED_SHARE = 0.04, 0.02
_REFERENCE = date(2026, 11, 1)
_EPOCH = date(1970, 1, 1)
_MAX_DAYS = 420


def _mix(values: np.ndarray) -> np.ndarray:
    """splitmix64: uniform 64-bit integers from counters."""
    with np.errstate(over="ignore"):
        z = values + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class _Day:
    """One UTC day: final values [24, workloads, columns] and when each cell shows them."""

    final: np.ndarray
    early: np.ndarray
    settles_at: np.ndarray
    appears_at: np.ndarray


class UsageModel:
    """Usage of a company. Thread-safe; days are computed once and kept."""

    def __init__(self, *, seed: int, anchor: date, company: Company = COMPANY) -> None:
        self.company, self.anchor, self.seed = company, anchor, seed
        self.workloads = company.workloads
        self._days: dict[date, _Day] = {}
        self._lock = Lock()
        self._ids = np.array([self._hash(w.name) for w in self.workloads], dtype=np.uint64)
        self._means = np.array([self._mean_tokens(i) for i in range(len(self.workloads))])
        self._per_hour = np.array([self._calls_per_hour(i) for i in range(len(self.workloads))])
        self._lags = np.array([LAG_SECONDS[w.provider] for w in self.workloads])

    def _hash(self, name: str) -> int:
        return int.from_bytes(sha256(f"{self.seed}/{name}".encode()).digest()[:8], "big")

    def _mean_tokens(self, index: int) -> list[float]:
        work = self.workloads[index]
        p = self.company.profiles[work.profile]
        uncached, writes = p.uncached, [p.write_5m, p.write_1h]
        if work.provider == "openai":
            writes = [sum(writes), 0.0]
        if not bills_cache_writes(work.provider, work.model):
            uncached, writes = uncached + sum(writes), [0.0, 0.0]
        searches = p.searches if work.provider == "anthropic" else 0.0
        return [uncached, p.cache_read, *writes, p.output, p.image, p.audio_in, p.audio_out,
                1.0, searches]  # fmt: skip

    def _calls_per_hour(self, index: int) -> float:
        work = self.workloads[index]
        price = rates_of(work, _REFERENCE)
        cost = sum(
            tokens * float(rate) for tokens, rate in zip(self._means[index], price, strict=False)
        )
        return work.usd / 720 / (cost / 1e6)

    def _uniform(self, day: int, salt: int, *, hourly: bool) -> np.ndarray:
        """Uniform numbers in (0, 1) of shape [24 or 1, workloads]."""
        steps = np.arange(24 if hourly else 1, dtype=np.uint64)
        counters = np.uint64(day) * np.uint64(32) + steps + np.uint64(salt) * np.uint64(1 << 40)
        mixed = _mix(_mix(counters)[:, None] ^ self._ids[None, :])
        return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)

    def _normal(self, day: int, salt: int, *, hourly: bool) -> np.ndarray:
        u = np.maximum(self._uniform(day, salt, hourly=hourly), 1e-12)
        v = self._uniform(day, salt + 1, hourly=hourly)
        return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)

    def _level(self, index: int, day: date) -> np.ndarray:
        """Expected calls in each of the day's hours."""
        work, offset = self.workloads[index], (day - self.anchor).days
        if offset < work.start or (work.stop is not None and offset >= work.stop):
            return np.zeros(24)
        months = min(max(offset / 30, -8.0), 6.0)
        level = self._per_hour[index] * (1 + work.growth) ** months
        if work.ramp:
            level *= min(1.0, (offset - work.start + 1) / work.ramp)
        shape = weights(work.shape, day, self.company.timezone)
        for event in self._events(work.key.capability, "runaway", offset):
            return np.full(24, level * event.amount)
        return level * shape

    def _events(self, capability: str | None, kind: str, offset: int) -> list:
        return [
            e
            for e in self.company.events
            if e.kind == kind and e.capability == capability and e.start <= offset < e.end
        ]

    def _build(self, day: date) -> _Day:
        number = (day - _EPOCH).days
        levels = np.stack([self._level(i, day) for i in range(len(self.workloads))], axis=1)
        daily = np.exp(0.10 * self._normal(number, 1, hourly=False))
        hourly = np.exp(0.16 * self._normal(number, 3, hourly=True))
        calls = np.floor(levels * daily * hourly + self._uniform(number, 5, hourly=True))
        final = np.zeros((24, len(self.workloads), len(COLUMNS)), dtype=np.int64)
        for column in range(len(COLUMNS)):
            if column == REQUESTS:
                final[:, :, column] = calls.astype(np.int64)
                continue
            drift = np.exp(0.08 * self._normal(number, 10 + 2 * column, hourly=True))
            tokens = calls * self._means[None, :, column] * drift
            final[:, :, column] = np.floor(tokens).astype(np.int64)
        self._lose_cache(final, (day - self.anchor).days)
        ends = (number * 24 + np.arange(1, 25))[:, None] * HOUR
        lot, when = (self._uniform(number, salt, hourly=True) for salt in (40, 41))
        restated = lot < RESTATED_SHARE
        late = (lot >= RESTATED_SHARE) & (lot < RESTATED_SHARE + LATE_SHARE)
        share = 0.90 + 0.09 * self._uniform(number, 42, hourly=True)
        early = np.where(restated[:, :, None], np.floor(final * share[:, :, None]), final)
        return _Day(
            final=final,
            early=early.astype(np.int64),
            settles_at=np.where(restated, ends + (24 + 48 * when) * HOUR, 0).astype(np.int64),
            appears_at=np.where(late, ends + (1 + 5 * when) * HOUR, 0).astype(np.int64),
        )

    def _lose_cache(self, final: np.ndarray, offset: int) -> None:
        for index, work in enumerate(self.workloads):
            for event in self._events(work.key.capability, "cache_loss", offset):
                lost = np.floor(final[:, index, 1] * event.amount).astype(np.int64)
                final[:, index, 1] -= lost
                final[:, index, 0] += lost

    def _day(self, day: date) -> _Day:
        with self._lock:
            known = self._days.get(day)
            if known is None:
                if len(self._days) >= _MAX_DAYS:
                    self._days.pop(next(iter(self._days)))
                known = self._days[day] = self._build(day)
            return known

    def visible(self, day: date, now: datetime) -> np.ndarray:
        """What the provider reports at `now` for a UTC day: int64 [24, workloads, columns]."""
        block, minutes = self._reported(day, now)
        return block * minutes[:, :, None] // 60

    def visible_minutes(self, day: date, hour: int, now: datetime) -> np.ndarray:
        """The same for the 60 minutes of one hour: int64 [60, workloads, columns]."""
        block, minutes = self._reported(day, now)
        passed = np.minimum(np.arange(61)[:, None], minutes[hour][None, :])
        totals = block[hour][None, :, :] * passed[:, :, None] // 60
        return np.diff(totals, axis=0)

    def _reported(self, day: date, now: datetime) -> tuple[np.ndarray, np.ndarray]:
        """Values by the restatement rule, and minutes of each cell that are reported."""
        stamp = int(now.timestamp())
        data = self._day(day)
        starts = ((day - _EPOCH).days * 24 + np.arange(24)) * HOUR
        passed = (stamp - self._lags[None, :] - starts[:, None]) // 60
        minutes = np.clip(passed, 0, 60) * (data.appears_at <= stamp)
        settled = (data.settles_at <= stamp)[:, :, None]
        return np.where(settled, data.final, data.early), minutes


def utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def days_between(start: datetime, end: datetime) -> list[date]:
    """UTC days that the half-open interval touches."""
    first, last = utc_day(start), utc_day(end - timedelta(microseconds=1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
