import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from tokenops.run.process import Child, Program, delay_after, describe_end

PARENT_WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def program(tmp_path: Path, code: str, **changes) -> Program:
    settings = {
        "name": "sample",
        "argv": (sys.executable, "-c", code),
        "ready": lambda: True,
        "log": tmp_path / "sample.log",
        "environment": {},
        "directory": tmp_path,
        "grace": 5.0,
    }
    return Program(**(settings | changes))


def wait_for(condition, seconds: float = 10.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail("gave up waiting")
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.0), (1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (50, 30.0)]
)
def test_back_off_doubles_up_to_half_a_minute(failures: int, seconds: float) -> None:
    assert delay_after(failures) == seconds


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited with status 0"),
        (3, "exited with status 3"),
        (-9, "was killed by SIGKILL"),
        (-200, "was killed by signal 200"),
    ],
)
def test_an_end_is_told_in_words(status: int, words: str) -> None:
    assert describe_end(status) == words


def test_a_dead_process_is_noticed_its_family_ended_and_its_restart_delayed(
    tmp_path: Path,
) -> None:
    child = Child(program(tmp_path, PARENT_WITH_CHILD))
    child.start()
    grandchild = psutil.Process(int(wait_for(lambda: child.program.log.read_text().strip())))
    psutil.Process(child.pid).kill()
    assert wait_for(child.ended) == -signal.SIGKILL
    child.clear()
    assert wait_for(
        lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE
    )
    assert child.pid is None
    assert child.restarts == 1
    assert 0 < child.wait_until - time.monotonic() <= 0.5


def test_stop_is_polite_when_the_process_listens(tmp_path: Path) -> None:
    child = Child(program(tmp_path, "import time; print('up', flush=True); time.sleep(60)"))
    child.start()
    wait_for(child.program.log.read_text)
    assert child.stop() is True
    assert child.stop() is True


def test_stop_kills_a_process_that_ignores_it(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); time.sleep(60)"
    )
    child = Child(program(tmp_path, code, grace=0.3))
    child.start()
    wait_for(child.program.log.read_text)
    assert child.stop() is False
    assert child.pid is None


def test_logs_are_private(tmp_path: Path) -> None:
    child = Child(program(tmp_path, "print('secret')"))
    child.start()
    wait_for(lambda: child.ended() is not None)
    assert child.program.log.stat().st_mode & 0o077 == 0
