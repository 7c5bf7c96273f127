"""What Explore can show: how each measure is read from a row and written."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.common import fmt
from apps.ledger.query import Row

Text = Callable[[int | float, str], str]


@dataclass(frozen=True, slots=True)
class Measure:
    """`adds` says whether values of groups may be added up; a unit price may not. `runs` are
    counted for it: by team, capability, category, story and source only. `bound`: of a row in
    which some sources count no requests the value is a lower bound."""

    key: str
    label: str
    read: Callable[[Row], int | None]
    axis: Text
    cell: Text
    adds: bool = True
    runs: bool = False
    bound: bool = False


def _tokens(value: float, _: str) -> str:
    return fmt.tokens(int(value))


def _axis_tokens(value: float, _: str) -> str:
    return fmt.axis_tokens(value)


def _money(value: float, currency: str) -> str:
    return fmt.money(int(value), currency)


def _per_million(row: Row) -> int | None:
    return fmt.per_million(row.cost_nanos, row.tokens.total - row.unpriced_tokens)


def _unit(value: float, currency: str) -> str:
    return fmt.money(int(value), currency, "unit")


def _written(row: Row) -> int:
    return row.tokens.cache_write_5m + row.tokens.cache_write_1h


def _audio(row: Row) -> int:
    return row.tokens.audio_input + row.tokens.audio_output


def _image(row: Row) -> int:
    return row.tokens.image_input + row.tokens.image_output


def per_run(row: Row) -> int | None:
    """Known cost of the calls of runs per run; usage outside of runs is not in it."""
    if not row.runs or row.run_cost_nanos is None:
        return None
    return round(row.run_cost_nanos / row.runs)


MEASURES: dict[str, Measure] = {
    m.key: m
    for m in (
        Measure("cost", "Cost", lambda row: row.cost_nanos, fmt.axis_money, _money),
        Measure("tokens", "Tokens", lambda row: row.tokens.total, _axis_tokens, _tokens),
        Measure("input", "Input tokens", lambda row: row.tokens.input, _axis_tokens, _tokens),
        Measure(
            "cached",
            "Cached input tokens",
            lambda row: row.tokens.cache_read,
            _axis_tokens,
            _tokens,
        ),
        Measure("written", "Cache write tokens", _written, _axis_tokens, _tokens),
        Measure("output", "Output tokens", lambda row: row.tokens.generated, _axis_tokens, _tokens),
        Measure(
            "reasoning",
            "Reasoning tokens",
            lambda row: row.tokens.reasoning,
            _axis_tokens,
            _tokens,
        ),
        Measure("audio", "Audio tokens", _audio, _axis_tokens, _tokens),
        Measure("image", "Image tokens", _image, _axis_tokens, _tokens),
        Measure(
            "requests",
            "Requests",
            lambda row: row.counted_requests,
            _axis_tokens,
            _tokens,
            bound=True,
        ),
        Measure(
            "price", "Cost per million tokens", _per_million, fmt.axis_money, _unit, adds=False
        ),
        Measure(
            "request_cost",
            "Cost per request",
            lambda row: row.cost_per_request,
            fmt.axis_money,
            _unit,
            adds=False,
        ),
        Measure("runs", "Runs", lambda row: row.runs, _axis_tokens, _tokens, runs=True),
        Measure("run_cost", "Cost per run", per_run, fmt.axis_money, _unit, adds=False, runs=True),
        Measure(
            "unpriced",
            "Tokens without a price",
            lambda row: row.unpriced_tokens,
            _axis_tokens,
            _tokens,
        ),
    )
}
