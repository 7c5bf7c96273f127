"""How fast the ledger takes usage in, as ratios to a plain COPY of the same rows in the same run.

    python -m benchmarks.ingest [--records 300000] [--per-day 30000] [--chunk 50000]

One worker, end to end: NDJSON bytes to records with attribution, price, deduplication and all
rollups, row level security on; every cell is verified afterwards. `ratio` is records per second of
CPU (client and database backend) divided by the same of a text COPY into a bare table.
"""

import argparse
import json
from datetime import timedelta

from django.db import connection

from apps.common import clock
from apps.common.ids import uuid7
from apps.ledger.rules import decode
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import dimensions, ingest
from apps.tenancy.scope import tenant_scope
from benchmarks import world
from benchmarks.meter import Meter

BARE = "bench_bare"


def copy_rate(rows: int, data: bytes) -> float:
    """Records per CPU second of a text COPY into a bare table."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {BARE}")
        with Meter() as meter:
            with cursor.copy(f"COPY {BARE} FROM STDIN") as copy:
                copy.write(data)
            if not connection.in_atomic_block:
                connection.commit()
    return rows / meter.cpu


def export() -> bytes:
    """The records as text, and a bare table of the same columns."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {BARE}")
        cursor.execute(f"CREATE TABLE {BARE} AS SELECT * FROM usage_record WITH NO DATA")
        with cursor.copy("COPY (SELECT * FROM usage_record) TO STDOUT") as copy:
            return b"".join(bytes(part) for part in copy)


def run_all(bodies: list[bytes], organization_id, source_id, observed_at) -> Meter:
    with Meter() as meter:
        for body in bodies:
            usages, _, _ = decode.decode(body, limit=1 << 30)
            ingest(
                organization_id=organization_id,
                source_id=source_id,
                batch=usages,
                accepted_at=observed_at,
            )
    return meter


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--per-day", type=int, default=30_000)
    parser.add_argument("--chunk", type=int, default=50_000)
    args = parser.parse_args()
    with world.database("bench_ledger"):
        organization_id, source_id = world.company(), uuid7()
        now = clock.now()
        made = world.events(args.records, per_day=args.per_day)
        bodies = world.as_bodies(made, args.chunk)
        warm = world.events(20_000, per_day=args.per_day, seed=2, prefix="warm")
        for usage in warm:
            usage.occurred_at -= timedelta(days=2)
        results: dict[str, Meter] = {}
        run_all(world.as_bodies(warm, args.chunk), organization_id, source_id, now)
        results["first"] = run_all(bodies, organization_id, source_id, now)
        with tenant_scope(organization_id), connection.cursor() as cursor:
            found = verify_rollups()
            cells, ok = found.cells, found.ok
            cursor.execute("SELECT count(*) FROM dimension_set")
            sets = cursor.fetchone()[0]
        with world.as_owner():
            data = export()
            total = data.count(b"\n")
            rates = [copy_rate(total, data) for _ in range(2)]
        results["replay"] = run_all(bodies, organization_id, source_id, now)
        for usage in made:
            usage.output += 1
        changed = world.as_bodies(made, args.chunk)
        results["restate"] = run_all(
            changed, organization_id, source_id, now + timedelta(minutes=1)
        )
        with tenant_scope(organization_id):
            again = verify_rollups()
        with world.as_owner():
            rates.append(copy_rate(total, data))
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_inherits i "
                    "JOIN pg_class c ON c.oid = i.inhrelid "
                    "WHERE i.inhparent = 'usage_record'::regclass"
                )
                size = cursor.fetchone()[0]
        copied = sum(rates) / len(rates)
        dimensions.forget_all()
        report = {
            "records": args.records,
            "dimension_sets": sets,
            "cells": cells,
            "cells_right": ok and again.ok,
            "copy_rec_per_cpu_s": round(copied),
            "bytes_per_record_after_restating": round(size / (total or 1)),
        }
        for name, meter in results.items():
            rate = args.records / meter.cpu
            report[name] = {
                "rec_per_s": round(args.records / meter.wall),
                "rec_per_cpu_s": round(rate),
                "ratio": round(rate / copied, 3),
            }
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
