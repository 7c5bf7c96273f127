"""Pages of runs with the runs of ten million calls, row level security on.

    python -m benchmarks.runs [--runs 1000000] [--days 90] [--times 20]

Runs and their days are written by SQL as the pipeline would leave them (its exactness is tested
elsewhere); one capability has a third of all, as in life. Each page is asked for through Django's
whole stack, in turns: milliseconds of wall time at the median and at p95, and of CPU in the mean,
of the process and of its database connection (what a quiet machine needs).
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.test import Client

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.accounts.models import User
from apps.common import clock
from apps.ledger.models import RUN_SUMS, RollupRun, UsageRun
from apps.ledger.services import state
from apps.organizations.models import Organization
from apps.organizations.services import add_member
from apps.portfolio.models import Capability
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import org_url
from benchmarks import world
from benchmarks.meter import p50, p95

RUNS = """
INSERT INTO usage_run (organization_id, run_key, source_id, run_id, unit_id, capability_id,
  agent_id, workflow_id, tokens, day, started_at, ended_at, outcome, calls, requests, input_tokens,
  cached_tokens, output_tokens, cost_nanos, retries, failed_calls, tool_calls, parted_calls,
  parted_input, system_prompt, retrieved_context, user_text)
SELECT %(org)s, n, %(org)s, 'run-' || n, (%(units)s::uuid[])[1 + c],
  (%(capabilities)s::uuid[])[1 + c], c * 2 + n %% 2, c, 10000 + h %% 90000, at::date, at,
  at + interval '40 seconds', 1 + (h %% 9 = 0)::int, 10, 10, 9000 + h %% 80000, h %% 8000, 1000,
  3000000 + h %% 90000000, (h %% 7 = 0)::int, (h %% 9 = 0)::int, 5, 10, 9000 + h %% 80000, 4000,
  3000 + h %% 70000, 1000
FROM (SELECT n, h,
  %(end)s::timestamptz - (n::float8 / %(count)s) * %(days)s * interval '1 day' AS at,
  CASE WHEN h %% 3 = 0 THEN 0 ELSE h %% cardinality(%(capabilities)s::uuid[]) END AS c
  FROM (SELECT n, abs(hashint8(n)::bigint) AS h FROM generate_series(1, %(count)s) n) n) n
"""


def fill(organization_id: UUID, count: int, days: int) -> None:
    """Runs, spread evenly over the days before now."""
    with tenant_scope(organization_id):
        state.settings()
        capabilities = list(Capability.objects.values_list("id", "unit_id"))
    values = {
        "org": organization_id,
        "capabilities": [row[0] for row in capabilities],
        "units": [row[1] for row in capabilities],
        "end": clock.now(),
        "count": count,
        "days": days,
    }
    owner = "capability_id, day, unit_id, story_id, source_id, workflow_id, agent_id"
    sums = ", ".join(f"sum({name})" for name in RUN_SUMS)
    with world.as_owner(), connection.cursor() as cursor:
        cursor.execute(RUNS, values)
        cursor.execute(
            f"INSERT INTO rollup_run (organization_id, {owner}, runs, {', '.join(RUN_SUMS)}) "
            f"SELECT organization_id, {owner}, count(*), {sums} FROM usage_run "
            f"GROUP BY organization_id, {owner}"
        )
        cursor.execute("VACUUM ANALYZE usage_run")
        cursor.execute("VACUUM ANALYZE rollup_run")


def browser(organization_id: UUID) -> Client:
    """Somebody who sees every unit."""
    user = User.objects.create_user("runs@example.test", name="Runs")
    with tenant_scope(organization_id):
        add_member(actor=system_actor("benchmarks"), user=user, role=Role.TOKENOPS_LEAD)
    client = Client()
    client.force_login(user)
    return client


def pages(organization_id: UUID) -> dict[str, str]:
    with tenant_scope(organization_id):
        slug = Organization.objects.get().slug
        busiest = RollupRun.objects.order_by("-runs").values_list("capability_id", flat=True)[0]
    runs = org_url(slug, "ledger:runs")
    one = f"{runs}?capability={busiest}"
    return {
        "all runs, 30 days": runs,
        "one capability, 30 days": one,
        "one capability, 90 days": f"{one}&day_from={clock.now().date().replace(day=1)}",
        "one capability, by cost": f"{one}&sort=-cost",
        "all runs, failed ones": f"{runs}?outcome=2",
        "capability": org_url(slug, "portfolio:detail", capability_id=busiest),
    }


def backend_cpu(pid: int) -> float:
    """Milliseconds that the connection's server process has used; it has no helpers here."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--times", type=int, default=20)
    args = parser.parse_args()
    with world.database("bench_runs"):
        organization_id = world.company()
        begun = time.perf_counter()
        fill(organization_id, args.runs, args.days)
        report = {"runs": args.runs, "filled_in_s": round(time.perf_counter() - begun)}
        client, addresses = browser(organization_id), pages(organization_id)
        taken: dict[str, list[float]] = {name: [] for name in addresses}
        cpu: dict[str, list[float]] = {name: [] for name in addresses}
        database: dict[str, list[float]] = {name: [] for name in addresses}
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
            cursor.execute("SET max_parallel_workers_per_gather = 0")
        for turn in range(args.times + 2):
            for name, url in addresses.items():
                wall, own, served = time.perf_counter(), time.process_time(), backend_cpu(pid)
                response = client.get(url)
                if response.status_code != 200:
                    raise RuntimeError(f"{url}: {response.status_code}")
                if turn > 1:
                    taken[name].append((time.perf_counter() - wall) * 1000)
                    cpu[name].append((time.process_time() - own) * 1000)
                    database[name].append(backend_cpu(pid) - served)
        for name in addresses:
            report[name] = {
                "p50_ms": round(p50(taken[name])),
                "p95_ms": round(p95(taken[name])),
                "own_cpu_ms": round(statistics.mean(cpu[name])),
                "database_cpu_ms": round(statistics.mean(database[name])),
            }
        with tenant_scope(organization_id):
            report["stored"] = UsageRun.objects.count()
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
