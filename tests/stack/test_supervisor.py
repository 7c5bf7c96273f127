"""The life of one installation, in order: start, every kind of death, stop, start again."""

import json
import os
import signal

import psycopg
import pytest
import redis

from tokenops.run.bootstrap import DATABASE, OWNER
from tokenops.run.files import socket_directory
from tokenops.run.postgres import SOCKET_NAME, EmbeddedPostgres

from .conftest import STOP_SECONDS, Stack, wait_for

pytestmark = pytest.mark.stack
NAMES = ["postgres", "valkey", "web", "worker", "beat"]


@pytest.fixture(autouse=True)
def started(stack: Stack) -> None:
    """Each test goes on where the one before left off."""
    if stack.trouble:
        pytest.fail(stack.trouble)


def owner_url(stack: Stack) -> str:
    sockets = socket_directory(stack.root / "sockets", longest_name=SOCKET_NAME)
    server = EmbeddedPostgres(stack.root / "pg", sockets, stack.root / "log" / "postgres.log")
    return server.url(user=OWNER, database=DATABASE)


def broker(stack: Stack) -> redis.Redis:
    keys = json.loads((stack.root / "keys.json").read_text())
    return redis.Redis(port=keys["valkey_port"], password=keys["valkey_password"], db=9)


def stored(stack: Stack) -> list[tuple[int]]:
    with psycopg.connect(owner_url(stack)) as connection:
        return connection.execute("SELECT n FROM stack_probe ORDER BY n").fetchall()


def test_a_first_start_that_was_killed_half_way_is_completed(stack: Stack) -> None:
    stack.launch()
    step = stack.root / "log" / "step-migrate.log"
    wait_for("the first migration", step.exists, STOP_SECONDS)
    os.kill(stack.supervisor.pid, signal.SIGKILL)
    stack.supervisor.wait()
    stack.start()
    assert "ended what an earlier start left running: " in stack.said()
    assert "database schema: done" in stack.said()


def test_it_serves(stack: Stack) -> None:
    assert list(stack.processes()) == NAMES
    assert stack.is_ready()
    assert f"TokenOps is ready at http://127.0.0.1:{stack.port}" in stack.said()
    with psycopg.connect(owner_url(stack)) as connection:
        connection.execute("CREATE TABLE stack_probe (n int)")
        connection.execute("INSERT INTO stack_probe VALUES (1)")
    broker(stack).set("stack_probe", "1")
    assert broker(stack).waitaof(1, 0, 5000)[0] == 1


def test_a_second_start_is_refused(stack: Stack) -> None:
    refused = stack.command("up")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"TokenOps already runs here (pid {stack.supervisor.pid}) "
        f"at http://127.0.0.1:{stack.port}. Stop it with `make stop`.\n"
    )


def test_status_lists_the_processes(stack: Stack) -> None:
    shown = stack.command("status")
    assert shown.returncode == 0
    for name, row in stack.processes().items():
        assert f"  {name.ljust(8)}  {row['pid']}" in shown.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_process_is_noticed_and_comes_back(stack: Stack, name: str) -> None:
    stack.kill(name)
    assert f"{name} was killed by SIGKILL; starting it again" in stack.said()
    assert wait_for("readiness", stack.is_ready, STOP_SECONDS)
    assert stored(stack) == [(1,)]
    assert broker(stack).get("stack_probe") == b"1"


def test_sigterm_stops_everything_and_nothing_else(stack: Stack) -> None:
    assert stack.stop() == 0
    assert stack.said().endswith("Stopping ...\nStopped.\n")
    assert stack.survivors() == []
    assert stack.command("status").returncode == 3


def test_a_second_start_is_quick_and_keeps_the_data(stack: Stack) -> None:
    assert stack.start() < 40  # 6 s on an idle machine
    assert "database schema" not in stack.said()
    assert stored(stack) == [(1,)]
    assert broker(stack).get("stack_probe") == b"1"


def test_what_a_killed_supervisor_leaves_is_ended(stack: Stack) -> None:
    os.kill(stack.supervisor.pid, signal.SIGKILL)
    stack.supervisor.wait()
    assert stack.survivors() != []
    ended = stack.command("stop")
    assert ended.returncode == 0
    assert ended.stdout.startswith("Ended leftovers: ")
    assert wait_for("the last process", lambda: not stack.survivors(), STOP_SECONDS)
