"""A short soak: workers killed, PostgreSQL crashed, Valkey flushed; at the end all agrees.

The same driver as `python -m benchmarks.soak`, with a fixed seed and so many acts that a slow
machine does the same as a fast one, only later.
"""

import subprocess
import sys

import pytest

from tokenops.run.config import REPOSITORY

from .conftest import inherited

pytestmark = pytest.mark.stack
COMMAND = "-m benchmarks.soak --acts 18 --history 2 --seed 5"
PATIENCE = 900.0


def test_nothing_is_lost_and_nothing_counts_twice() -> None:
    done = subprocess.run(
        [sys.executable, *COMMAND.split()],
        cwd=REPOSITORY, env=inherited(), capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert "Everything agreed at the end." in done.stdout
