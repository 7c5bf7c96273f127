"""A whole TokenOps in a state directory of its own: the supervisor and everything it starts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

import psutil
import pytest

from tokenops.run.config import REPOSITORY
from tokenops.run.valkey import free_port

READY_SECONDS = 150.0
RECOVERY_SECONDS = 60.0
STOP_SECONDS = 60.0
GIVEN_BY_TESTS = {
    "ALLOWED_HOSTS", "BASE_URL", "CACHE_URL", "CELERY_BROKER_URL", "CONNECTOR_ALLOWED_HOSTS",
    "DATABASE_OWNER_URL", "DATABASE_URL", "DEBUG", "DJANGO_SETTINGS_MODULE", "EMAIL_URL",
    "FIELD_KEYS", "SECRET_KEY", "TOKENOPS_DB_ROLE", "TOKENOPS_HOST", "TOKENOPS_PORT",
}  # fmt: skip

T = TypeVar("T")


def wait_for(what: str, condition: Callable[[], T], seconds: float) -> T:
    """The first truthy answer of `condition`; a failure that names `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"gave up after {seconds:.0f} s waiting for {what}")
        time.sleep(0.1)


def inherited() -> dict[str, str]:
    """The environment without what the tests' own settings put into it."""
    return {key: value for key, value in os.environ.items() if key not in GIVEN_BY_TESTS}


class Stack:
    """Starts, watches and stops the supervisor the way a person does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.output = root.parent / "output.txt"
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.trouble = ""

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tokenops.run", *arguments],
            cwd=REPOSITORY, env=self._environment(), capture_output=True, text=True,
            timeout=STOP_SECONDS, check=False,
        )  # fmt: skip

    def launch(self) -> None:
        """Type the command."""
        with self.output.open("wb") as stream:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "tokenops.run", "up"],
                cwd=REPOSITORY, env=self._environment(), stdout=stream, stderr=stream,
                start_new_session=True,
            )  # fmt: skip

    def start(self) -> float:
        """Seconds from the command to the line that says it is ready."""
        began = time.monotonic()
        self.launch()
        wait_for("the start", self._is_ready_or_over, READY_SECONDS)
        if "TokenOps is ready" not in self.said():
            self.trouble = f"it did not start: {self.said()}"
            pytest.fail(self.trouble)
        return time.monotonic() - began

    def stop(self) -> int:
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.wait(STOP_SECONDS)

    def said(self) -> str:
        return self.output.read_text()

    def processes(self) -> dict[str, dict[str, Any]]:
        rows = json.loads((self.root / "run" / "status.json").read_text())
        return {row["name"]: row for row in rows}

    def kill(self, name: str) -> int:
        """`kill -9` one process and wait until it is back; its new pid."""
        before = self.processes()[name]
        os.kill(before["pid"], signal.SIGKILL)
        back = f"{name} is back (pid "

        def recovered() -> int:
            now = self.processes()[name]
            new = now["pid"] if now["restarts"] > before["restarts"] else None
            return new if new and f"{back}{new})" in self.said() else 0

        return wait_for(f"{name} to come back", recovered, RECOVERY_SECONDS)

    def is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=3) as answer:
                return answer.status == 200
        except OSError:
            return False

    def survivors(self) -> list[str]:
        """Processes that still work in this state directory."""
        mark, found = str(self.root), []
        for process in psutil.process_iter(["pid", "cmdline", "environ", "status"]):
            if process.info["status"] == psutil.STATUS_ZOMBIE:
                continue
            environment = process.info["environ"] or {}
            ours = environment.get("TOKENOPS_STATE_DIR") == mark
            if process.pid != os.getpid() and (
                ours or mark in " ".join(process.info["cmdline"] or [])
            ):
                found.append(f"{process.pid} {process.info['cmdline']}")
        return found

    def _is_ready_or_over(self) -> bool:
        return "TokenOps is ready" in self.said() or self.supervisor.poll() is not None

    def _environment(self) -> dict[str, str]:
        return inherited() | {
            "TOKENOPS_STATE_DIR": str(self.root),
            "TOKENOPS_PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "WORKER_CONCURRENCY": "1",
        }


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack") / "var")
    yield stack
    if stack.supervisor is not None and stack.supervisor.poll() is None:
        stack.supervisor.kill()
        stack.supervisor.wait()
    stack.command("stop")
