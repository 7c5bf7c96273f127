"""The processes TokenOps consists of, as the supervisor runs them."""

import os
import signal
import sys
import urllib.request
from pathlib import Path

from tokenops.run.config import REPOSITORY, Site
from tokenops.run.heartbeat import forget, seconds_since
from tokenops.run.process import Program

QUEUES = "default,ledger,connectors,notifications"
STALE_SECONDS = 15.0
PROBE_SECONDS = 3.0
WORKER_PROCESSES = "2"


def services(site: Site) -> list[Program]:
    """The embedded database and broker; none for those the environment names."""
    programs = []
    if site.postgres is not None:
        programs.append(_postgres(site))
    if site.valkey is not None:
        programs.append(_valkey(site))
    return programs


def simulator(site: Site) -> Program:
    """The provider simulator the demonstration's connectors pull from."""
    port = site.simulator_port
    return Program(
        name="simulator",
        argv=(sys.executable, "-m", "tokenops.simulator", "--port", str(port)),
        ready=lambda: answers(f"http://127.0.0.1:{port}/healthz"),
        log=site.state.log("simulator"),
        environment=site.environment,
        directory=REPOSITORY,
    )


def application(site: Site) -> list[Program]:
    """Web, worker and beat."""
    return [_web(site), _worker(site), _beat(site)]


def answers(url: str) -> bool:
    """Whether `url` answers with a success now. Loopback addresses of our own processes only."""
    request = urllib.request.Request(url, headers={"Accept": "text/plain"})  # noqa: S310 - http only
    try:
        with _direct().open(request, timeout=PROBE_SECONDS) as answer:
            return bool(answer.status < 300)
    except (OSError, ValueError):
        return False


def _direct() -> urllib.request.OpenerDirector:
    """An opener that uses no proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _postgres(site: Site) -> Program:
    server = site.postgres
    if server is None:
        raise ValueError("PostgreSQL is external")
    return Program(
        name="postgres",
        argv=tuple(server.argv()),
        ready=server.answers,
        log=server.log,
        environment=_plain_environment(),
        directory=Path("/"),
        prepare=server.prepare,
        identity=server.identity,
        stop_signal=signal.SIGINT,
        kill_signal=signal.SIGQUIT,
        grace=60.0,
        service=True,
        groups=False,
    )


def _valkey(site: Site) -> Program:
    server = site.valkey
    if server is None:
        raise ValueError("Valkey is external")
    return Program(
        name="valkey",
        argv=tuple(server.argv()),
        ready=server.answers,
        log=server.log,
        environment=_plain_environment(),
        directory=Path("/"),
        prepare=server.prepare,
        service=True,
    )


def _web(site: Site) -> Program:
    host = f"[{site.options.host}]" if ":" in site.options.host else site.options.host
    probe_host = "127.0.0.1" if site.options.host == "0.0.0.0" else host  # noqa: S104 - compared
    base = f"http://{probe_host}:{site.port}"
    return Program(
        name="web",
        argv=(
            sys.executable, "-m", "gunicorn",
            "--config", "python:tokenops.gunicorn",
            "--bind", f"{host}:{site.port}",
            "tokenops.wsgi:application",
        ),
        ready=lambda: answers(f"{base}/readyz"),
        alive=lambda: answers(f"{base}/healthz"),
        log=site.state.log("web"),
        environment=site.environment
        | {"PROMETHEUS_MULTIPROC_DIR": str(site.state.run / "metrics")},
        directory=REPOSITORY,
    )  # fmt: skip


def _worker(site: Site) -> Program:
    return Program(
        name="worker",
        argv=(
            sys.executable, "-m", "celery", "--app", "tokenops", "worker",
            "--queues", QUEUES,
            "--concurrency", site.environment.get("WORKER_CONCURRENCY") or WORKER_PROCESSES,
            "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        ),
        ready=lambda: is_recent("worker"),
        log=site.state.log("worker"),
        environment=site.environment,
        directory=REPOSITORY,
        prepare=lambda: forget("worker"),
    )  # fmt: skip


def _beat(site: Site) -> Program:
    return Program(
        name="beat",
        argv=(
            sys.executable, "-m", "celery", "--app", "tokenops", "beat",
            "--scheduler", "tokenops.celery.Scheduler",
            "--schedule", str(site.state.run / "beat-schedule"),
            "--pidfile", "", "--loglevel", "INFO",
        ),
        ready=lambda: is_recent("beat"),
        log=site.state.log("beat"),
        environment=site.environment,
        directory=REPOSITORY,
        prepare=lambda: forget("beat"),
    )  # fmt: skip


def is_recent(name: str) -> bool:
    """Whether worker or beat gave a sign of life lately."""
    age = seconds_since(name)
    return age is not None and age < STALE_SECONDS


def _plain_environment() -> dict[str, str]:
    """For the servers: none of the application's secrets."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ}
