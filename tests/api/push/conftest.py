"""Sending OTLP, and what the ledger has of it."""

import gzip

import pytest
from django.db import connection

from apps.connectors.push.models import PushTally
from apps.ledger.models import UsageRecord
from apps.ledger.services import fold
from tests.factories.otlp import JSON, PROTOBUF, as_json
from tests.factories.pricing import load_prices

SIGNALS = {"ExportTraceServiceRequest": "traces", "ExportLogsServiceRequest": "logs"}


@pytest.fixture
def otlp(world, client):
    """Send a message or bytes; `json=True` sends the same as OTLP/JSON."""

    def send(message, signal="", *, kind=PROTOBUF, json=False, zipped=False, headers=None, **extra):
        signal = signal or SIGNALS.get(type(message).__name__, "metrics")
        if json:
            message, kind = as_json(message), JSON
        data = message if isinstance(message, bytes) else message.SerializeToString()
        given = dict(world.a.key_headers if headers is None else headers)
        if zipped:
            data = gzip.compress(data)
            given["Content-Encoding"] = "gzip"
        extra = {"CONTENT_TYPE": kind, **extra}  # the client drops it with an empty body
        return client.post(
            f"/api/v1/otlp/v1/{signal}", data, content_type=kind, headers=given, **extra
        )

    return send


@pytest.fixture
def ledger(world):
    """Fold what was accepted; the records with tokens, by time."""

    def read():
        load_prices()
        fold(organization_id=world.a.id)
        with world.a.scope():
            return [
                record for record in UsageRecord.objects.order_by("occurred_at") if tokens(record)
            ]

    return read


def tokens(record):
    return sum(
        getattr(record, kind) or 0
        for kind in (
            "input_uncached",
            "cache_read",
            "cache_write_5m",
            "cache_write_1h",
            "output",
            "reasoning",
        )
    )


def tally(world):
    """Counts by (dialect, signal, outcome)."""
    with world.a.scope():
        found = {}
        for row in PushTally.objects.all():
            key = (row.dialect, row.signal, row.outcome)
            found[key] = found.get(key, 0) + row.items
        return found


def everything():
    """Every row of every table of the site as text, stored bodies unpacked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind IN ('r', 'p') AND nspname = 'public' AND NOT relispartition "
            "AND has_table_privilege(c.oid, 'SELECT')"
        )
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (text,) in cursor.fetchall():
                yield table, text
        for table, column in (("ingest_batch", "payload"), ("push_provisional", "usage")):
            cursor.execute(f"SELECT {column} FROM {table}")
            for (payload,) in cursor.fetchall():
                raw = bytes(payload)
                if raw[:2] == b"\x1f\x8b":
                    raw = gzip.decompress(raw)
                yield table, raw.decode()
