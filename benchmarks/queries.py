"""How fast figures are read, row level security on.

    python -m benchmarks.queries [--records 1000000] [--days 90]

Each question runs `--times` times after two warm-up runs; milliseconds at the median and at p95.
"""

import argparse
import json
import statistics
import time
from datetime import timedelta

from django.db import connection

from apps.common import clock
from apps.common.ids import uuid7
from apps.ledger.query import Query, run
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import ingest
from apps.tenancy.scope import tenant_scope
from benchmarks import world


def questions(start, end) -> dict[str, Query]:
    """What pages, budgets and Explore ask."""
    days = {"start": start, "end": end}
    month = {"start": end - timedelta(days=30), "end": end}
    return {
        "total": Query(**days),
        "total by day": Query(**days, grain="day"),
        "top 10 teams": Query(**days, group_by=("unit",), limit=10),
        "model mix, 30 days": Query(**month, group_by=("model",)),
        "capabilities by day, 30 days": Query(**month, group_by=("capability",), grain="day"),
        "one key by day": Query(**days, filters={"api_key": ["key-7"]}, grain="day"),
        "team x model": Query(**days, group_by=("unit", "model")),
        "team x model by day, 30 days": Query(**month, group_by=("unit", "model"), grain="day"),
        "one provider, users": Query(**days, group_by=("user",), filters={"provider": ["openai"]}),
        "user x key": Query(**days, group_by=("user", "api_key"), limit=50),
        "hours of one day": Query(start=end - timedelta(days=1), end=end, grain="hour"),
    }


def measure(query: Query, times: int) -> dict[str, float]:
    for _ in range(2):
        run(query)
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        run(query)
        taken.append((time.perf_counter() - begun) * 1000)
    p95 = statistics.quantiles(taken, n=20)[-1]
    return {"p50_ms": round(statistics.median(taken), 1), "p95_ms": round(p95, 1)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--times", type=int, default=20)
    args = parser.parse_args()
    per_day = -(-args.records // args.days)
    with world.database("bench_queries"):
        organization_id, source_id = world.company(), uuid7()
        made = world.events(args.records, per_day=per_day)
        ingest(
            organization_id=organization_id,
            source_id=source_id,
            batch=made,
            accepted_at=clock.now(),
        )
        del made
        with world.as_owner(), connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(
                "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits "
                "WHERE inhparent = 'usage_record'::regclass"
            )
            size = cursor.fetchone()[0]
        start = world.START.date()
        with tenant_scope(organization_id):
            report = {
                "records": args.records,
                "bytes_per_record": round(size / args.records),
                "cells_right": verify_rollups().ok,
            }
            for name, query in questions(start, start + timedelta(days=args.days)).items():
                report[name] = measure(query, args.times)
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
