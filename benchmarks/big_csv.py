"""A big CSV from its bytes to the ledger: is memory constant, and how fast is it?

    python -m benchmarks.big_csv [--small 10] [--large 100] [--width 40]

Sizes are MiB. Each size is a process of its own that makes the file as a stream, stores it, checks
it and writes it as a web process and workers do, slice by slice, with attribution, prices, row
level security and all rollups on. The tokens of the file must be the tokens of the ledger, to the
unit.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks import report, world

START = datetime(2026, 8, 1, tzinfo=UTC)
DAYS = 90
GROWTH = 1.5
HEAD = "time,provider,model,key,project,user,region,input,cached,output,calls,note\n"


class File:
    """A CSV file of a size that is never held; knows what it should add up to."""

    def __init__(self, size: int, width: int) -> None:
        self.size, self.width = size, width
        self.tokens = self.rows = 0

    def pieces(self) -> Iterator[bytes]:
        """About `size` bytes of calls, a MiB at a time."""
        chance = random.Random(11)
        note = "n" * self.width
        lines, length, done = [HEAD], len(HEAD), 0
        while done < self.size:
            at = START + timedelta(milliseconds=chance.randrange(DAYS * 86_400_000))
            key = chance.randrange(240)
            provider, model = world.MODELS[(key + chance.randrange(2)) % len(world.MODELS)]
            total, cached, out = (
                chance.randrange(1_000, 9_000),
                chance.randrange(0, 900),
                chance.randrange(10, 900),
            )
            line = (
                f"{at.isoformat()},{provider},{model},key-{key},"
                f"project-{key % 40},user-{key % 120},eu,"
                f"{total},{cached},{out},1,{note}\n"
            )
            self.tokens += total + out
            self.rows += 1
            lines.append(line)
            length += len(line)
            if length >= 1 << 20:
                done += length
                yield "".join(lines).encode()
                lines, length = [], 0
        if lines:
            yield "".join(lines).encode()


COLUMNS = {
    "time": "occurred_at", "provider": "provider", "model": "model", "key": "api_key",
    "project": "project", "user": "user", "region": "region", "input": "input_total",
    "cached": "cache_read", "output": "output_total", "calls": "requests",
}  # fmt: skip


def bring(mib: int, width: int) -> dict:
    """One size, end to end, in this process; its figures."""
    from apps.access.actors import system_actor
    from apps.connectors.imports import services
    from apps.connectors.imports.models import ImportJob
    from apps.connectors.imports.rules.mapping import Mapping
    from apps.ledger.query import Query, run
    from apps.tenancy.scope import tenant_scope
    from tests.factories.organizations import make_organization

    file = File(mib << 20, width)
    with world.database(f"bench_csv_{mib}"):
        organization = make_organization("merrowdale", "Merrowdale Mutual")
        actor = system_actor("benchmark", organization.id)
        base, clock, times, points = _peak(), time.perf_counter(), {}, 0
        with tenant_scope(organization.id):
            job = services.upload_file(actor=actor, filename="big.csv", pieces=file.pieces())
        times["store"] = time.perf_counter() - clock
        for name, step in (("check", services.check_slice), ("write", services.write_slice)):
            clock = time.perf_counter()
            with tenant_scope(organization.id):
                if name == "check":
                    found = Mapping(columns=COLUMNS)
                    job = services.map_columns(actor=actor, job_id=job.id, mapping=found)
                else:
                    job = services.start_import(actor=actor, job_id=job.id)
            more, shown = True, -1.0
            while more:
                with tenant_scope(organization.id):
                    more = step(job.id, job.generation)
                    progress = ImportJob.objects.get(id=job.id).progress
                points += progress != shown
                shown = progress
            times[name] = time.perf_counter() - clock
        with tenant_scope(organization.id):
            job.refresh_from_db()
            days = Query(start=START.date(), end=START.date() + timedelta(days=DAYS + 1))
            counted = run(days).total.tokens.total
        assert job.refused == 0, job.samples
        assert counted == file.tokens == sum(job.tokens.values()), (counted, file.tokens)
        assert job.new == file.rows
    return {
        "mib": mib,
        "rows": file.rows,
        "base": base,
        "peak": _peak(),
        "points": points,
        **times,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10)
    parser.add_argument("--large", type=int, default=100)
    parser.add_argument("--width", type=int, default=40, help="bytes of a column that is left out")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(bring(asked.one, asked.width)))
        return 0
    found = []
    for mib in (asked.small, asked.large):
        command = [sys.executable, "-m", "benchmarks.big_csv", "--one", str(mib)]
        command += ["--width", str(asked.width)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        if done.returncode:
            print(done.stderr[-4000:])
            return 1
        found.append(json.loads(done.stdout.splitlines()[-1]))
    growth = found[1]["peak"] / found[0]["peak"]
    times = found[1]["mib"] / found[0]["mib"]
    report.save(
        "big_csv",
        title="A big CSV from its bytes to the ledger",
        notes=[
            "Made as a stream, stored, checked and written slice by slice; its tokens are those "
            "of the ledger, to the unit.",
            f"{times:.0f} times the file takes {growth:.2f} times the memory (target {GROWTH}).",
        ],
        head=(
            "MiB", "Rows", "Store s", "Check s", "Write s", "Rows per second", "Peak MiB",
            "Before the file", "Progress moved",
        ),
        rows=[
            (
                f["mib"], f["rows"], f["store"], f["check"], f["write"],
                f["rows"] / (f["check"] + f["write"]), round(f["peak"]), round(f["base"]),
                f["points"],
            )
            for f in found
        ],
        figures={"memory_growth": growth},
        passed=growth <= GROWTH,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
