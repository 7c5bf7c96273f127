"""Mixed work while processes die: nothing lost, nothing twice, rollups equal to records.

    python -m benchmarks.soak [--seconds 600] [--seed 1]
    python -m benchmarks.soak --acts 18 --history 2     # what the tests run

Starts its own PostgreSQL (durable), Valkey, provider simulator, two Celery workers and beat in a
directory of its own. A driver pushes new, repeated and restated records, changes rules, closes and
reopens a month and asks for pulls, while workers are killed with SIGKILL, PostgreSQL is stopped
without a checkpoint and started again, and Valkey is flushed. At the end the work that is left is
done, and everything is compared: every cell with the records, every pushed record with what the
driver sent, and what was pulled with a pull into an empty organization. With `--acts` the chaos
ends after so many acts instead, however long they take, and no result is kept for the docs.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import psutil
import redis
from cryptography.fernet import Fernet

from tokenops.run.bootstrap import APP, DATABASE, OWNER, bootstrap
from tokenops.run.files import socket_directory
from tokenops.run.postgres import DURABLE, SOCKET_NAME, EmbeddedPostgres
from tokenops.run.programs import QUEUES
from tokenops.run.valkey import EmbeddedValkey, free_port

REPOSITORY = Path(__file__).resolve().parents[1]


class Site:
    """The soak's own services and processes, all in one directory."""

    def __init__(self) -> None:
        self.root = root = Path(os.environ["SOAK_ROOT"])
        self.postgres = EmbeddedPostgres(
            data=root / "pg",
            sockets=socket_directory(root / "sockets", longest_name=SOCKET_NAME),
            log=root / "log" / "postgres.log",
            settings={**DURABLE, "shared_buffers": "128MB"},
        )
        self.valkey = EmbeddedValkey(
            directory=root / "valkey",
            log=root / "log" / "valkey.log",
            durable=False,
            port=int(os.environ["SOAK_VALKEY_PORT"]),
            password=os.environ["SOAK_PASSWORD"],
        )
        self.simulator_port = int(os.environ["SOAK_SIMULATOR_PORT"])
        self.now = datetime.now(UTC)
        """The simulator stands still, so that two readers see the same."""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tokenops.settings",
            "DATABASE_URL": self.postgres.url(user=APP, database=DATABASE),
            "DATABASE_OWNER_URL": self.postgres.url(user=OWNER, database=DATABASE),
            "SOAK_DATABASE_URL": self.postgres.url(user=APP, database=DATABASE),
            "CELERY_BROKER_URL": self.valkey.url(),
            "SECRET_KEY": "soak-only-9f2d61c07b",
            "FIELD_KEYS": os.environ["SOAK_FIELD_KEY"],
            "ALLOWED_HOSTS": "*",
            "CONNECTOR_ALLOWED_HOSTS": f"127.0.0.1:{self.simulator_port}",
            "EMAIL_URL": "memorymail://",
            "TOKENOPS_STATE_DIR": str(self.root),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(REPOSITORY),
        }

    def start(self) -> None:
        self.postgres.prepare()
        self.postgres.start_detached()
        bootstrap(self.postgres.superuser_url)
        self.valkey.prepare()
        self.valkey.start_detached()
        owner = self.environment | {"TOKENOPS_DB_ROLE": "owner"}
        for command in (("migrate", "--noinput", "--verbosity", "0"), ("seed_price_book",)):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                env=owner,
                cwd=REPOSITORY,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        self.spawn("simulator")
        for name in ("worker-1", "worker-2", "beat"):
            self.spawn(name)

    def spawn(self, name: str) -> None:
        celery = [sys.executable, "-m", "celery", "--app", "tokenops"]
        commands = {
            "simulator": [
                *(sys.executable, "-m", "tokenops.simulator", "--port", str(self.simulator_port)),
                *("--now", self.now.isoformat(), "--no-faults"),
            ],
            "beat": [*celery, "beat", "--schedule", str(self.root / "beat"), "--loglevel", "ERROR"],
        }
        worker = [*celery, "worker", "--queues", QUEUES, "--pool", "solo", "--hostname", name]
        worker += ["--without-gossip", "--without-mingle", "--loglevel", "ERROR"]
        with (self.root / "log" / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                commands.get(name, worker),
                env=self.environment,
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """SIGKILL a process and start another in its place."""
        self.processes[name].kill()
        self.processes[name].wait()
        self.spawn(name)

    def crash_postgres(self) -> None:
        """Stop without a checkpoint, as a power cut would, and start again."""
        server = self.postgres
        pid = int((server.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        os.kill(pid, signal.SIGQUIT)
        while psutil.pid_exists(pid):
            time.sleep(0.05)
        server.prepare()
        server.start_detached()

    def flush_valkey(self) -> None:
        redis.Redis.from_url(self.valkey.url()).flushall()

    def end_processes(self, *names: str) -> None:
        for name in names or list(self.processes):
            process = self.processes.pop(name)
            process.kill()
            process.wait()

    def stop(self) -> None:
        self.end_processes()
        self.postgres.stop_detached()
        self.valkey.shut_down()


def again() -> NoReturn:
    """Start this program over with the addresses of the soak's services in the environment: the
    settings are read when the package is imported."""
    root = Path(tempfile.mkdtemp(prefix="soak-"))
    os.environ.update(
        SOAK_ROOT=str(root),
        SOAK_VALKEY_PORT=str(free_port()),
        SOAK_PASSWORD=secrets.token_urlsafe(24),
        SOAK_SIMULATOR_PORT=str(free_port()),
        SOAK_FIELD_KEY=Fernet.generate_key().decode("ascii"),
    )
    (root / "log").mkdir()
    os.environ.update(Site().environment)
    os.execv(sys.executable, [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]])  # noqa: S606 - this program


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--acts", type=int, help="end the chaos after so many acts instead")
    parser.add_argument("--history", type=int, default=12, help="days that are pulled")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the directory")
    args = parser.parse_args()
    if "SOAK_ROOT" not in os.environ:
        again()
    site = Site()
    try:
        site.start()
        from benchmarks.soak_driver import Driver

        driver = Driver(site, args.seed, args.history)
        return driver.run(args.seconds, args.acts)
    finally:
        site.stop()
        if args.keep:
            print(f"kept {site.root}")
        else:
            shutil.rmtree(site.root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
