"""How gunicorn serves the site: `gunicorn --config python:tokenops.gunicorn`."""

import os
import shutil
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from tokenops import logs, memory

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 15
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True
loglevel = "warning"
logconfig_dict = logs.standard(
    os.environ.get("LOG_FORMAT") or "json", **{"gunicorn.error": "WARNING"}
)


def on_starting(_server: Any) -> None:
    """Start with an empty directory of figures: each process writes its own file there."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
        Path(directory).mkdir(parents=True, mode=0o700)


def post_worker_init(_worker: Any) -> None:
    """The site is loaded: see `tokenops.memory`."""
    memory.settle()


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended; what it counted stays counted."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)
