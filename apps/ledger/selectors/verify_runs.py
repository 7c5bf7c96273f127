"""Holding runs against a recomputation from their calls, and days against the runs."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from apps.common.tokens import INPUT_KINDS, KINDS
from apps.ledger.enums import NO_KEY, CostStatus, RunOutcome
from apps.ledger.models import (
    PART_COLUMNS,
    RUN_SUMS,
    AttributionSpan,
    RollupRun,
    UsageRecord,
    UsageRun,
    UsageRunDetail,
)
from apps.ledger.selectors.periods import pruned_months
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.selectors.verify import MAX_DIFFERENCES, Difference, Verification

_FACTS = (
    "parent_key",
    "dimset_id",
    "agent_id",
    "workflow_id",
    "tokens",
    "day",
    "started_at",
    "ended_at",
    "outcome",
    "unit_id",
    "capability_id",
    "story_id",
)
_KEY = ("capability_id", "day", "unit_id", "story_id", "source_id", "workflow_id", "agent_id")
_BAD = (RunOutcome.ERROR, RunOutcome.TIMEOUT)
PAGE = 2_000
Call = tuple[UsageRecord, UsageRunDetail]


def verify_runs() -> Verification:
    """Compare every run and every day of runs of the open scope, to the nano.

    The sums are recomputed row by row in Python, apart from the statements that maintain them.
    """
    wrong: list[Difference] = []
    zone = ZoneInfo(ledger_settings().timezone)
    cells: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * (1 + len(RUN_SUMS)))
    pruned = set(pruned_months())
    checked, page = 0, list[UsageRun]()
    while page := list(_after(page[-1].run_key if checked else None)):
        calls = _calls([run.run_key for run in page])
        checked += len(page)
        for run in page:
            should = _expected(calls[run.run_key], zone)
            is_ = {name: getattr(run, name) for name in (*RUN_SUMS, *_FACTS)}
            gone = run.day is not None and run.day.replace(day=1) in pruned
            if should != is_ and not gone:
                wrong.append(_difference("usage_run", (run.run_key,), should, is_))
            if run.day is not None:
                cell = cells[tuple(getattr(run, name) for name in _KEY)]
                for index, value in enumerate((1, *(getattr(run, name) for name in RUN_SUMS))):
                    cell[index] += value
    known = UsageRun.objects.filter(run_key=OuterRef("run_key"))
    orphans = UsageRunDetail.objects.exclude(Exists(known)).values_list("run_key", flat=True)
    wrong += [_difference("usage_run", (key,), {"rows": 1}, {"rows": 0}) for key in orphans]
    names = ("runs", *RUN_SUMS)
    stored = {
        tuple(getattr(row, name) for name in _KEY): [getattr(row, name) for name in names]
        for row in RollupRun.objects.all()
    }
    every = stored.keys() | cells.keys()
    zero = [0] * len(names)
    for key in every:
        should_be, found = cells.get(key, zero), stored.get(key, zero)
        if should_be != found:
            wrong.append(
                _difference(
                    "rollup_run",
                    key,
                    dict(zip(names, should_be, strict=True)),
                    dict(zip(names, found, strict=True)),
                )
            )
    return Verification(checked + len(every), len(wrong), wrong[:MAX_DIFFERENCES])


def _difference(
    table: str, cell: tuple[Any, ...], should: dict[str, Any], is_: dict[str, Any]
) -> Difference:
    names = [name for name in should if should[name] != is_.get(name)]
    return Difference(table, cell, {n: is_.get(n, 0) for n in names}, {n: should[n] for n in names})


def _after(key: int | None) -> Iterable[UsageRun]:
    """The next page of runs."""
    found = UsageRun.objects.order_by("run_key")
    return (found if key is None else found.filter(run_key__gt=key))[:PAGE]


def _calls(runs: list[int]) -> dict[int, list[Call]]:
    """Details of these runs with their records, by run, in the order of the calls."""
    details = list(
        UsageRunDetail.objects.filter(run_key__in=runs).order_by("occurred_at", "record_key")
    )
    found: dict[int, list[Call]] = defaultdict(list)
    if not details:
        return found
    records = {
        (row.occurred_at, row.record_key): row
        for row in UsageRecord.objects.exclude(cost_status=CostStatus.WITHDRAWN).filter(
            occurred_at__gte=details[0].occurred_at,
            occurred_at__lte=details[-1].occurred_at,
            record_key__in=[detail.record_key for detail in details],
        )
    }
    for detail in details:
        record = records.get((detail.occurred_at, detail.record_key))
        if record is not None:
            found[detail.run_key].append((record, detail))
    return found


def _expected(calls: list[Call], zone: ZoneInfo) -> dict[str, Any]:
    """What a run of these calls has to say."""
    sums = dict.fromkeys(RUN_SUMS, 0)
    for record, detail in calls:
        tokens = {kind: getattr(record, kind) or 0 for kind in KINDS}
        read = sum(tokens[kind] for kind in INPUT_KINDS)
        parts = [getattr(detail, name) for name in PART_COLUMNS]
        sums["calls"] += 1
        sums["requests"] += record.requests or 0
        sums["input_tokens"] += read
        sums["cached_tokens"] += tokens["cache_read"]
        sums["output_tokens"] += sum(tokens.values()) - read
        sums["cost_nanos"] += record.cost_nanos or 0
        sums["unpriced_calls"] += record.cost_status >= CostStatus.UNPRICED
        sums["retries"] += detail.retry
        sums["failed_calls"] += detail.outcome in _BAD
        sums["tool_calls"] += detail.tool_id is not None
        if None not in parts:
            sums["parted_calls"] += 1
            sums["parted_input"] += max(read, sum(parts))
            for name, value in zip(PART_COLUMNS, parts, strict=True):
                sums[name] += value
    return sums | _facts(calls, zone) | {"tokens": sums["input_tokens"] + sums["output_tokens"]}


def _facts(calls: list[Call], zone: ZoneInfo) -> dict[str, Any]:
    nobody = UUID(NO_KEY)
    none = {"unit_id": nobody, "capability_id": nobody, "story_id": nobody}
    if not calls:
        empty: dict[str, Any] = dict.fromkeys(_FACTS, 0)
        return empty | {"day": None, "started_at": None, "ended_at": None} | none
    first, last = calls[0][0], calls[-1][0]
    day = _day(first.occurred_at, zone)
    span = AttributionSpan.objects.filter(
        dimset_id=first.dimset_id, valid_from__lte=day, valid_to__gt=day
    ).first()

    def stated(name: str, *, skip: int = 0) -> int:
        values = (getattr(detail, name) for _, detail in calls)
        return next((value for value in values if value and value != skip), 0)

    outcomes = (detail.outcome for _, detail in reversed(calls))
    return {
        "dimset_id": first.dimset_id,
        "parent_key": stated("parent_key", skip=calls[0][1].run_key),
        "agent_id": stated("agent_id"),
        "workflow_id": stated("workflow_id"),
        "day": day,
        "started_at": first.occurred_at,
        "ended_at": last.occurred_at,
        "outcome": next((o for o in outcomes if o != RunOutcome.UNKNOWN), RunOutcome.UNKNOWN),
        **{name: (span and getattr(span, name)) or nobody for name in none},
    }


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
