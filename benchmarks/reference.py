"""What the ledger is compared with: a bare COPY, and a gateway's way of counting.

The bare COPY is a text COPY of prebuilt bytes into a plain heap of 15 narrow columns: no index,
no row level security, no price, no rollup. It is what PostgreSQL does with these rows at best.

The gateway's way is the pattern of a popular open-source gateway with its database mode, written
again here from its documented behaviour: per flush one spend log row per call, and four daily
aggregate tables (user, team, organization, tag) with `INSERT ... ON CONFLICT DO UPDATE` in
statements of 100 rows. It prices nothing and knows no versions, and its money is double precision.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from uuid import uuid4

from django.db import connection

from apps.ledger.schema import UsageIn
from benchmarks.meter import Meter

BARE = "bench_bare"
COLUMNS = (
    "('x' || substr(md5(organization_id::text), 1, 7))::bit(28)::int AS organization",
    *("record_key", "occurred_at", "dimset_id", "price_id", "cost_nanos", "input_uncached"),
    *("output", "cache_read", "reasoning", "requests", "version", "cost_basis", "cost_status"),
    "granularity",
)
FLUSH, STATEMENT = 10_000, 100


class Bare:
    """The records of the ledger as text, to be copied again and again."""

    def __init__(self) -> None:
        chosen = f"SELECT {', '.join(COLUMNS)} FROM usage_record"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {BARE}")
            cursor.execute(f"CREATE TABLE {BARE} AS {chosen} WITH NO DATA")
            with cursor.copy(f"COPY ({chosen}) TO STDOUT") as copy:
                self.data = b"".join(bytes(part) for part in copy)
        self.rows = self.data.count(b"\n")

    def copy(self) -> Meter:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {BARE}")
            with Meter() as meter, cursor.copy(f"COPY {BARE} FROM STDIN") as copy:
                copy.write(self.data)
        return meter


KEYS = (
    *("date", "api_key", "model", "custom_llm_provider", "mcp_namespaced_tool_name", "endpoint"),
)
TABLES = {"user": "user_id", "team": "team_id", "organization": "organization_id", "tag": "tag"}
SUMS = (
    *("prompt_tokens", "completion_tokens", "cache_read_input_tokens"),
    *("cache_creation_input_tokens", "spend", "api_requests", "successful_requests"),
    "failed_requests",
)
LOG_TEXTS = (
    *("call_type", "api_key", "model", "model_id", "model_group", "custom_llm_provider"),
    *("api_base", '"user"', "cache_hit", "cache_key", "team_id", "organization_id", "end_user"),
    *("requester_ip_address", "session_id", "status"),
)
LOG_NUMBERS = ("spend", "total_tokens", "prompt_tokens", "completion_tokens")
LOG_JSON = ("metadata", "request_tags", "messages", "response")


def create_gateway() -> None:
    """Its tables with the columns, unique keys and indexes of its published schema."""
    with connection.cursor() as cursor:
        for name, entity in TABLES.items():
            table = f"gateway_daily_{name}"
            texts = ", ".join(f"{key} text" for key in (entity, *KEYS, "model_group"))
            sums = ", ".join(
                f"{total} {'double precision' if total == 'spend' else 'bigint'} DEFAULT 0"
                for total in SUMS
            )
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(
                f"CREATE TABLE {table} (id text PRIMARY KEY, {texts}, {sums}, created_at "
                f"timestamp DEFAULT now(), updated_at timestamp, "
                f"UNIQUE ({entity}, {', '.join(KEYS)}))"
            )
            others = ("date", f"{entity}, date", "api_key", "model")
            for columns in (*others, "mcp_namespaced_tool_name", "endpoint"):
                cursor.execute(f"CREATE INDEX ON {table} ({columns})")
        cursor.execute("DROP TABLE IF EXISTS gateway_spend_log")
        columns = [
            "request_id text PRIMARY KEY",
            *(f"{name} text" for name in LOG_TEXTS),
            *(f"{n} {'double precision' if n == 'spend' else 'int'}" for n in LOG_NUMBERS),
            *(f"{name} timestamp" for name in ("start_time", "end_time")),
            *(f"{name} jsonb" for name in LOG_JSON),
        ]
        cursor.execute(f"CREATE TABLE gateway_spend_log ({', '.join(columns)})")
        for indexed in ("start_time", "start_time, request_id", "end_user", "session_id"):
            cursor.execute(f"CREATE INDEX ON gateway_spend_log ({indexed})")


def gateway(usages: Sequence[UsageIn]) -> Meter:
    """Count calls the gateway's way, a transaction per statement as its client does."""
    with Meter() as meter:
        for start in range(0, len(usages), FLUSH):
            flush = usages[start : start + FLUSH]
            _log(flush)
            for name, entity in TABLES.items():
                _daily(name, entity, flush)
    return meter


def _tags(usage: UsageIn) -> tuple[str, str]:
    """It adds tags for the caller's user agent by itself."""
    return usage.project_id, "User-Agent: client/1.2.3"


def _log(flush: Sequence[UsageIn]) -> None:
    names = ("request_id", *LOG_TEXTS, *LOG_NUMBERS, "start_time", "end_time", *LOG_JSON)
    rows = [
        (
            *(u.event_id, "acompletion", u.api_key_id, u.model, "m-1", u.model, u.provider),
            *("https://api.example/v1", u.user, "False", "off", u.project_id, "org", u.user),
            *("10.0.0.1", f"session-{u.api_key_id}", "success", 0.00123),
            *(u.input_uncached + u.output, u.input_uncached, u.output),
            *(u.occurred_at, u.occurred_at, json.dumps(_metadata(u)), json.dumps(_tags(u))),
            *("{}", "{}"),
        )
        for u in flush
    ]
    _statements(
        f"INSERT INTO gateway_spend_log ({', '.join(names)}) VALUES {{rows}} "
        "ON CONFLICT (request_id) DO NOTHING",
        rows,
    )


def _metadata(u: UsageIn) -> dict[str, object]:
    usage = {"prompt_tokens": u.input_uncached, "completion_tokens": u.output}
    return {
        "user_api_key": u.api_key_id,
        "user_api_key_alias": u.api_key,
        "user_api_key_team_id": u.project_id,
        "user_api_key_user_id": u.user,
        "requester_ip_address": "10.0.0.1",
        "applied_guardrails": [],
        "status": "success",
        "usage_object": {**usage, "cache_read_input_tokens": u.cache_read},
    }


def _daily(name: str, entity: str, flush: Sequence[UsageIn]) -> None:
    sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0] * len(SUMS))
    for u in flush:
        of = {"user": [u.user], "team": [u.project_id], "organization": ["org"], "tag": _tags(u)}
        day = u.occurred_at.date().isoformat()
        values = (u.input_uncached, u.output, u.cache_read, u.cache_write_5m, 0.00123, 1, 1, 0)
        for owner in of[name]:
            cell = sums[owner, day, u.api_key_id, u.model, u.provider, "", "/chat/completions"]
            for index, value in enumerate(values):
                cell[index] += value
    changes = ", ".join(f"{s} = gateway_daily_{name}.{s} + excluded.{s}" for s in SUMS)
    _statements(
        f"INSERT INTO gateway_daily_{name} (id, {entity}, {', '.join((*KEYS, *SUMS))}, "
        f"model_group, updated_at) VALUES {{rows}} "
        f"ON CONFLICT ({entity}, {', '.join(KEYS)}) DO UPDATE SET {changes}, "
        "updated_at = excluded.updated_at",
        [
            (str(uuid4()), *key, *values, key[3], flush[0].occurred_at)
            for key, values in sorted(sums.items())
        ],
    )


def _statements(sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        for start in range(0, len(rows), STATEMENT):
            part = rows[start : start + STATEMENT]
            one = "(" + ", ".join(["%s"] * len(part[0])) + ")"
            cursor.execute(
                sql.format(rows=", ".join([one] * len(part))),
                [value for row in part for value in row],
            )
