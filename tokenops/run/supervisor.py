"""Starts everything in order, watches it, restarts what dies, stops everything in order."""

import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

from tokenops.run import programs, steps
from tokenops.run.config import Options, Site, State, resolve
from tokenops.run.console import Console
from tokenops.run.errors import RunError, StopRequested
from tokenops.run.files import write_atomically
from tokenops.run.lock import ChildRecord, InstanceLock
from tokenops.run.logs import cut_if_large, tail
from tokenops.run.process import Child, Program, describe_end

START_SECONDS = 90.0
POLL_SECONDS = 0.2
PROBE_EVERY = 15.0
HANGING_SECONDS = 60.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """One start of TokenOps, from the lock to the last process."""

    def __init__(self, state: State, console: Console) -> None:
        self.state = state
        self.console = console
        self.children: list[Child] = []
        self._record = ChildRecord(state.children)
        self._lock = InstanceLock(state.lock)
        self._stop = False
        self._step: int | None = None
        self._next_probe = 0.0

    def run(self, options: Options) -> None:
        """Start, watch until Ctrl-C or SIGTERM, stop. RunError says why it could not start."""
        self.state.prepare()
        stale = self._lock.acquire()
        previous = {number: signal.signal(number, self._ask_to_stop) for number in STOPPING}
        try:
            self._tidy(stale=stale)
            self._start(options)
            self._watch()
        except StopRequested:
            pass
        finally:
            self._stop_all()
            self._lock.release()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _tidy(self, *, stale: bool) -> None:
        """After a supervisor that was killed: end the processes it left."""
        ended = self._record.end_leftovers()
        if ended:
            self.console.say(f"  ended what an earlier start left running: {', '.join(ended)}")
        elif stale:
            self.console.say("  took over the lock of an earlier start that did not end properly")

    def _start(self, options: Options) -> None:
        began = time.monotonic()
        if self.state.logins.exists():
            options = replace(options, demo=True)
        site = resolve(self.state, options)
        self._lock.describe(pid=os.getpid(), address=site.address)
        for note in site.notes:
            self.console.say(f"  {note}")
        self._bring_up(programs.services(site))
        steps.bootstrap_database(site)
        self._run_steps(site, steps.schema_steps(site))
        if options.demo:
            self._bring_up([programs.simulator(site)])
            self._run_steps(site, steps.demo_steps(site))
        self._bring_up(programs.application(site))
        self._welcome(site, time.monotonic() - began)

    def _run_steps(self, site: Site, todo: Sequence[steps.Step]) -> None:
        watcher = steps.Watcher(stopping=lambda: self._stop, running=self._note_step)
        steps.run_steps(site, todo, self.console, watcher)

    def _note_step(self, pid: int | None) -> None:
        """A killed supervisor's unfinished step is a leftover too."""
        self._step = pid
        self._remember()

    def _bring_up(self, wanted: Sequence[Program]) -> None:
        """Start these together and wait until each can serve."""
        started = time.monotonic()
        fresh = [Child(program) for program in wanted]
        for child in fresh:
            self.children.append(child)
            child.start(fresh_log=True)
            self._remember()
        deadline = started + START_SECONDS
        while not all(child.healthy for child in fresh):
            for child in fresh:
                if child.healthy:
                    continue
                self._restart_or_refuse(child, deadline)
                child.healthy = child.check(ready=True)
            self._pause(POLL_SECONDS)
        if fresh:
            names = ", ".join(child.name for child in fresh)
            self.console.say(f"  {names}: ready in {time.monotonic() - started:.1f} s")

    def _restart_or_refuse(self, child: Child, deadline: float) -> None:
        """During the start: a process that ends gets two more tries, then the start fails."""
        status = child.ended()
        if status is not None:
            child.clear()
            if child.restarts > 2:
                raise RunError(self._did_not_start(child, describe_end(status)))
        if child.pid is None and time.monotonic() >= child.wait_until:
            child.start()
            self._remember()
        if time.monotonic() > deadline:
            raise RunError(self._did_not_start(child, f"is not ready after {START_SECONDS:.0f} s"))

    def _did_not_start(self, child: Child, what: str) -> str:
        log = child.program.log
        return f"{child.name} {what}. The end of {log}:\n{tail(log)}"

    def _watch(self) -> None:
        while True:
            for child in self.children:
                self._revive(child)
            if time.monotonic() >= self._next_probe:
                self._probe()
                self._next_probe = time.monotonic() + PROBE_EVERY
            self._pause(POLL_SECONDS)

    def _revive(self, child: Child) -> None:
        """Restart a process that died, after its back-off; say so once, and once when it serves."""
        status = child.ended()
        if status is not None:
            child.clear()
            delay = max(0.0, child.wait_until - time.monotonic())
            wait = f" in {delay:.0f} s" if delay >= 1 else ""
            self.console.event(f"{child.name} {describe_end(status)}; starting it again{wait}")
        if child.pid is None and time.monotonic() >= child.wait_until:
            child.start()
            self._remember()
        if not child.healthy and child.pid is not None and child.check(ready=True):
            child.healthy = True
            self._write_status()
            after = child.seconds_running
            self.console.event(f"{child.name} is back (pid {child.pid}) after {after:.1f} s")

    def _probe(self) -> None:
        """Look for a process that runs and answers nothing. Judged in order of dependence: what
        needs the database is not blamed while the database is away."""
        for child in self.children:
            cut_if_large(child.program.log)
        for child in self.children:
            if not child.check(ready=False):
                if child.pid is not None and child.seconds_unwell > HANGING_SECONDS:
                    seconds = f"{child.seconds_unwell:.0f} s"
                    self.console.event(f"{child.name} has not answered for {seconds}; ending it")
                    child.kill()
                return

    def _pause(self, seconds: float) -> None:
        if self._stop:
            raise StopRequested
        time.sleep(seconds)
        if self._stop:
            raise StopRequested

    def _remember(self) -> None:
        pids = [child.pid for child in self.children]
        self._record.write(pid for pid in [*pids, self._step] if pid is not None)
        self._write_status()

    def _write_status(self) -> None:
        rows = [
            {"name": child.name, "pid": child.pid, "restarts": child.restarts}
            for child in self.children
        ]
        write_atomically(self.state.status, json.dumps(rows))

    def _welcome(self, site: Site, seconds: float) -> None:
        self._write_status()
        say = self.console.say
        say()
        say(f"TokenOps is ready at {site.address} (started in {seconds:.0f} s)")
        if site.options.demo:
            self._show_logins()
        else:
            say("Create your organization and its owner there on the first visit.")
        say(f"Logs: {self.state.logs}   Stop: Ctrl-C or `make stop`")
        say()

    def _show_logins(self) -> None:
        logins = json.loads(self.state.logins.read_text(encoding="utf-8"))
        columns = ("role", "name", "email", "password")
        rows = [tuple(str(entry[column]) for column in columns) for entry in logins]
        self.console.say()
        self.console.table(columns, rows)
        self.console.say()

    def _stop_all(self) -> None:
        """The application first, all at once; then what it needed, the database last."""
        running = [child for child in reversed(self.children) if child.pid is not None]
        if running:
            self.console.say("Stopping ...")
        application = [child for child in running if not child.program.service]
        for child in application:
            child.ask_to_stop()
        for child in [*application, *(child for child in running if child.program.service)]:
            if not child.stop():
                self.console.say(f"  {child.name} did not end in time and was killed")
        self.state.children.unlink(missing_ok=True)
        self.state.status.unlink(missing_ok=True)
        if running:
            self.console.say("Stopped.")
