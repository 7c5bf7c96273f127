"""Accepting pushes beside processing them in the request, and decoding telemetry to usage.

    python -m benchmarks.push [--rounds 60] [--records 1000]

Both ways take the same bodies through Django's whole stack, in turns, so that a busy moment of the
machine falls on both. "In the request" judges the same records and takes them into the ledger
before the answer, as a portal without an inbox would. Afterwards the inbox is folded and both
ledgers must hold the same. Decoding is CPU of one process: recorded spans of an unmodified
instrumentation with fresh ids, to the ledger's records.
"""

import argparse
import gc
import gzip
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
from celery import current_app
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from apps.access.actors import system_actor
from apps.access.permissions import P
from apps.common import clock
from apps.connectors.enums import SourceKind
from apps.connectors.push import services
from apps.connectors.push.api.base import PushView
from apps.connectors.push.otlp import wire
from apps.connectors.push.records import parse_array, parse_lines
from apps.connectors.push.rules.calls import Call
from apps.connectors.push.services import otlp as otlp_service
from apps.connectors.push.services.sources import source_for
from apps.ledger.models import UsageRecord
from apps.ledger.schema import UsageIn
from apps.ledger.services import fold, ingest
from apps.organizations.services import create_api_key
from apps.tenancy.scope import tenant_scope
from benchmarks import report, server, world
from benchmarks.meter import Meter, p50, p95
from tests.factories.otlp import as_json, recorded
from tokenops import memory
from tokenops.run.valkey import EmbeddedValkey, free_port
from tokenops.urls import urlpatterns as site

ACCEPT_RATIO, P95_MS, DECODE_RATE = 4.0, 150.0, 15_000
_numbers = count(1)


class InRequest(PushView):
    """The same records, in the ledger before the answer."""

    source = ""

    def post(self, request: Any) -> HttpResponse:
        plain = self.plain(request)
        lines = plain.content_type != "application/json"
        parsed = (parse_lines if lines else parse_array)(self.body(plain), clock.now())
        source_id = source_for(
            actor=self.actor, kind=SourceKind.RECORDS_API, name="Processed in the request"
        )
        ingest(
            organization_id=plain.organization.id,  # type: ignore[attr-defined]
            source_id=source_id,
            batch=parsed.records,
        )
        return HttpResponse(status=202)


class OtlpInRequest(PushView):
    """Telemetry decoded, decided and taken into the ledger before the answer."""

    def post(self, request: Any) -> HttpResponse:
        plain = self.plain(request)
        data = self.body(plain)
        kept: list[tuple[Any, list[UsageIn]]] = []
        store, otlp_service.store = otlp_service.store, lambda *given: kept.append(given)
        try:
            services.accept_otlp(
                actor=self.actor, kind=wire.Kind.TRACES, media=wire.PROTOBUF, data=data
            )
        finally:
            otlp_service.store = store
        for source_id, usages in kept:
            ingest(
                organization_id=plain.organization.id,  # type: ignore[attr-defined]
                source_id=source_id,
                batch=usages,
            )
        return HttpResponse(status=200)


urlpatterns = [
    path("api/v1/usage/records/bench", InRequest.as_view()),
    path("api/v1/otlp/bench", OtlpInRequest.as_view()),
    *site,
]


@dataclass
class Way:
    """One way to take bodies: its address, and what each request cost."""

    name: str
    url: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def bodies(rounds: int, records: int, prefix: str) -> list[list[UsageIn]]:
    made = world.events(rounds * records, per_day=200_000, prefix=prefix)
    return [made[n * records : (n + 1) * records] for n in range(rounds)]


def as_array(usages: list[UsageIn]) -> bytes:
    encode = msgspec.json.Encoder().encode
    rows = ({k: v for k, v in msgspec.structs.asdict(u).items() if v} for u in usages)
    return b"[" + b",".join(encode(row) for row in rows) + b"]"


def send(client: Client, way: Way, data: bytes, kind: str, headers: dict[str, str]) -> None:
    """One request, timed with its part in the database."""
    with Meter() as meter:
        started = time.perf_counter()
        answer = client.post(way.url, data, content_type=kind, headers=headers)
        took = time.perf_counter() - started
    if answer.status_code not in (200, 202):
        raise AssertionError(answer.content)
    way.wall.append(took * 1000)
    way.cpu.append(meter.cpu)


def fresh(message: ExportTraceServiceRequest, spans: int, shift: int) -> ExportTraceServiceRequest:
    """That many recorded calls with ids and times of their own."""
    calls = [
        span
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
        if any(pair.key == "gen_ai.usage.input_tokens" for pair in span.attributes)
    ]
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    group.resource.CopyFrom(message.resource_spans[0].resource)
    scope = group.scope_spans.add()
    for number in range(spans):
        span = scope.spans.add()
        span.CopyFrom(calls[number % len(calls)])
        unique = next(_numbers)
        span.trace_id = unique.to_bytes(16, "big")
        span.span_id = unique.to_bytes(8, "big")
        span.start_time_unix_nano += shift + number * 1_000_000
        span.end_time_unix_nano += shift + number * 1_000_000
    return made


def records(client: Client, headers: dict[str, str], rounds: int, size: int) -> list[list[Any]]:
    """Rows of the table: arrays, compressed arrays and NDJSON, both ways each."""
    rows = []
    for name, kind, packed in (
        ("JSON", "application/json", False),
        ("JSON, gzip", "application/json", True),
        ("NDJSON, gzip", "application/x-ndjson", True),
    ):
        accept = Way("inbox", "/api/v1/usage/records?source=Bench")
        process = Way("in the request", "/api/v1/usage/records/bench")
        for number, usages in enumerate(bodies(rounds, size, name)):
            data = as_array(usages) if "ND" not in name else world.as_bodies(usages, size)[0]
            given = dict(headers)
            if packed:
                data, given["Content-Encoding"] = gzip.compress(data, 6), "gzip"
            ways = (accept, process) if number % 2 else (process, accept)
            for way in ways:
                send(client, way, data, kind, given)
        rows.append(row(f"{name}, {size:,} records", accept, process))
    return rows


def telemetry(client: Client, headers: dict[str, str], rounds: int, size: int) -> list[Any]:
    """The same for OTLP; each way has spans of its own, for a span counts once."""
    message = ExportTraceServiceRequest.FromString(
        recorded("otlp/genai_openai_instrumentation.traces.pb.gz")
    )
    accept = Way("inbox", "/api/v1/otlp/v1/traces")
    process = Way("in the request", "/api/v1/otlp/bench")
    for number in range(rounds):
        ways = (accept, process) if number % 2 else (process, accept)
        for way in ways:
            data = fresh(message, size, -number * 1_000_000_000).SerializeToString()
            send(client, way, data, wire.PROTOBUF, headers)
    return row(f"OTLP protobuf, {size:,} spans", accept, process)


def row(name: str, accept: Way, process: Way) -> list[Any]:
    """The first tenth warms up both."""
    skip = max(1, len(accept.wall) // 10)
    ratio = sum(process.cpu[skip:]) / sum(accept.cpu[skip:])
    return [
        name,
        p50(accept.wall[skip:]),
        p95(accept.wall[skip:]),
        p50(process.wall[skip:]),
        p95(process.wall[skip:]),
        p50(process.wall[skip:]) / p50(accept.wall[skip:]),
        ratio,
    ]


def decode_rate(media: str, spans: int, times: int = 6) -> float:
    """Spans a second of CPU, from bytes to the ledger's records; the best of some runs."""
    message = ExportTraceServiceRequest.FromString(
        recorded("otlp/genai_openai_instrumentation.traces.pb.gz")
    )
    made = fresh(message, spans, 0)
    data = as_json(made) if media == wire.JSON else made.SerializeToString()
    now = clock.now() + timedelta(days=1)
    best = 0.0
    for _ in range(times):
        gc.collect()
        started = time.process_time()
        found = otlp_service.decode(wire.read(wire.Kind.TRACES, media, data), now)
        usages = [one.usage() for one in found if isinstance(one, Call)]
        took = time.process_time() - started
        if len(usages) != spans:
            raise AssertionError(f"{len(usages)} of {spans} spans became usage")
        best = max(best, spans / took)
    return best


@contextmanager
def broker() -> Iterator[None]:
    """A Valkey of our own: an accepted push wakes a worker through it."""
    directory = server.ROOT / "valkey"
    valkey = EmbeddedValkey(
        directory=directory,
        port=free_port(),
        password=secrets.token_urlsafe(16),
        log=server.ROOT / "log" / "valkey.log",
        durable=False,
    )
    valkey.prepare()
    valkey.start_detached()
    current_app.conf.broker_url = valkey.url()
    try:
        yield
    finally:
        valkey.shut_down()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--records", type=int, default=1000)
    args = parser.parse_args()
    settings.API_PUSHES_PER_MINUTE = 10**9
    with (
        broker(),
        world.database("bench_push"),
        override_settings(ROOT_URLCONF="benchmarks.push"),
    ):
        organization_id = world.company()
        with tenant_scope(organization_id):
            _, secret = create_api_key(
                actor=system_actor("benchmark"), name="Benchmark", scopes=[P.USAGE_WRITE]
            )
        headers = {"Authorization": f"Bearer {secret}"}
        warm = [usage for part in bodies(4, 5_000, "warm") for usage in part]
        with tenant_scope(organization_id):
            source_id = source_for(
                actor=system_actor("benchmark", organization_id),
                kind=SourceKind.RECORDS_API,
                name="Processed in the request",
            )
        ingest(organization_id=organization_id, source_id=source_id, batch=warm)
        client = Client()
        memory.settle()
        rows = records(client, headers, args.rounds, args.records)
        rows.append(telemetry(client, headers, args.rounds, args.records))
        with Meter() as folding:
            folded = fold(organization_id=organization_id)
        with tenant_scope(organization_id), connection.cursor() as cursor:
            total = UsageRecord.objects.count()
            cursor.execute("SELECT count(*) FROM ingest_batch WHERE status <> 'done'")
            left = cursor.fetchone()[0]
        wanted = len(warm) + 2 * 4 * args.rounds * args.records
        if (total, left) != (wanted, 0):
            raise AssertionError(f"{total} of {wanted} records, {left} batches left")
        rates = {media: decode_rate(media, 5_000) for media in (wire.PROTOBUF, wire.JSON)}
    json_rows = rows[:-1]
    ratio = min(found[-1] for found in json_rows)
    slowest = max(found[2] for found in rows)
    rows += [
        [f"Decode {media} to records", None, None, None, None, None, f"{rate:,.0f} spans/s of CPU"]
        for media, rate in rates.items()
    ]
    report.save(
        "push",
        title="Accepting pushes",
        head=["body", "inbox p50 ms", "p95 ms", "in the request p50 ms", "p95 ms", "by clock",
              "by CPU"],
        rows=rows,
        figures={
            "accept_ratio_cpu": round(ratio, 2),
            "accept_ratio_clock": round(min(found[-2] for found in json_rows), 2),
            "accept_p95_ms": round(slowest, 1),
            "otlp_ratio_cpu": round(rows[len(json_rows)][-1], 2),
            "decode_protobuf_spans_per_cpu_s": round(rates[wire.PROTOBUF]),
            "decode_json_spans_per_cpu_s": round(rates[wire.JSON]),
            "folded_records_per_cpu_s": round(4 * args.rounds * args.records / folding.cpu),
            "batches": folded,
        },
        notes=[
            "The same bodies accepted into the durable inbox and, in turns, processed in the "
            "request. Ratios are how much dearer processing is.",
            f"Targets: ratio {ACCEPT_RATIO:.0f}, p95 under {P95_MS:.0f} ms, "
            f"{DECODE_RATE:,} spans/s.",
        ],
        passed=ratio >= ACCEPT_RATIO
        and slowest < P95_MS
        and min(rates.values()) >= DECODE_RATE,
    )  # fmt: skip


if __name__ == "__main__":
    main()
