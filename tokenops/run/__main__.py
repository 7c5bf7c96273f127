"""`python -m tokenops.run up|demo|stop|status|bootstrap|release|healthy`."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from tokenops.run.bootstrap import DATABASE, BootstrapRefused, Passwords, bootstrap
from tokenops.run.config import REPOSITORY, Options, State
from tokenops.run.console import Console
from tokenops.run.errors import RunError
from tokenops.run.lock import ChildRecord, InstanceLock
from tokenops.run.postgres import PostgresFailed
from tokenops.run.programs import is_recent
from tokenops.run.supervisor import Supervisor
from tokenops.run.valkey import ValkeyFailed

STOP_SECONDS = 120.0
RELEASE_COMMANDS = (("migrate", "--noinput"), ("seed_price_book",))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, or 1 with one message on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (RunError, PostgresFailed, ValkeyFailed, BootstrapRefused) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def up(options: argparse.Namespace) -> int:
    """Start everything and stay until Ctrl-C."""
    supervisor = Supervisor(State.from_environment(), Console())
    supervisor.run(Options.from_environment(demo=options.demo, port=options.port))
    return 0


def stop(_options: argparse.Namespace) -> int:
    """Stop what runs on this state directory, and what a killed supervisor left."""
    state, console = State.from_environment(), Console()
    lock = InstanceLock(state.lock)
    if lock.is_held():
        pid = int(lock.holder().get("pid", 0))
        if pid <= 0:
            raise RunError(f"{state.lock} is held, but does not say by whom.")
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while lock.is_held():
            if time.monotonic() > deadline:
                raise RunError(f"pid {pid} did not stop within {STOP_SECONDS:.0f} s.")
            time.sleep(0.1)
        console.say("Stopped.")
        return 0
    ended = ChildRecord(state.children).end_leftovers()
    console.say(f"Ended leftovers: {', '.join(ended)}." if ended else "Nothing runs here.")
    return 0


def status(_options: argparse.Namespace) -> int:
    """Print the processes; exit status 3 when nothing runs."""
    state, console = State.from_environment(), Console()
    lock = InstanceLock(state.lock)
    if not lock.is_held():
        left = ChildRecord(state.children).living()
        console.say("Not running." if not left else "Not running, but it left processes behind.")
        return 3
    holder = lock.holder()
    console.say(
        f"Running (pid {holder.get('pid')}) at {holder.get('address', 'an unknown address')}"
    )
    rows = json.loads(state.status.read_text(encoding="utf-8")) if state.status.exists() else []
    lines = [(row["name"], str(row["pid"] or "starting"), str(row["restarts"])) for row in rows]
    console.table(("process", "pid", "restarts"), lines)
    return 0


def bootstrap_external(options: argparse.Namespace) -> int:
    """Create roles and database on a server of your own.

    Passwords and the database's name are those of DATABASE_URL and DATABASE_OWNER_URL.
    """
    url = options.superuser_url or _from_environment("SUPERUSER_URL")
    if not url:
        raise RunError("Give --superuser-url, or set SUPERUSER_URL (or SUPERUSER_URL_FILE).")
    app, owner = (
        urlsplit(_from_environment("DATABASE_URL")),
        urlsplit(_from_environment("DATABASE_OWNER_URL")),
    )
    database = unquote((app.path or owner.path).lstrip("/")) or DATABASE
    passwords = Passwords(owner=unquote(owner.password or ""), app=unquote(app.password or ""))
    try:
        bootstrap(url, database=database, passwords=passwords)
    except psycopg.Error as error:
        raise RunError(f"PostgreSQL refused: {error}".strip()) from error
    Console().say(f"Roles and database {database} are ready.")
    return 0


def release(options: argparse.Namespace) -> int:
    """Before a new version serves: roles (with a superuser's address), schema and price book."""
    if options.superuser_url or _from_environment("SUPERUSER_URL"):
        bootstrap_external(options)
    environment = os.environ | {"TOKENOPS_DB_ROLE": "owner"}
    for arguments in RELEASE_COMMANDS:
        finished = subprocess.run(  # noqa: S603 - our own manage.py
            [sys.executable, str(REPOSITORY / "manage.py"), *arguments],
            env=environment, cwd=REPOSITORY, check=False,
        )  # fmt: skip
        if finished.returncode != 0:
            raise RunError(f"manage.py {arguments[0]} failed.")
    return 0


def healthy(options: argparse.Namespace) -> int:
    """Exit status 0 when worker or beat gave a sign of life in the last seconds (containers)."""
    return 0 if is_recent(options.name) else 1


def _from_environment(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text(encoding="utf-8").strip() if path else os.environ.get(name, "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tokenops.run", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, demo in (("up", False), ("demo", True)):
        text = "with the demonstration organization" if demo else "on an empty database at first"
        command = commands.add_parser(name, help=f"start everything, {text}")
        command.add_argument("--port", type=int, help="web port (default 8000, or TOKENOPS_PORT)")
        command.set_defaults(command=up, demo=demo)
    commands.add_parser("stop", help="stop what runs here").set_defaults(command=stop)
    commands.add_parser("status", help="list the processes").set_defaults(command=status)
    for name, function, text in (
        ("bootstrap", bootstrap_external, "create roles and database on an external PostgreSQL"),
        ("release", release, "bootstrap (with a superuser), migrate as the owner, price book"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--superuser-url", default="", help="default: SUPERUSER_URL[_FILE]")
        command.set_defaults(command=function)
    command = commands.add_parser("healthy", help="probe for containers")
    command.add_argument("name", choices=("worker", "beat"))
    command.set_defaults(command=healthy)
    return parser


if __name__ == "__main__":
    sys.exit(main())
