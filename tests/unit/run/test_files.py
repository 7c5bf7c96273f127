import multiprocessing
import stat
import time
from pathlib import Path

import pytest

from tokenops.run import files


def test_atomic_write_replaces_content_and_closes_the_file_to_others(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "keys.json"
    files.write_atomically(target, "old")
    files.write_atomically(target, "new")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["keys.json"]


def test_socket_directory_falls_back_when_the_path_is_too_long(tmp_path: Path) -> None:
    short = files.socket_directory(tmp_path / "s", longest_name="x")
    assert short == tmp_path / "s"
    deep = tmp_path / ("d" * 120)
    fallback = files.socket_directory(deep, longest_name=".s.PGSQL.5432.lock")
    assert len(str(fallback / ".s.PGSQL.5432.lock")) <= files.UNIX_SOCKET_LIMIT
    assert fallback == files.socket_directory(deep, longest_name=".s.PGSQL.5432.lock")


def _hold(path: Path, seconds: float) -> None:
    with files.exclusive(path):
        path.with_suffix(".held").touch()
        time.sleep(seconds)


def test_exclusive_waits_for_the_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder = multiprocessing.get_context("fork").Process(target=_hold, args=(lock, 0.5))
    holder.start()
    deadline = time.monotonic() + 10
    while not lock.with_suffix(".held").exists():
        if time.monotonic() > deadline:
            pytest.fail("the other process never took the lock")
    began = time.monotonic()
    with files.exclusive(lock):
        waited = time.monotonic() - began
    holder.join()
    assert waited > 0.2
