"""Waking dispatchers beside the request: a hint to the broker, never waited for.

The messages are in the database before a hint is given, and the scheduled dispatcher finds what no
hint told. So a hint may be late, shared or lost, but a request must not wait for a broker that is
slow or away: one thread of the process gives the hints.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable
from uuid import UUID

import structlog
from celery import Celery
from celery.app import app_or_default

log = structlog.get_logger(__name__)
GAP = 0.1
"""Seconds between two hints for one organization: what is committed meanwhile shares the next."""
PAUSE = 5.0
"""Seconds without hints after the broker failed: as long as the scheduled dispatcher takes."""
FLUSH = 0.5
"""Seconds that the end of the process waits for the last hints."""
Send = Callable[[Celery, UUID], None]


def send(app: Celery, organization_id: UUID) -> None:
    """One hint, tried once."""
    app.send_task(
        "outbox.dispatch",
        kwargs={"organization_id": str(organization_id)},
        ignore_result=True,
        retry=False,
    )


class Waker:
    """Gives hints in a thread of its own, the first of an organization at once.

    After a failure none is given for PAUSE seconds; those that were asked for are dropped.
    """

    def __init__(self, send: Send = send, *, gap: float = GAP, pause: float = PAUSE) -> None:
        self._send, self._gap, self._pause = send, gap, pause
        self.start_afresh()

    def start_afresh(self) -> None:
        """A forked child has no thread, and perhaps a lock that nobody would release."""
        self._changed = threading.Condition()
        self._wanted: dict[UUID, Celery] = {}
        self._not_before: dict[UUID, float] = {}
        self._closed_until = 0.0
        self._busy = False
        self._thread: threading.Thread | None = None

    def wake(self, organization_id: UUID) -> None:
        """Ask for a hint; returns at once. Never raises for the broker's sake."""
        # The application of this thread: a thread of our own would find a default one.
        app = app_or_default()
        with self._changed:
            if time.monotonic() < self._closed_until:
                return
            self._wanted[organization_id] = app
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="outbox-waker", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float = FLUSH) -> bool:
        """Wait until every hint asked for is given or dropped; False when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._wanted and not self._busy, timeout)

    def _run(self) -> None:
        while True:
            organization_id, app = self._next()
            failed = False
            try:
                self._send(app, organization_id)
            except Exception as error:  # noqa: BLE001 -- a hint: the message is safe
                failed = True
                log.warning("outbox_wake_failed", error=repr(error), pause=self._pause)
            with self._changed:
                self._busy = False
                if failed:
                    self._closed_until = time.monotonic() + self._pause
                    self._wanted.clear()
                self._changed.notify_all()

    def _next(self) -> tuple[UUID, Celery]:
        """The organization that may be told first, waited for."""
        with self._changed:
            while True:
                now = time.monotonic()
                self._not_before = {k: at for k, at in self._not_before.items() if at > now}
                due = {k: self._not_before.get(k, now) for k in self._wanted}
                first = min(due, key=due.__getitem__, default=None)
                if first is not None and due[first] <= now:
                    self._not_before[first] = now + self._gap
                    self._busy = True
                    return first, self._wanted.pop(first)
                self._changed.wait(None if first is None else due[first] - now)


_waker = Waker()


def wake(organization_id: UUID) -> None:
    """Tell a dispatcher of this organization, soon."""
    _waker.wake(organization_id)


os.register_at_fork(after_in_child=_waker.start_afresh)
atexit.register(_waker.flush)
