import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tokenops.run.errors import RunError
from tokenops.run.lock import ChildRecord, InstanceLock

HOLDER = """
import sys, time
from pathlib import Path
from tokenops.run.lock import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
lock.acquire()
lock.describe(pid=4242, address="http://127.0.0.1:8000")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "supervisor.lock"


@pytest.fixture
def other_holder(lock_file: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock_file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_start_is_told_who_holds_the_lock(lock_file: Path, other_holder) -> None:
    lock = InstanceLock(lock_file)
    assert lock.is_held()
    with pytest.raises(RunError) as refused:
        lock.acquire()
    assert str(refused.value) == (
        "TokenOps already runs here (pid 4242) at http://127.0.0.1:8000. Stop it with `make stop`."
    )


def test_a_killed_holder_leaves_a_stale_lock_that_is_taken_over(
    lock_file: Path, other_holder
) -> None:
    other_holder.kill()
    other_holder.wait()
    lock = InstanceLock(lock_file)
    assert not lock.is_held()
    assert lock.acquire() is True
    assert lock.holder() == {"pid": os.getpid()}
    lock.release()


def test_a_released_lock_is_not_stale(lock_file: Path) -> None:
    first = InstanceLock(lock_file)
    assert first.acquire() is False
    first.release()
    second = InstanceLock(lock_file)
    assert second.acquire() is False
    second.release()
    assert not second.is_held()


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_leftovers_are_ended(tmp_path: Path, sleeper) -> None:
    record = ChildRecord(tmp_path / "children.json")
    record.write([sleeper.pid])
    assert [process.pid for process in record.living()] == [sleeper.pid]
    assert record.end_leftovers() == [psutil.Process(sleeper.pid).name()]
    assert sleeper.wait(5) == -signal.SIGTERM
    assert record.living() == []


def test_a_reused_pid_is_left_alone(tmp_path: Path, sleeper) -> None:
    record = ChildRecord(tmp_path / "children.json")
    born = psutil.Process(sleeper.pid).create_time()
    record.path.write_text(f"[[{sleeper.pid}, {born - 100}]]")
    assert record.end_leftovers() == []
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "not json", "[]"])
def test_a_damaged_record_counts_as_empty(tmp_path: Path, content: str) -> None:
    record = ChildRecord(tmp_path / "children.json")
    record.path.write_text(content)
    assert record.living() == []
