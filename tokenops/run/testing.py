"""The tests' own PostgreSQL and Valkey: fast, disposable, left running between runs.

Each test process of a parallel run has servers of its own: what the trail and the webhooks may
read depends on the oldest transaction of the whole PostgreSQL server, so two runs on one server
would hold each other back. A file lock lets one of several askers start what is missing. Data
lives in `var/test`; deleting that directory (after stopping the servers) starts afresh.
"""

import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenops.run.bootstrap import APP, DATABASE, OWNER, bootstrap
from tokenops.run.files import exclusive, socket_directory, write_atomically
from tokenops.run.postgres import DISPOSABLE, SOCKET_NAME, EmbeddedPostgres, PostgresFailed
from tokenops.run.valkey import EmbeddedValkey, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 30


@dataclass(frozen=True)
class Services:
    """Addresses of the tests' servers."""

    pg_socket_dir: str
    owner_url: str
    app_url: str
    superuser_url: str
    valkey_url: str


def ensure_services() -> Services:
    """Start or join this process's servers and return their addresses; 20 ms when they run."""
    root = _root() / os.environ.get("PYTEST_XDIST_WORKER", "main")
    root.mkdir(parents=True, exist_ok=True)
    with exclusive(root / "lock"):
        postgres = _ensure_postgres(root)
        valkey = _ensure_valkey(root)
    return Services(
        pg_socket_dir=str(postgres.sockets),
        owner_url=postgres.url(user=OWNER, database=DATABASE),
        app_url=postgres.url(user=APP, database=DATABASE),
        superuser_url=postgres.superuser_url,
        valkey_url=valkey.url(),
    )


def _root() -> Path:
    root = Path(os.environ.get("TOKENOPS_TEST_DIR") or REPOSITORY / "var" / "test").resolve()
    root.mkdir(parents=True, exist_ok=True)
    return root


def _postgres(root: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(
        data=root / "pg",
        sockets=socket_directory(root / "sockets", longest_name=SOCKET_NAME),
        log=root / "log" / "postgres.log",
        settings=DISPOSABLE,
    )


def _ensure_postgres(root: Path) -> EmbeddedPostgres:
    postgres = _postgres(root)
    ready = root / "pg.bootstrapped"
    if not postgres.answers():
        ready.unlink(missing_ok=True)
        _start_patiently(postgres)
    if not ready.exists():
        bootstrap(postgres.superuser_url)
        ready.touch()
    return postgres


def _start_patiently(postgres: EmbeddedPostgres) -> None:
    """Start; a killed server's last backends may hold its memory for a moment."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            postgres.prepare()
            postgres.start_detached()
        except PostgresFailed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _ensure_valkey(root: Path) -> EmbeddedValkey:
    saved = _saved_valkey(root)
    if saved is not None and saved.answers():
        return saved
    access = {"port": free_port(), "password": secrets.token_urlsafe(24)}
    valkey = _valkey(root, access)
    valkey.prepare()
    valkey.start_detached()
    write_atomically(valkey.directory / "server.json", json.dumps(access))
    return valkey


def _saved_valkey(root: Path) -> EmbeddedValkey | None:
    try:
        text = (root / "valkey" / "server.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return _valkey(root, json.loads(text))


def _valkey(root: Path, access: dict[str, Any]) -> EmbeddedValkey:
    log = root / "log" / "valkey.log"
    return EmbeddedValkey(directory=root / "valkey", log=log, durable=False, **access)


def stop_services() -> None:
    """Stop the servers of every test process, where they run."""
    for data in sorted(_root().glob("*/pg")):
        root = data.parent
        with exclusive(root / "lock"):
            _postgres(root).stop_detached()
            valkey = _saved_valkey(root)
            if valkey is not None:
                valkey.shut_down()


if __name__ == "__main__":
    if sys.argv[1:] != ["stop"]:
        sys.exit("usage: python -m tokenops.run.testing stop")
    stop_services()
