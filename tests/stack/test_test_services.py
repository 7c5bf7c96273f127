"""The tests' own servers survive being killed."""

import os
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from tokenops.run import testing

from .conftest import wait_for


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKENOPS_TEST_DIR", str(tmp_path / "test"))
    yield tmp_path / "test"
    testing.stop_services()


def is_up(url: str) -> bool:
    try:
        return redis.from_url(url).ping()
    except redis.ConnectionError:
        return False


def test_killed_servers_come_back_with_their_data(apart: Path) -> None:
    first = testing.ensure_services()
    with psycopg.connect(first.owner_url) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE probe (n int)")
    (pidfile,) = apart.glob("*/pg/postmaster.pid")
    postmaster = int(pidfile.read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
    os.kill(redis.from_url(first.valkey_url).info("server")["process_id"], signal.SIGKILL)
    wait_for("valkey's end", lambda: not is_up(first.valkey_url), 10)
    second = testing.ensure_services()
    assert second.owner_url == first.owner_url
    assert second.valkey_url != first.valkey_url
    assert is_up(second.valkey_url)
    with psycopg.connect(second.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM probe").fetchone() == (0,)


def test_joining_is_the_same_server(apart: Path) -> None:
    assert testing.ensure_services() == testing.ensure_services()
