import os
import time
from pathlib import Path

import pytest

from tokenops.run import heartbeat, programs


def test_a_sign_of_life_ages_and_can_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENOPS_STATE_DIR", str(tmp_path))
    assert heartbeat.seconds_since("worker") is None
    assert not programs.is_recent("worker")
    heartbeat.beat("worker")
    assert programs.is_recent("worker")
    old = time.time() - 60
    os.utime(heartbeat.heartbeat_file("worker"), (old, old))
    assert not programs.is_recent("worker")
    assert heartbeat.seconds_since("worker") == pytest.approx(60, abs=5)
    heartbeat.forget("worker")
    assert heartbeat.seconds_since("worker") is None
