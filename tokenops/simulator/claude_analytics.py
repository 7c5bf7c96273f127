"""Anthropic's analytics of usage and cost as documented: rows by bucket and group, a watermark.

The export behind it is refreshed every four hours; buckets after the watermark are told too, as far
as they have come, and are not complete.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tokenops.simulator.billing import bill
from tokenops.simulator.company.types import Workload
from tokenops.simulator.engine import REQUESTS, SEARCHES, UsageModel, utc_day
from tokenops.simulator.grouping import Dimension, Groups, bucket_values
from tokenops.simulator.http import WIDTHS, Answer, BadRequest, Request, Window, floor

BETA = "analytics-usage-cost-2026-08-24"
REFRESHED_EVERY, REFRESH_TAKES = timedelta(hours=4), timedelta(hours=1)
LONGEST, MOST_GROUPS = timedelta(days=31), 5
Row = dict[str, Any]


def watermark(now: datetime) -> datetime:
    """The instant the last export covers."""
    moment = now - REFRESH_TAKES
    return moment.replace(
        hour=moment.hour - moment.hour % 4, minute=0, second=0, microsecond=0, tzinfo=UTC
    )


def answer(
    model: UsageModel, name: str, dimensions: dict[str, Dimension], request: Request, now: datetime
) -> Answer:
    """One page of `usage` or `cost`. Raises BadRequest naming the parameter."""
    if BETA not in request.headers.get("anthropic-beta", ""):
        raise BadRequest("anthropic-beta", f"this endpoint is in beta: send {BETA}")
    width = WIDTHS.get(request.one("time_bucket_width") or "1d")
    if width is None or width.name == "1m":
        raise BadRequest("time_bucket_width", "Input should be '1d' or '1h'")
    start, end = _instant(request, "starting_at"), _instant(request, "ending_at")
    if not timedelta() < end - start <= LONGEST:
        raise BadRequest("ending_at", "the range is more than 31 days, or empty")
    group_by = request.many("group_by")
    wrong = [item for item in group_by if item not in dimensions]
    if wrong or len(group_by) > MOST_GROUPS:
        raise BadRequest("group_by", f"Input should be at most 5 of {', '.join(dimensions)}")
    starts, moment = [], floor(start, width.span)
    while moment < min(end, now):
        starts.append(moment)
        moment += width.span
    window = Window(width, tuple(starts), None)
    read: Callable[..., Iterator[Row]] = _usage if name == "usage" else _cost
    rows = list(read(model, window, dimensions, group_by, now))
    first, size = _number(request, "page", 0), _number(request, "limit", 20)
    if not 1 <= size <= 1000:
        raise BadRequest("limit", "Input should be between 1 and 1000")
    more = first + size < len(rows)
    return Answer(
        {
            "data": rows[first : first + size],
            "has_more": more,
            "next_page": str(first + size) if more else None,
            "data_refreshed_at": _rfc3339(watermark(now)),
        }
    )


def _usage(
    model: UsageModel,
    window: Window,
    dimensions: dict[str, Dimension],
    group_by: list[str],
    now: datetime,
) -> Iterator[Row]:
    groups = Groups(model.workloads, _is_anthropic, dimensions, group_by)
    for start, values in bucket_values(model, window, groups, now):
        for label, row in zip(groups.labels, values, strict=True):
            if row.any():
                head = _head(window, start, dict(zip(group_by, label, strict=True)))
                yield {**head, "usage": _metrics(row)}


def _metrics(row: np.ndarray) -> Row:
    uncached, read, write_5m, write_1h, output = (int(value) for value in row[:5])
    return {
        "uncached_input_tokens": uncached,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": write_5m,
            "ephemeral_1h_input_tokens": write_1h,
        },
        "output_tokens": output,
        "total_tokens": uncached + read + write_5m + write_1h + output,
        "server_tool_use": {"web_search_requests": int(row[SEARCHES])},
        "requests": int(row[REQUESTS]),
    }


def _cost(
    model: UsageModel,
    window: Window,
    dimensions: dict[str, Dimension],
    group_by: list[str],
    now: datetime,
) -> Iterator[Row]:
    for start in window.starts:
        sums: dict[tuple[Any, ...], Decimal] = {}
        for line in bill(model, utc_day(start), now, _is_anthropic):
            label = tuple(dimensions[name](line.work) for name in group_by)
            sums[label] = sums.get(label, Decimal(0)) + line.dollars
        for label, dollars in sorted(sums.items(), key=lambda item: str(item[0])):
            cents = f"{dollars * 100:.4f}"
            head = _head(window, start, dict(zip(group_by, label, strict=True)))
            cost = {"amount": cents, "list_amount": cents, "currency": "USD", "requests": None}
            yield {**head, "cost": cost}


def _is_anthropic(work: Workload) -> bool:
    return work.provider == "anthropic"


def _head(window: Window, start: datetime, group: Row) -> Row:
    return {
        "starting_at": _rfc3339(start),
        "ending_at": _rfc3339(start + window.width.span),
        "group": group,
    }


def _instant(request: Request, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(request.one(name) or "")
    except ValueError as error:
        raise BadRequest(name, "Input should be a valid RFC 3339 datetime") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(request: Request, name: str, default: int) -> int:
    raw = request.one(name) or str(default)
    if not raw.isdigit():
        raise BadRequest(name, "Input should be a number")
    return int(raw)


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
