"""One supervisor per state directory, and the record of the processes it started.

The lock is the kernel's: it ends with its holder however that dies, so a stale one cannot block a
start. The record lets the next start (or `stop`) end what a killed supervisor left running.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import psutil

from tokenops.run.errors import RunError
from tokenops.run.files import write_atomically

GRACE_SECONDS = 20.0


class InstanceLock:
    """Held from start to stop. The file names the holder for the second starter."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: IO[str] | None = None

    def acquire(self) -> bool:
        """Take the lock; True when an earlier holder left it behind without releasing it.

        Raises RunError naming the holder when it is held.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        stream = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise RunError(self._who_holds_it()) from None
        self._stream = stream
        stale = bool(self.holder())
        self.describe(pid=os.getpid())
        return stale

    def describe(self, **facts: Any) -> None:
        """Write who holds the lock (pid, address)."""
        if self._stream is None:
            raise RuntimeError("the lock is not held")
        self._stream.seek(0)
        self._stream.truncate()
        json.dump(facts, self._stream)
        self._stream.flush()

    def release(self) -> None:
        if self._stream is not None:
            self._stream.seek(0)
            self._stream.truncate()
            self._stream.close()
            self._stream = None

    def holder(self) -> dict[str, Any]:
        """What the file says of its holder, dead or alive; empty after a proper release."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8") or "{}")
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def is_held(self) -> bool:
        """Whether a supervisor lives now."""
        if not self.path.exists():
            return False
        with self.path.open("a+", encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(stream, fcntl.LOCK_UN)
        return False

    def _who_holds_it(self) -> str:
        found = self.holder()
        where = f" at {found['address']}" if found.get("address") else ""
        pid = found.get("pid", "unknown")
        return f"TokenOps already runs here (pid {pid}){where}. Stop it with `make stop`."


class ChildRecord:
    """The processes a supervisor started, by pid and birth time (a pid alone may be reused)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pids: Iterable[int]) -> None:
        entries = []
        for pid in pids:
            try:
                entries.append([pid, psutil.Process(pid).create_time()])
            except psutil.NoSuchProcess:
                continue
        write_atomically(self.path, json.dumps(entries))

    def living(self) -> list[psutil.Process]:
        """The recorded processes that still run."""
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return []
        found = []
        for pid, born in entries:
            try:
                process = psutil.Process(pid)
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and abs(process.create_time() - born) < 1:
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    def end_leftovers(self) -> list[str]:
        """End what a killed supervisor left behind, last started first; returns the names ended."""
        ended = []
        for process in reversed(self.living()):
            name = process.name()
            is_postgres = name == "postgres"
            _signal(process, signal.SIGINT if is_postgres else signal.SIGTERM)
            if not _gone(process, GRACE_SECONDS):
                _signal(process, signal.SIGQUIT if is_postgres else signal.SIGKILL)
                _gone(process, GRACE_SECONDS)
            if not is_postgres:
                end_group(process.pid)
            ended.append(name)
        self.path.unlink(missing_ok=True)
        return ended


def end_group(group: int) -> None:
    """Kill what is left of a process group whose leader we started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _gone(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False
