"""Two worker processes beside one, folding batches of one organization; and their memory.

    python -m benchmarks.workers [--batches 40] [--rounds 3]

Every round stores the same number of batches of the same days for one process and for two, which
start at a sign: the clock runs from the sign to the end of the last. All batches go to the same
cells, which is the hardest case: both processes move them. Beside it, what the machine itself
gives: two processes with half the batches each, of organizations that share nothing. Deadlocks are
those the database counts. Afterwards every cell is compared with a recomputation. Memory is the
most a process ever held (resident), a new process for each size.
"""

import argparse
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.db import connection

from apps.common.ids import uuid7
from apps.ledger.models import IngestBatch
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import fold, ingest, store_batch
from apps.tenancy.db import roles
from apps.tenancy.scope import tenant_scope
from benchmarks import report, world
from benchmarks.meter import p50

DATABASE = "benchmark_workers"
SIZE = 10_000
TIMES, MEMORY_MB = 1.6, 400
SIZES = ((1, SIZE), (1, 60_000), (40, SIZE))
"""(batches, records in each) of which the memory is measured. The API takes up to 10,000 records;
60,000 are most of the 20 MiB that a batch may have at all."""
SIGN = "worker:"


class Inbox:
    """Batches of one organization, always of the same days."""

    def __init__(self) -> None:
        self.organization_id, self.source_id = world.company(), uuid7()
        self.total = 0

    def fill(self, batches: int, size: int = SIZE) -> None:
        prefix = f"w{self.total}"
        made = world.events(batches * size, per_day=30_000, prefix=prefix)
        with tenant_scope(self.organization_id):
            for body in world.as_bodies(made, size):
                store_batch(
                    source_id=self.source_id,
                    payload=body,
                    digest=sha256(body).hexdigest(),
                    accepted=size,
                )
        self.total += batches * size

    def verified(self) -> int:
        """Cells compared. AssertionError for a wrong one, or for a batch that is not done."""
        with tenant_scope(self.organization_id):
            left = IngestBatch.objects.exclude(status="done").count()
            found = verify_rollups()
        if left or not found.ok:
            raise AssertionError(f"{left} batches left; {found.differences[:3]}")
        return found.cells


class Process:
    """A worker process that waits for a sign before it folds."""

    def __init__(self, organization_id: UUID) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.workers", "--fold", str(organization_id)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def _read(self) -> str:
        for line in self._process.stdout:
            if line.startswith(SIGN):
                return line.removeprefix(SIGN)
            print(line, end="", file=sys.stderr)
        raise AssertionError(f"a worker ended with {self._process.wait()}")

    def go(self) -> None:
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def end(self) -> tuple[int, float]:
        """Batches folded and the most memory held, in MiB."""
        folded, memory = self._read().split()
        self._process.wait()
        return int(folded), float(memory)


def folded_by(*inboxes: Inbox) -> tuple[float, list[tuple[int, float]]]:
    """Seconds until the last process is done, one for each inbox named, and what each did."""
    ready = [Process(inbox.organization_id) for inbox in inboxes]
    began = time.perf_counter()
    for process in ready:
        process.go()
    done = [process.end() for process in ready]
    return time.perf_counter() - began, done


def child(organization_id: UUID) -> None:
    """The process: connected and warm, then at the sign folds what waits."""
    connection.settings_dict["NAME"] = DATABASE
    connection.settings_dict["OPTIONS"]["assume_role"] = roles.APP
    connection.settings_dict["CONN_MAX_AGE"] = None
    with tenant_scope(organization_id):
        source_id = IngestBatch.objects.values_list("source_id", flat=True).first()
    warm = world.events(20_000, per_day=30_000, prefix="warm")
    ingest(organization_id=organization_id, source_id=source_id, batch=warm)
    del warm
    print(SIGN, "ready", flush=True)
    sys.stdin.readline()
    print(SIGN, fold(organization_id=organization_id), peak_mb(), flush=True)


def peak_mb() -> float:
    """The most resident memory this process ever held, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LookupError("VmHWM")


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fold", type=UUID)
    args = parser.parse_args()
    if args.fold:
        child(args.fold)
        return
    with world.database(DATABASE):
        _measure(args)


def _measure(args: argparse.Namespace) -> None:
    inbox, other = Inbox(), Inbox()
    for each in (inbox, other):
        each.fill(2)
        folded_by(each)
    memory = []
    for batches, size in SIZES:
        inbox.fill(batches, size)
        memory.append(folded_by(inbox)[1][0][1])
    ways = {"one": (inbox,), "two": (inbox, inbox), "apart": (inbox, other)}
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(args.rounds):
        for way in sorted(ways, reverse=bool(number % 2)):
            inboxes = set(ways[way])
            for each in inboxes:
                each.fill(args.batches // len(inboxes))
            seconds, done = folded_by(*ways[way])
            if sum(folded for folded, _ in done) != args.batches:
                raise AssertionError(f"{done} of {args.batches} batches")
            rates[way].append(args.batches * SIZE / seconds)
            memory.append(max(held for _, held in done))
    cells, met = inbox.verified() + other.verified(), deadlocks()
    rate = {way: p50(found) for way, found in rates.items()}
    times, ceiling = rate["two"] / rate["one"], rate["apart"] / rate["one"]
    rows = [
        ["One process, records a second by the clock", rate["one"], None],
        ["Two processes on one organization", rate["two"], None],
        ["Times as fast", times, TIMES],
        ["Two processes on two organizations: times as fast", ceiling, None],
        ["Deadlocks", met, 0],
        *(
            [f"Memory: {batches} × {size:,} records, MiB", held, MEMORY_MB]
            for (batches, size), held in zip(SIZES, memory, strict=False)
        ),
        ["Memory: most of all runs, MiB", max(memory), MEMORY_MB],
    ]
    report.save(
        "workers",
        title="Worker processes: two beside one, and their memory",
        notes=[
            f"{args.batches} batches of {SIZE:,} records of the same days, {args.rounds} rounds; "
            f"{inbox.total + other.total:,} records in all; {cells:,} rollup cells compared with a "
            "recomputation, all equal. The clock of two processes says something on two idle "
            "processors only. Memory may be at most the target.",
        ],
        head=("What", "Measured", "Target"),
        rows=rows,
        figures={
            "two_over_one": times,
            "two_apart_over_one": ceiling,
            "one_per_s": rate["one"],
            "two_per_s": rate["two"],
            "deadlocks": met,
            "peak_mb": max(memory),
        },
        passed=times >= TIMES and met == 0 and max(memory) < MEMORY_MB,
    )


if __name__ == "__main__":
    main()
