"""Log files of the supervised processes: rotated at every start and cut when they grow."""

import os
import shutil
from pathlib import Path

KEPT = 3
LIMIT_BYTES = 64 * 1024 * 1024
TAIL_BYTES = 8192


def rotate(log: Path) -> None:
    """Move `log` to `.1`, `.1` to `.2` and so on; the oldest goes."""
    if not log.exists() or log.stat().st_size == 0:
        return
    for number in range(KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))


def cut_if_large(log: Path) -> None:
    """Keep a running process's log below the limit: its content moves to `.1`, the file is emptied.

    Writers open it for appending, so they go on at the new end.
    """
    if log.exists() and log.stat().st_size > LIMIT_BYTES:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def tail(log: Path, *, lines: int = 15) -> str:
    """The last lines of a log, for a message about a process that did not start."""
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - TAIL_BYTES))
        text = stream.read().decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])
