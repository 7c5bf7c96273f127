from pathlib import Path

import pytest

from tokenops.run import logs


def test_rotation_keeps_three_earlier_logs(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for start in range(6):
        logs.rotate(log)
        log.write_text(f"start {start}")
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {
        "web.log": "start 5",
        "web.log.1": "start 4",
        "web.log.2": "start 3",
        "web.log.3": "start 2",
    }


def test_rotation_ignores_missing_and_empty_logs(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    logs.rotate(log)
    log.touch()
    logs.rotate(log)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


def test_a_large_log_is_cut_under_its_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LIMIT_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("a") as writer:
        writer.write("twelve bytes")
        writer.flush()
        logs.cut_if_large(log)
        writer.write("more")
    assert log.read_text() == "more"
    assert (tmp_path / "web.log.1").read_text() == "twelve bytes"


def test_tail_gives_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    assert logs.tail(log) == ""
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    assert logs.tail(log, lines=2) == "line 98\nline 99"
