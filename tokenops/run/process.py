"""One supervised process: how it is started, told from healthy, and stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenops.run.lock import end_group
from tokenops.run.logs import rotate

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """What to run. `ready` answers quickly whether it can serve; `alive` whether it hangs."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], bool]
    log: Path
    environment: Mapping[str, str]
    directory: Path
    alive: Callable[[], bool] | None = None
    prepare: Callable[[], None] = lambda: None
    identity: Callable[[], dict[str, Any]] = dict
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    grace: float = 25.0
    service: bool = False  # others depend on it: stopped last
    groups: bool = True  # its children share its process group


@dataclass
class Child:
    """A program and the process it has become."""

    program: Program
    restarts: int = 0
    healthy: bool = False
    wait_until: float = 0.0
    _failures: int = 0
    _asked: bool = False
    _popen: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _last_good: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen else None

    @property
    def seconds_running(self) -> float:
        return time.monotonic() - self._started if self._popen else 0.0

    @property
    def seconds_unwell(self) -> float:
        """Since it last answered (or started)."""
        return time.monotonic() - self._last_good

    def start(self, *, fresh_log: bool = False) -> None:
        """Start it in a session of its own: a Ctrl-C reaches only the supervisor."""
        if fresh_log:
            rotate(self.program.log)
        self.program.prepare()
        descriptor = os.open(self.program.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - our own programs
                self.program.argv,
                stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
                env=dict(self.program.environment), cwd=self.program.directory,
                start_new_session=True,
                **self.program.identity(),
            )  # fmt: skip
        finally:
            os.close(descriptor)
        self._started = self._last_good = time.monotonic()
        self.healthy = False

    def ended(self) -> int | None:
        """Its exit status (negative: the signal that killed it), or None while it runs."""
        return self._popen.poll() if self._popen else None

    def clear(self) -> None:
        """Account for an ended process: end its group, and set when to start it again."""
        if self._popen is None:
            return
        if self.program.groups:
            end_group(self._popen.pid)
        self._failures = 0 if self.seconds_running > STEADY_SECONDS else self._failures + 1
        self.wait_until = time.monotonic() + delay_after(self._failures)
        self._popen = None
        self.healthy = False
        self.restarts += 1

    def check(self, *, ready: bool) -> bool:
        """Ask it: whether it can serve, or (`ready=False`) only whether it hangs."""
        probe = self.program.ready if ready else (self.program.alive or self.program.ready)
        good = self._popen is not None and probe()
        if good:
            self._last_good = time.monotonic()
        return good

    def kill(self) -> None:
        """End a process that hangs; the caller then treats it as one that died."""
        if self._popen is None:
            return
        self._popen.send_signal(self.program.kill_signal)
        try:
            self._popen.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def ask_to_stop(self) -> None:
        """Send the stop signal once: a second one makes some programs drop their work."""
        if self._popen is not None and not self._asked:
            self._asked = True
            self._popen.send_signal(self.program.stop_signal)

    def stop(self) -> bool:
        """Ask it to end and wait; False when it had to be killed."""
        if self._popen is None:
            return True
        polite = True
        self.ask_to_stop()
        try:
            self._popen.wait(self.program.grace)
        except subprocess.TimeoutExpired:
            polite = False
            self.kill()
        if self.program.groups:
            end_group(self._popen.pid)
        self._popen = None
        self.healthy = False
        return polite


def delay_after(failures: int) -> float:
    """Seconds to wait before the next start: 0.5 doubling to 30 while it keeps dying young."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, failures - 1)) if failures else 0.0


def describe_end(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
