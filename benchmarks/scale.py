"""How fast figures and pages are with up to ten million records, row level security on.

    python -m benchmarks.scale [--records 10000000] [--days 90] [--times 25] [--keep]

Three organizations of one shape: the same teams, keys and days, with 1, 10 and 100 parts of the
records per day. Their dimension sets come through the ledger; the records are then multiplied by
the database, and the rollups rebuilt by the product's own rebuild. Days of each are verified.

Each page is asked for in the three organizations in turns, so that what else the machine does
falls on all sizes alike; the growth is the ratio of the medians of the largest and the smallest.
"""

import argparse
import json
import time
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import connection
from django.test import Client

from apps.common import clock
from apps.common.ids import uuid7
from apps.ledger.models import LedgerState, RollupAxis
from apps.ledger.query import Query, run
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import ingest, mark_coverage, partitions
from apps.ledger.services.rebuild import rebuild
from apps.organizations.models import Membership, Organization
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import org_url
from benchmarks import report, server, world
from benchmarks.meter import Busy, p50, p95
from tokenops import memory

QUERY_MS, PAGE_MS, GROWTH = 50, 150, 1.15
WARM = 3
PARTS = (100, 10, 1)
SEEDS = 4_000
KEPT = server.ROOT / "scale.json"
PAGES = {
    "Home": "portal:home",
    "Inform, month": "portal:inform",
    "Inform, 90 days": "portal:inform?period=90d",
    "Explore": "portal:explore",
    "Explore, team x model": "portal:explore?by=unit&then=model",
    "Trends": "portal:trends",
    "Workflows": "portal:league",
    "Usage records": "ledger:records",
    "Restatements": "ledger:restatements",
    "Unattributed queue": "ledger:unattributed",
    "Periods": "ledger:periods",
    "Token Stories": "stories:list",
    "Budgets": "budgets:list",
    "Sources": "connectors:list",
}


@dataclass
class Company:
    """One organization with its records."""

    id: UUID
    slug: str
    records: int
    seconds: float = 0.0


def questions(start: date, end: date) -> dict[str, Query]:
    """What pages, budgets and Explore ask."""
    days = {"start": start, "end": end}
    month = {"start": end - timedelta(days=30), "end": end}
    return {
        "Total, 90 days": Query(**days),
        "Total by day, 90 days": Query(**days, grain="day"),
        "Top 10 teams, 90 days": Query(**days, group_by=("unit",), limit=10),
        "Model mix, 30 days": Query(**month, group_by=("model",)),
        "Capabilities by day, 30 days": Query(**month, group_by=("capability",), grain="day"),
        "Kinds by day, 90 days": Query(**days, group_by=("kind",), grain="day"),
        "One key by day, 90 days": Query(**days, filters={"api_key": ["key-7"]}, grain="day"),
        "Team x model, 90 days": Query(**days, group_by=("unit", "model")),
        "Team x model by day, 30 days": Query(**month, group_by=("unit", "model"), grain="day"),
        "Users of one provider, 90 days": Query(
            **days, group_by=("user",), filters={"provider": ["openai"]}
        ),
        "User x key, 90 days": Query(**days, group_by=("user", "api_key"), limit=50),
    }


def build(records: int, days: int) -> Company:
    """A company whose `days` up to today hold so many records, spread evenly over its sets."""
    began = time.perf_counter()
    company, source = world.company(), uuid7()
    seeds = world.events(SEEDS, per_day=SEEDS, prefix="seed")
    first = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days)
    for usage in seeds:
        usage.occurred_at = first
    now = clock.now()
    ingest(organization_id=company, source_id=source, batch=seeds, accepted_at=now)
    with tenant_scope(company):
        mark_coverage(source_id=source, complete_through=now, name="Gateway", data_as_of=now)
        slug = Organization.objects.get().slug
        partitions.ensure(set(_months(first, now)))
    with world.as_owner(), connection.cursor() as cursor:
        step = timedelta(days=days) / records
        cursor.execute(
            "INSERT INTO usage_record (organization_id, record_key, occurred_at, observed_at, "
            "dimset_id, price_id, cost_nanos, input_uncached, output, cache_read, reasoning, "
            "requests, version, cost_basis, cost_status, granularity) "
            "SELECT %(org)s, md5(%(org)s::text || i)::uuid, %(first)s + i * %(step)s, now(), "
            "s.sets[1 + (i * 7919) %% cardinality(s.sets)], NULL, 1000 + (i * 6007) %% 90000000, "
            "50 + (i * 31) %% 30000, 10 + (i * 17) %% 4000, "
            "NULLIF(greatest((i * 13) %% 20000 - 10000, 0), 0), NULL, 1, 1, 2, 1, 1 "
            "FROM generate_series(0::bigint, %(count)s - 1) i, "
            "(SELECT array_agg(id ORDER BY id) AS sets FROM dimension_set "
            "WHERE organization_id = %(org)s) s",
            {"org": company, "first": first, "step": step, "count": records},
        )
        cursor.execute("VACUUM (ANALYZE) usage_record")
    with tenant_scope(company):
        rebuild()
    return Company(company, slug, records, time.perf_counter() - began)


def _months(first, last) -> list[date]:
    months = {(first + timedelta(days=n)).date().replace(day=1) for n in range((last - first).days)}
    return sorted(months | {last.date().replace(day=1)})


Taken = list[tuple[float, float]]
"""Busy and clock milliseconds."""


def measure(query: Query, times: int) -> Taken:
    busy, taken = Busy(), []
    for _ in range(times + 2):
        begun = busy()
        run(query)
        taken.append(_since(begun, busy()))
    return taken[2:]


def _since(begun: tuple[float, float], ended: tuple[float, float]) -> tuple[float, float]:
    return ended[0] - begun[0], ended[1] - begun[1]


def pages(companies: list[Company], times: int) -> list[dict[str, Taken]]:
    """Per company and page what each call took. Every page of every size is warmed alike, and
    the sizes take turns to go first."""
    clients = [_client(company) for company in companies]
    taken: list[dict[str, Taken]] = [{name: [] for name in PAGES} for _ in companies]
    busy = Busy()
    for turn in range(WARM + times):
        if turn == WARM:
            memory.settle()
        order = [(turn + step) % len(companies) for step in range(len(companies))]
        for name, address in PAGES.items():
            view, _, query = address.partition("?")
            for size in order:
                url = org_url(companies[size].slug, view) + (f"?{query}" if query else "")
                begun = busy()
                answer = clients[size].get(url)
                ended = busy()
                assert answer.status_code == 200, (url, answer.status_code)
                if turn >= WARM:
                    taken[size][name].append(_since(begun, ended))
    return taken


def _client(company: Company) -> Client:
    client = Client()
    with tenant_scope(company.id):
        client.force_login(Membership.objects.select_related("user").first().user)
    return client


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--keep", action="store_true", help="keep and reuse the database")
    args = parser.parse_args()
    with world.database("benchmark_scale", keep=args.keep):
        companies = (_kept(args) if args.keep else None) or _built(args)
        large = companies[-1]
        end = clock.today()
        start = end - timedelta(days=args.days)
        cells = 0
        for company in companies:
            with tenant_scope(company.id):
                found = verify_rollups(end - timedelta(days=10), end - timedelta(days=7))
                assert found.ok, found.differences[:3]
                cells += found.cells
        with tenant_scope(large.id):
            assert LedgerState.objects.exists()
            narrow = RollupAxis.objects.count()
            memory.settle()
            asked = {
                name: measure(query, args.times) for name, query in questions(start, end).items()
            }
        opened = pages(companies, args.times)
    _report(args, companies, asked, opened, cells, narrow)


def _built(args: argparse.Namespace) -> list[Company]:
    companies = [build(args.records // part, args.days) for part in PARTS]
    with world.as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps([[str(c.id), c.slug, c.records, c.seconds] for c in companies]))
    return companies


def _kept(args: argparse.Namespace) -> list[Company] | None:
    """The companies an earlier run left, if they are of the wanted sizes."""
    if not KEPT.exists():
        return None
    found = [Company(UUID(i), *rest) for i, *rest in json.loads(KEPT.read_text())]
    return found if [c.records for c in found] == [args.records // p for p in PARTS] else None


def _columns(taken: Taken) -> tuple[float, float, float, float]:
    busy, clocked = zip(*taken, strict=True)
    return p50(busy), p95(busy), p50(clocked), p95(clocked)


def _report(args, companies, asked, opened, cells, narrow) -> None:
    built = ", ".join(f"{c.records:,} in {c.seconds:.0f} s" for c in companies)
    worst = max(_columns(taken)[1] for taken in asked.values())
    report.save(
        "scale_queries",
        title=f"Questions over {args.records:,} records of {args.days} days",
        notes=[
            f"Each {args.times} times. Built by bulk insert and rebuild: {built}. "
            f"{cells:,} cells of three days of each verified; {narrow:,} narrow cells in all. "
            "Busy is time on a processor, of the process and its database session.",
            f"Slowest at p95, busy: {worst:.0f} ms (target {QUERY_MS} ms).",
        ],
        head=("Question", "Busy p50 ms", "Busy p95 ms", "Clock p50 ms", "Clock p95 ms"),
        rows=[(name, *_columns(taken)) for name, taken in asked.items()],
        figures={"worst_p95_ms": worst},
        passed=worst < QUERY_MS,
    )
    figures = [{name: _columns(taken[name]) for name in PAGES} for taken in opened]
    slowest = max(columns[1] for columns in figures[-1].values())
    growth = {name: _growth(figures, name) for name in PAGES}
    most = max(busy for busy, _ in growth.values())
    report.save(
        "scale_pages",
        title="Pages while records per day grow a hundredfold",
        notes=[
            f"Milliseconds, p50 / p95, of {args.times} calls of each page; the three sizes in "
            f"turns, each warmed by {WARM} calls. Slowest at {args.records:,} records, busy p95: "
            f"{slowest:.0f} ms (target {PAGE_MS} ms).",
            "Growth is the ratio of the medians of the last and the first size: "
            f"at most {most:.2f} × busy (target {GROWTH} ×).",
        ],
        head=(
            "Page",
            *(f"{c.records:,}, busy" for c in companies),
            "Growth, busy",
            *(f"{c.records:,}, clock" for c in companies),
            "Growth, clock",
        ),
        rows=[
            (
                name,
                *(f"{size[name][0]:.0f} / {size[name][1]:.0f}" for size in figures),
                f"{growth[name][0]:.2f} ×",
                *(f"{size[name][2]:.0f} / {size[name][3]:.0f}" for size in figures),
                f"{growth[name][1]:.2f} ×",
            )
            for name in PAGES
        ],
        figures={"worst_p95_ms": slowest, "growth": growth, "most_growth_busy": most},
        passed=slowest < PAGE_MS and most <= GROWTH,
    )


def _growth(figures: list[dict[str, tuple[float, ...]]], name: str) -> tuple[float, float]:
    """Of busy time and of the clock."""
    first, last = figures[0][name], figures[-1][name]
    return last[0] / first[0], last[2] / first[2]


if __name__ == "__main__":
    main()
