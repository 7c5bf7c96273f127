"""Google's models from three sides: measured by telemetry, seen by a gateway, billed by a file."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from apps.access.roles import Role
from apps.connectors.enums import SourceKind, SourceRole
from apps.connectors.imports import services as imports
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.models import Source
from apps.connectors.push.services import accept_litellm
from apps.connectors.services.roles import change_role
from apps.connectors.services.sources import intake_source
from apps.ledger.query import Query, Row, run
from apps.ledger.services import fold
from apps.tenancy.scope import tenant_scope
from tokenops.demo.organization import Demo
from tokenops.demo.telemetry import DAYS

GATEWAY = "LiteLLM callback"
SEEN = 82
"""Per cent of the tokens that pass the gateway."""
BILL = "gcp-billing-export.csv"
HEAD = (
    "billing_account_id,service.description,sku.id,sku.description,usage_start_time,usage_end_time,"
    "project.id,project.name,location.region,cost,currency,usage.amount,usage.unit,cost_type\n"
)
PRICES = {
    # model: its name on the bill, USD per million tokens of input, cached input and output
    "gemini-2.5-pro": ("Gemini 2.5 Pro", Decimal("1.25"), Decimal("0.125"), Decimal(10)),
    "gemini-2.5-flash": ("Gemini 2.5 Flash", Decimal("0.30"), Decimal("0.03"), Decimal("2.50")),
}


def push_gateway(demo: Demo, now: dt.datetime) -> None:
    """What a gateway saw of the week of telemetry, compared only; once."""
    with tenant_scope(demo.organization.id):
        if Source.objects.filter(kind=SourceKind.LITELLM_PUSH).exists():
            return
        source = intake_source(
            actor=demo.role(Role.ADMIN), kind=SourceKind.LITELLM_PUSH, name=GATEWAY
        )
        change_role(
            actor=demo.role(Role.TOKENOPS_LEAD),
            source_id=source.id,
            version=source.version,
            role=SourceRole.COMPARISON,
            since=now.date() - dt.timedelta(days=DAYS + 1),
            reason="The services tell their calls themselves; the gateway sees most of them.",
        )
        calls = [_call(row) for row in _measured(now)]
        accept_litellm(actor=demo.role(Role.ADMIN), data=json.dumps(calls).encode(), lines=False)
    fold(organization_id=demo.organization.id)


def ensure_bill(demo: Demo, now: dt.datetime) -> None:
    """Import the week's bill once. Its usage stays on the bill: telemetry counts it."""
    if ImportJob.objects.filter(filename=BILL).exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    data = (HEAD + "".join(_lines(now))).encode()
    job = imports.upload_file(actor=actor, filename=BILL, pieces=[data])
    job = imports.map_columns(
        actor=actor,
        job_id=job.id,
        mapping=replace(Mapping.from_json(job.mapping), bill_only=True),
        source_name=job.source_name,
    )
    while imports.check_slice(job.id, job.generation):
        pass
    job = imports.start_import(actor=actor, job_id=job.id)
    while imports.write_slice(job.id, job.generation):
        pass


def _measured(now: dt.datetime) -> list[Row]:
    today = now.date()
    found = run(
        Query(
            start=today - dt.timedelta(days=DAYS + 1),
            end=today + dt.timedelta(days=1),
            grain="day",
            group_by=("model",),
            filters={"provider": ["google"], "model": list(PRICES)},
            order="period",
        )
    )
    return found.rows


def _call(row: Row) -> dict[str, Any]:
    """A day's calls of a model as one of the gateway's payloads."""
    tokens, at = row.tokens, dt.datetime.combine(_day(row), dt.time(12), dt.UTC)
    cached = tokens.cache_read * SEEN // 100
    inputs = (tokens.input_uncached + tokens.cache_read) * SEEN // 100
    outputs = (tokens.output + tokens.reasoning) * SEEN // 100
    details = {"prompt_tokens_details": {"cached_tokens": cached}}
    return {
        "litellm_call_id": f"edge-{at:%m%d}-{row.keys[0]}",
        "status": "success",
        "custom_llm_provider": "vertex_ai",
        "model": row.keys[0],
        "startTime": at.timestamp(),
        "prompt_tokens": inputs,
        "completion_tokens": outputs,
        "metadata": {"user_api_key_team_alias": "Workplace", "usage_object": details},
    }


def _lines(now: dt.datetime) -> Iterator[str]:
    """Tokens of the days that are billed by now, a day before anybody measured, and what a bill
    has besides: searches, a discount, the tax."""
    rows = _measured(now)
    days = sorted({_day(row) for row in rows})[:-1]
    total = Decimal()
    for row in rows:
        if _day(row) not in days:
            continue
        name, *prices = PRICES[str(row.keys[0])]
        tokens = row.tokens
        counts = (tokens.input_uncached, tokens.cache_read, tokens.output + tokens.reasoning)
        meters = ("Text Input", "Cached Text Input", "Text Output")
        for meter, count, price in zip(meters, counts, prices, strict=True):
            cost = price * count / 1_000_000
            total += cost
            yield _line(_day(row), f"{name} GA {meter} - Predictions", cost, count)
    before, last = days[0] - dt.timedelta(days=1), days[-1]
    yield _line(before, "Gemini 2.5 Pro GA Text Input - Predictions", Decimal("2.75"), 2_200_000)
    yield _line(last, "Vertex AI Search queries", Decimal("1.80"), 1_200)
    yield _line(last, "Committed use discount", -total / 10, 0)
    yield _line(last, "VAT", (total * Decimal("0.9")) / 5, 0, kind="tax")


def _line(day: dt.date, sku: str, cost: Decimal, count: int, *, kind: str = "regular") -> str:
    after = day + dt.timedelta(days=1)
    return (
        f"01A2B3-C4D5E6,Vertex AI,{sku[:14].strip()},{sku},{day} 00:00:00 UTC,{after} 00:00:00 UTC,"
        f"workplace-prod,Workplace,europe-west1,{cost:.6f},USD,{count},count,{kind}\n"
    )


def _day(row: Row) -> dt.date:
    return dt.date.fromisoformat(str(row.period))
