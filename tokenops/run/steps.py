"""What must happen before the processes start; each step is skipped while its inputs are the same.

A step may be interrupted at any point: it is marked done only after it succeeded, and each can be
repeated.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from tokenops.run.bootstrap import bootstrap
from tokenops.run.config import REPOSITORY, Site
from tokenops.run.console import Console
from tokenops.run.errors import RunError, StopRequested
from tokenops.run.files import write_atomically
from tokenops.run.lock import end_group
from tokenops.run.logs import rotate, tail

POLL_SECONDS = 0.1
LONG_SECONDS = 5.0


@dataclass(frozen=True)
class Step:
    """A command of `manage.py` with what its result depends on."""

    key: str
    label: str
    arguments: tuple[str, ...]
    fingerprint: str
    as_owner: bool = False


def bootstrap_database(site: Site) -> None:
    """Roles and database of the embedded server; a tenth of a second when they are right."""
    if site.postgres is not None:
        bootstrap(site.postgres.superuser_url)


def schema_steps(site: Site) -> list[Step]:
    """Migrations, price book and static files."""
    where = _database_identity(site)
    code = installed_packages()
    migrations = digest_files(REPOSITORY.glob("apps/**/migrations/*.py"))
    static = digest_files([*_tree(REPOSITORY / "static"), *REPOSITORY.glob("apps/**/static/**/*")])
    return [
        Step(
            key="migrate", label="database schema", as_owner=True,
            arguments=("migrate", "--noinput", "--verbosity", "0"),
            fingerprint=_join(where, code, migrations),
        ),
        Step(
            key="prices", label="price book", as_owner=True,
            arguments=("seed_price_book",),
            fingerprint=_join(where, code, digest_files(REPOSITORY.glob("apps/pricing/**/*.py"))),
        ),
        Step(
            key="static", label="static files",
            arguments=("collectstatic", "--noinput", "--clear", "--verbosity", "0"),
            fingerprint=_join(code, static, str((site.state.root / "static").exists())),
        ),
    ]  # fmt: skip


def demo_steps(site: Site) -> list[Step]:
    """The demonstration organization."""
    simulator = site.environment.get("TOKENOPS_SIMULATOR_URL", "")
    return [
        Step(
            key="demo", label="demonstration organization",
            arguments=("seed_demo",),
            fingerprint=_join(_database_identity(site), simulator, str(site.state.logins.exists())),
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class Watcher:
    """What the supervisor wants to be asked and told while a step runs."""

    stopping: Callable[[], bool] = lambda: False
    running: Callable[[int | None], None] = lambda _pid: None


def run_steps(site: Site, steps: Iterable[Step], console: Console, watcher: Watcher) -> None:
    """Run the steps whose inputs changed, one line each.

    Raises RunError with the end of the output when one fails, StopRequested on Ctrl-C.
    """
    done = _load(site.state.steps)
    for step in steps:
        if done.get(step.key) == step.fingerprint:
            continue
        started = time.monotonic()
        _run(site, step, console, watcher)
        console.say(f"  {step.label}: done in {time.monotonic() - started:.1f} s")
        done[step.key] = current_fingerprint(site, step)
        write_atomically(site.state.steps, json.dumps(done, indent=1))


def current_fingerprint(site: Site, step: Step) -> str:
    """The fingerprint after the step: some depend on what it made."""
    again = [*schema_steps(site), *demo_steps(site)]
    return next(found.fingerprint for found in again if found.key == step.key)


def digest_files(paths: Iterable[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file():
            total.update(str(path.relative_to(REPOSITORY)).encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def installed_packages() -> str:
    """One hash over the installed distributions."""
    names = sorted(f"{found.name}=={found.version}" for found in distributions())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _run(site: Site, step: Step, console: Console, watcher: Watcher) -> None:
    log = site.state.log(f"step-{step.key}")
    rotate(log)
    environment = site.owner_environment if step.as_owner else site.environment
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own manage.py
            [sys.executable, str(REPOSITORY / "manage.py"), *step.arguments],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
            env=environment, cwd=REPOSITORY, start_new_session=True,
        )  # fmt: skip
        watcher.running(process.pid)
        patience = time.monotonic() + LONG_SECONDS
        while process.poll() is None:
            if time.monotonic() > patience:
                patience = float("inf")
                console.say(f"  {step.label}: working ...")
            if watcher.stopping():
                os.killpg(process.pid, signal.SIGTERM)
                _wait_or_kill(process)
                raise StopRequested
            time.sleep(POLL_SECONDS)
    watcher.running(None)
    if process.returncode != 0:
        message = f"{step.label} failed. The end of {log}:\n{tail(log)}"
        raise RunError(message)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        end_group(process.pid)
        process.wait()


def _database_identity(site: Site) -> str:
    """Changes when the embedded cluster is another one; an external database is never assumed."""
    if site.postgres is None:
        return f"external {time.time_ns()}"
    version = site.postgres.data / "PG_VERSION"
    return str(version.stat().st_mtime_ns) if version.exists() else "none"


def _tree(root: Path) -> list[Path]:
    return list(root.rglob("*")) if root.exists() else []


def _join(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _load(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
