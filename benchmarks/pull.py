"""How long it takes to read a company's history from both providers, over HTTP, into the ledger.

    python -m benchmarks.pull [--days 120]

The simulator runs as a process of its own with its scheduled 429 and 500 answers. Attribution,
prices, deduplication, rollups and row level security are on; every rollup cell is verified at the
end, and a second pull must write nothing.
"""

import argparse
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import httpx
from django.conf import settings

from apps.access.actors import system_actor
from apps.common import clock
from apps.connectors import services
from apps.connectors.models import PullRun
from apps.ledger.models import UsageRecord
from apps.ledger.selectors.verify import verify_rollups
from apps.tenancy.scope import tenant_scope
from benchmarks import report, world
from tests.factories.organizations import make_organization
from tokenops.run.valkey import free_port
from tokenops.simulator.server import ANTHROPIC_KEY, OPENAI_KEY

ROOT = Path(__file__).resolve().parent.parent
KEYS = {"openai": OPENAI_KEY, "anthropic": ANTHROPIC_KEY}


def start_simulator(port: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "tokenops.simulator", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        except httpx.ConnectError:
            time.sleep(0.1)
        else:
            return process
    process.terminate()
    raise RuntimeError("the simulator did not start")


def connect(organization_id, url: str, days: int) -> list:
    first = clock.today() - timedelta(days=days)
    with tenant_scope(organization_id):
        return [
            services.create_source(
                actor=system_actor("benchmark"),
                name=kind,
                kind=kind,
                base_url=url,
                credential=key,
                history_from=first,
            )
            for kind, key in KEYS.items()
        ]


def read_all(organization_id, sources) -> float:
    began = time.perf_counter()
    for source in sources:
        outcomes = services.pull_until_current(organization_id=organization_id, source_id=source.id)
        assert all(outcome.status == "succeeded" for outcome in outcomes), outcomes
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=120)
    days = parser.parse_args().days
    port = free_port()
    settings.CONNECTOR_ALLOWED_HOSTS = [f"127.0.0.1:{port}"]
    simulator = start_simulator(port)
    try:
        with world.database("bench_pull"):
            organization = make_organization("merrowdale", "Merrowdale Mutual")
            sources = connect(organization.id, f"http://127.0.0.1:{port}", days)
            first = read_all(organization.id, sources)
            with tenant_scope(organization.id):
                records = UsageRecord.objects.count()
                runs = PullRun.objects.count()
                bad = verify_rollups()
            again = read_all(organization.id, sources)
            with tenant_scope(organization.id):
                written = sum(
                    run.rows_new + run.rows_changed
                    for run in PullRun.objects.order_by("-id")[: len(sources)]
                )
    finally:
        simulator.terminate()
        simulator.wait()
    report.save(
        "pull",
        title="A history read from two providers over HTTP",
        notes=[
            f"{days} days of the simulator, which answers 429 and 500 now and then; attribution, "
            "prices, deduplication, rollups and row level security are on.",
            f"{bad.cells:,} cells compared with a recomputation: "
            f"{'all equal' if bad.ok else 'they differ'}. The second pull wrote {written:,} "
            "records (target 0).",
        ],
        head=("What", "Records", "Runs", "Seconds", "Records per second"),
        rows=[
            ("First pull", records, runs, first, records / first),
            ("Second pull, nothing new", written, len(sources), again, None),
        ],
        figures={"records_per_s": records / first},
        passed=bad.ok and not written,
    )


if __name__ == "__main__":
    main()
