"""Signs of life of worker and beat: a file each process touches every few seconds.

A file works the same under the supervisor and in a container, and costs a health check no broker
round trip. The worker beats only while it consumes from its broker.
"""

import os
import time
from pathlib import Path

DEFAULT_STATE = Path(__file__).resolve().parents[2] / "var"


def heartbeat_file(name: str) -> Path:
    state = Path(os.environ.get("TOKENOPS_STATE_DIR", DEFAULT_STATE))
    return state / "run" / f"{name}.heartbeat"


def beat(name: str) -> None:
    """Record that `name` lives now."""
    path = heartbeat_file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def seconds_since(name: str) -> float | None:
    """Age of the last sign of life in seconds; None if there never was one."""
    try:
        return max(0.0, time.time() - heartbeat_file(name).stat().st_mtime)
    except FileNotFoundError:
        return None


def forget(name: str) -> None:
    """Drop the sign of life of an earlier run."""
    heartbeat_file(name).unlink(missing_ok=True)
