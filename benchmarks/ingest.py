"""How fast the ledger takes usage in, as ratios to a bare COPY and to a gateway's counting.

    python -m benchmarks.ingest [--records 200000] [--per-day 30000] [--rounds 3]

One worker, end to end: NDJSON bytes to records with attribution, price, deduplication and all
rollups of both grains, row level security on; every cell is verified before a figure is printed.
Each round ingests other records and copies them right after; ratios are medians of the rounds.
"""

import argparse
from datetime import timedelta

import psutil
from django.db import connection

from apps.common import clock
from apps.common.ids import uuid7
from apps.ledger.rules import decode
from apps.ledger.schema import IngestResult
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import dimensions, ingest
from apps.tenancy.scope import tenant_scope
from benchmarks import reference, report, world
from benchmarks.meter import Meter, p50

CHUNK = 50_000
TARGETS = {
    "first": ("Ingest, warm dimensions", 0.15),
    "cold": ("Ingest, empty dictionary, every set new", 0.10),
    "scattered": ("Ingest, a new set every 10 records", None),
    "replay": ("Replay of the same batches", None),
    "restate": ("Restating every record", None),
}


class Run:
    """One organization and its source."""

    def __init__(self) -> None:
        self.organization_id, self.source_id = world.company(), uuid7()
        self.now = clock.now()

    def take(self, bodies: list[bytes]) -> tuple[Meter, IngestResult]:
        total = IngestResult()
        self.now += timedelta(minutes=1)
        with Meter() as meter:
            for body in bodies:
                usages, _, _ = decode.decode(body, limit=1 << 30)
                total.add(
                    ingest(
                        organization_id=self.organization_id,
                        source_id=self.source_id,
                        batch=usages,
                        accepted_at=self.now,
                    )
                )
        return meter, total

    def verified(self) -> int:
        """Cells compared; AssertionError when one is wrong."""
        with tenant_scope(self.organization_id):
            found = verify_rollups()
        assert found.ok, found.differences[:3]
        return found.cells


def size_per_record() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_relation_size(inhrelid)), sum(pg_indexes_size(inhrelid)), "
            "(SELECT count(*) FROM usage_record) FROM pg_inherits "
            "WHERE inhparent = 'usage_record'::regclass"
        )
        heap, indexes, rows = map(int, cursor.fetchone())
        cursor.execute(
            "SELECT sum(pg_total_relation_size(t)) FROM unnest(%s::regclass[]) t",
            [["rollup_axis", "rollup_fine", "rollup_slice"]],
        )
        rollups = int(cursor.fetchone()[0])
    return {"heap": heap / rows, "indexes": indexes / rows, "rollups": rollups / rows}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--per-day", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    taken: dict[str, list[tuple[Meter, Meter]]] = {name: [] for name in TARGETS}
    gateways: list[Meter] = []
    sizes: dict[str, float] = {}
    cells = 0
    for number in range(args.rounds):
        with world.database("benchmark_ingest"):
            cells += _round(args, number, taken, gateways, sizes)
    _report(args, taken, gateways, sizes, cells)


def _round(args, number, taken, gateways, sizes) -> int:
    made = world.events(args.records, per_day=args.per_day, seed=number)
    few = made[: args.records // 5]
    dimensions.forget_all()
    cold = Run()
    steps = {"cold": cold.take(world.as_bodies(made, CHUNK))[0]}
    run = Run()
    warm = world.events(20_000, per_day=args.per_day, seed=99, prefix="warm")
    for usage in warm:
        usage.occurred_at -= timedelta(days=2)
    run.take(world.as_bodies(warm, CHUNK))
    bodies = world.as_bodies(made, CHUNK)
    steps["first"], first = run.take(bodies)
    assert first.new == args.records
    if not number:
        with world.as_owner():
            sizes |= size_per_record()
    steps["replay"], again = run.take(bodies)
    assert (again.new, again.changed, again.unchanged) == (0, 0, args.records)
    with world.as_owner():
        bare = reference.Bare()
        copies = [bare.copy() for _ in range(3)]
        if not number:
            reference.create_gateway()
            gateways.append(reference.gateway(few))
            copies.append(bare.copy())
    for usage in made:
        usage.output += 1
    steps["restate"], other = run.take(world.as_bodies(made, CHUNK))
    assert other.changed == args.records
    for index, usage in enumerate(few):
        usage.event_id = f"scattered-{index}"
        usage.branch = f"branch-{index // 10}"
        for name in ("provider", "model", "api_key_id", "api_key", "project_id", "user"):
            setattr(usage, name, getattr(few[index - index % 10], name))
        usage.service_tier = ""
    scattered = run.take(world.as_bodies(few, CHUNK))[0]
    with world.as_owner():
        copies += [bare.copy() for _ in range(2)]
    copied = p50([meter.cpu for meter in copies]) / bare.rows
    for name, meter in {**steps, "scattered": scattered}.items():
        rows = len(few) if name == "scattered" else args.records
        taken[name].append((meter.cpu / rows, copied, meter.wall / rows))
    return cold.verified() + run.verified()


def _report(args, taken, gateways, sizes, cells) -> None:
    ratios = {name: p50([copy / cpu for cpu, copy, _ in rounds]) for name, rounds in taken.items()}
    rows = [
        (
            TARGETS[name][0],
            ratios[name],
            TARGETS[name][1],
            p50([1 / cpu for cpu, _, _ in rounds]),
            p50([1 / wall for _, _, wall in rounds]),
        )
        for name, rounds in taken.items()
    ]
    copied = p50([copy for _, copy, _ in taken["first"]])
    rows.append(("Bare text COPY, 15 columns", 1.0, None, 1 / copied, None))
    gateway = gateways[0].cpu / (args.records // 5)
    rows.append(("Gateway's per-aggregate upserts", copied / gateway, None, 1 / gateway, None))
    first = p50([cpu for cpu, _, _ in taken["first"]])
    restate = ratios["restate"] / ratios["first"]
    replay = ratios["replay"] / ratios["first"]
    bytes_ = sizes["heap"] + sizes["indexes"]
    memory = psutil.Process().memory_info().rss / 2**20
    report.save(
        "ingest",
        title="Ingest, one worker, by CPU of worker and database session",
        notes=[
            f"{args.records:,} records a round, {args.rounds} rounds on fresh databases; "
            f"{cells:,} rollup cells compared with a recomputation, all equal.",
            f"**{gateway / first:.0f} ×** the gateway's pattern (target 15); replay {replay:.2f} × "
            f"and restating {restate:.2f} × the first ingest (targets: over 1, and 0.4).",
            f"{bytes_:.0f} bytes on disk per record (heap {sizes['heap']:.0f}, index "
            f"{sizes['indexes']:.0f}; target 220) and {sizes['rollups']:.0f} of rollups.",
        ],
        head=("What", "Ratio", "Target", "Records per CPU second", "Records per second, wall"),
        rows=rows,
        figures={
            **ratios,
            "gateway_times": gateway / first,
            "restate_of_first": restate,
            "replay_of_first": replay,
            "bytes_per_record": bytes_,
            "rss_mb": memory,
        },
        passed=ratios["first"] >= 0.15
        and ratios["cold"] >= 0.10
        and gateway / first >= 15
        and replay > 1
        and restate >= 0.4
        and bytes_ < 220,
    )


if __name__ == "__main__":
    main()
