"""What is measured: wall clock, and CPU of this process and of its database sessions.

The machine may be shared. CPU seconds move far less than the clock under other load, so ratios are
of CPU unless a table says otherwise.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import psutil
from django.db import connection


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


class Busy:
    """Milliseconds on a processor of this process and its database session, and of the clock.

    On an idle machine both agree but for waits on the disk; on a shared one only the first says
    something about the program.
    """

    def __init__(self) -> None:
        self._files = [
            Path(f"/proc/{pid}/schedstat") for pid in (psutil.Process().pid, backend_pid())
        ]

    def __call__(self) -> tuple[float, float]:
        ran = sum(int(path.read_text().split()[0]) for path in self._files)
        return ran / 1e6, time.perf_counter() * 1e3


class Meter:
    """Seconds of wall clock, and of CPU of this process (all threads) and its database session.

    In nanoseconds, not in the clock ticks of a hundredth of a second: a request takes one.
    """

    def __enter__(self) -> Self:
        self._backend = Path(f"/proc/{backend_pid()}/schedstat")
        self._before = (time.perf_counter(), time.process_time(), self._ran())
        return self

    def _ran(self) -> float:
        return int(self._backend.read_text().split()[0]) / 1e9

    def __exit__(self, *args: object) -> None:
        self.wall = time.perf_counter() - self._before[0]
        self.client_cpu = time.process_time() - self._before[1]
        self.backend_cpu = self._ran() - self._before[2]
        self.cpu = self.client_cpu + self.backend_cpu


def p50(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
