"""Langfuse's numbers in the ledger's words. Pure.

The metrics API sums `inputTokens` (cached ones included) and `outputTokens` (reasoning included).
An observation's `usageDetails` is an open map from a name to tokens: buckets that exclude each
other and add up to `total`; some instrumentations leave the details inside `input` and `output`,
which the total gives away.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import ClassVar

from apps.common.tokens import INPUT_KINDS, KINDS, TokenCounts
from apps.connectors.providers.base import Ask, RowRefused, with_counts
from apps.connectors.providers.call_rules import model_of, provider_of
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn

GATEWAY = "langfuse"
NANO = Decimal(10) ** -9


class MetricsRow(
    Documented,
    rename={
        "day": "time_dimension",
        "model": "providedModelName",
        "input": "sum_inputTokens",
        "output": "sum_outputTokens",
        "total": "sum_totalTokens",
        "cost": "sum_totalCost",
        "calls": "count_count",
    },
):
    """A day of one model and environment. Sums may arrive as text; of no rows they are null."""

    day: str
    model: str | None
    input: int | None
    output: int | None
    total: int | None
    cost: Decimal | None
    calls: int | None
    environment: str | None = ""


class Observation(Documented, rename="camel"):
    """A generation. Input, output and metadata are never asked for."""

    id: str
    start_time: datetime
    usage_details: dict[str, int | None]
    model: str | None = None
    provided_model_name: str | None = None
    environment: str | None = ""
    name: str | None = ""
    user_id: str | None = ""
    total_cost: Decimal | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset(
        {"model", "provided_model_name", "environment", "name", "user_id", "total_cost"}
    )


def kind_of(name: str) -> str | None:
    """The token kind that a usage name means; None for a name that means none."""
    word = name.lower()
    if "reasoning" in word or "thought" in word:
        return "reasoning"
    written = word.startswith(("output", "completion"))
    for media in ("audio", "image"):
        if media in word and "cache" not in word:
            return f"{media}_output" if written else f"{media}_input"
    if written:
        return "output"
    if "cache_creation" in word or "cache_write" in word:
        return "cache_write_1h" if "1h" in word else "cache_write_5m"
    if "cache" in word:
        return "cache_read"
    return "input_uncached" if word.startswith(("input", "prompt")) else None


def split(details: dict[str, int | None]) -> tuple[TokenCounts, str]:
    """Disjoint counts of an observation, and what did not add up.

    Raises RowRefused for negative counts and for details larger than what contains them.
    """
    counts = dict.fromkeys(KINDS, 0)
    strange = []
    for name, value in details.items():
        kind = kind_of(name)
        if name == "total" or not value:
            continue
        if kind is None:
            strange.append(name)
        else:
            counts[kind] += value
    total = details.get("total")
    whole = (details.get("input") or 0) + (details.get("output") or 0)
    if total is not None and total == whole != sum(counts.values()):
        inside = {kind: counts[kind] for kind in KINDS if kind not in ("input_uncached", "output")}
        counts["input_uncached"] -= sum(inside[k] for k in INPUT_KINDS if k in inside)
        counts["output"] -= sum(v for k, v in inside.items() if k not in INPUT_KINDS)
    if min(counts.values()) < 0:
        raise RowRefused("the usage details are larger than input and output")
    problems = [f"{name} is no kind of token" for name in strange]
    if total is not None and total != sum(counts.values()):
        problems.append(f"total {total} is not {sum(counts.values())}")
    return TokenCounts(**counts), "; ".join(problems)


def day_of(row: MetricsRow) -> date:
    """The row's UTC day. Raises RowRefused."""
    try:
        return date.fromisoformat(row.day[:10])
    except ValueError as error:
        raise RowRefused(f"{row.day[:20]!r} is no day") from error


def usage_of(row: MetricsRow, day: date, ask: Ask) -> tuple[UsageIn, str]:
    """A day to compare; its input is not split. Raises RowRefused for negative counts."""
    given, written = row.input or 0, row.output or 0
    if min(given, written, row.calls or 0) < 0:
        raise RowRefused("a count is negative")
    total = row.total
    model = row.model or "unknown"
    problem = ""
    if total is not None and total != given + written:
        problem = f"total {total} is not {given + written}"
    record = UsageIn(
        occurred_at=datetime.combine(day, time(), UTC),
        granularity="day",
        observed_at=ask.observed_at,
        provider=provider_of(model, otherwise=GATEWAY),
        account=ask.account,
        model=model_of(model),
        project_id=row.environment or "",
        project=row.environment or "",
        input_uncached=given,
        output=written,
        requests=row.calls,
        cost=None if row.cost is None else row.cost.quantize(NANO),
    )
    return record, problem


def call_of(row: Observation, ask: Ask) -> tuple[UsageIn, str]:
    """One generation. Raises RowRefused for counts that cannot be true."""
    counts, problem = split(row.usage_details)
    started = row.start_time if row.start_time.tzinfo else row.start_time.replace(tzinfo=UTC)
    model = row.provided_model_name or row.model or "unknown"
    cost = row.total_cost if row.total_cost and row.total_cost > 0 else None
    record = UsageIn(
        occurred_at=started,
        event_id=row.id,
        observed_at=ask.observed_at,
        provider=provider_of(model, otherwise=GATEWAY),
        account=ask.account,
        model=model_of(model),
        project_id=(row.environment or "")[:255],
        project=(row.environment or "")[:255],
        user=(row.user_id or "")[:255],
        requests=1,
        cost=None if cost is None else cost.quantize(NANO),
        cost_basis=None if cost is None else "computed",
    )
    return with_counts(record, counts), problem
