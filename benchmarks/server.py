"""The benchmarks' own PostgreSQL: durable settings, kept apart from the tests' and from any site's.

python -m benchmarks.server stop
"""

import sys
from pathlib import Path

from tokenops.run.bootstrap import DATABASE, OWNER, bootstrap
from tokenops.run.files import exclusive, socket_directory
from tokenops.run.postgres import DURABLE, SOCKET_NAME, EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[1] / "var" / "benchmarks"
SETTINGS = {
    **DURABLE,
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "max_wal_size": "12GB",
    "maintenance_work_mem": "512MB",
}


def postgres() -> EmbeddedPostgres:
    ROOT.mkdir(parents=True, exist_ok=True)
    return EmbeddedPostgres(
        data=ROOT / "pg",
        sockets=socket_directory(ROOT / "sockets", longest_name=SOCKET_NAME),
        log=ROOT / "log" / "postgres.log",
        settings=SETTINGS,
    )


def owner_url() -> str:
    return postgres().url(user=OWNER, database=DATABASE)


def ensure() -> None:
    """Start or join the server."""
    with exclusive(ROOT / "lock"):
        server = postgres()
        if not server.answers():
            server.prepare()
            server.start_detached()
            bootstrap(server.superuser_url)


if __name__ == "__main__":
    if sys.argv[1:] != ["stop"]:
        sys.exit("usage: python -m benchmarks.server stop")
    postgres().stop_detached()
