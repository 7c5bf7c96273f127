"""Trends: what more in every run costs, what every run repeats, and budgets that are filled."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from django.utils.html import format_html

from apps.budgets.rules.filling import Verdict
from apps.budgets.selectors.history import History
from apps.common import fmt
from apps.common.templatetags.ui import chip
from apps.ledger.rules.trends import rounded
from apps.portal.selectors.amplification import Amplification, Inefficiency
from apps.portal.web.trends_state import State
from apps.portal.web.trends_tables import MOST_ROWS, Column, Sheet, amount

VERDICTS = {
    Verdict.FILLING: ("Fills its budget", "warn"),
    Verdict.DEMAND: ("Demand grows", ""),
    Verdict.OVERSPENT: ("Over its limit", "bad"),
    Verdict.ROOM: ("Has room", "ok"),
    Verdict.UNKNOWN: ("Cannot be told", ""),
}


def sensitivity_sheet(found: Amplification, state: State) -> Sheet:
    """What more tokens in every run cost a year."""
    money = state.currency

    def filed() -> Iterable[list[Any]]:
        for line in found.lines:
            pace = line.pace
            price = pace.price * 1_000_000 if pace.price is not None else None
            yield [
                line.label,
                line.key,
                line.counts or None,
                rounded(pace.runs_a_year if line.counts else None, 2),
                rounded(pace.tokens_per_run, 2),
                amount(round(price)) if price is not None else None,
                state.extra,
                amount(line.extra_nanos),
            ]

    rows = [
        [
            line.label,
            f"{fmt.tokens(round(line.pace.runs_a_year))} {line.counts}"
            if line.counts and line.pace.runs_a_year is not None
            else fmt.DASH,
            fmt.tokens(round(line.pace.tokens_per_run))
            if line.pace.tokens_per_run is not None
            else fmt.DASH,
            fmt.money(
                round(line.pace.price * 1_000_000) if line.pace.price is not None else None,
                money,
                "unit",
            ),
            fmt.money(line.extra_nanos, money),
            fmt.pct(line.share, 1),
        ]
        for line in found.lines[:MOST_ROWS]
    ]
    return Sheet(
        "sensitivity",
        f"{state.extra:,} more tokens in every run",
        [
            Column("Capability", ""),
            Column("A year"),
            Column("Tokens each"),
            Column("Price per million"),
            Column(f"+{state.extra:,} tokens, a year", "num b6"),
            Column("Of its cost"),
        ],
        rows,
        [
            "Capability",
            "Capability (id)",
            "Counted",
            "Runs a year",
            "Tokens per run",
            f"Price per million ({money})",
            "Extra tokens per run",
            f"Cost a year ({money})",
        ],
        filed,
        max(0, len(found.lines) - MOST_ROWS),
    )


def said(found: Inefficiency) -> str:
    """What was measured, in words."""
    if found.kind == "longer":
        one = found.counts.removesuffix("s")
        return f"{fmt.count(found.before)} → {fmt.count(found.now)} tokens per {one}"
    noun = "retried" if found.kind == "retries" else "failed"
    share = fmt.pct(Fraction(found.before, found.now), 1)  # type: ignore[arg-type]
    return f"{share} of the calls {noun}"


KIND_TITLES = {"longer": "Longer {}", "retries": "Retries", "failures": "Failed calls"}


def _what(found: Inefficiency) -> str:
    return KIND_TITLES[found.kind].format(found.counts)


def inefficiency_sheet(found: Amplification, state: State) -> Sheet:
    """Small things that every run repeats, the dearest a year first."""
    money = state.currency

    def filed() -> Iterable[list[Any]]:
        for one in found.inefficiencies:
            yield [
                one.label,
                one.key,
                _what(one),
                said(one),
                amount(one.year_nanos),
            ]

    return Sheet(
        "inefficiencies",
        "Small inefficiencies by their effect in a year",
        [
            Column("Capability", ""),
            Column("What", ""),
            Column("Measured", ""),
            Column("A year", "num b6"),
        ],
        [
            [
                one.label,
                _what(one),
                said(one),
                fmt.money(one.year_nanos, money),
            ]
            for one in found.inefficiencies[:MOST_ROWS]
        ],
        ["Capability", "Capability (id)", "What", "Measured", f"Cost a year ({money})"],
        filed,
        max(0, len(found.inefficiencies) - MOST_ROWS),
    )


def filling_sheet(found: Sequence[History], link: Callable[[History], str]) -> Sheet:
    """Budgets by how far their last whole period was used."""

    def row(one: History) -> list[Any]:
        label, tone = VERDICTS[one.verdict]
        return [
            format_html('<a href="{}">{}</a>', link(one), one.budget.name),
            _shares(one),
            fmt.pct(one.last_share),  # type: ignore[arg-type]
            fmt.delta(float(one.demand)) if one.demand is not None else fmt.DASH,
            chip(label, tone),
        ]

    def filed() -> Iterable[list[Any]]:
        for one in found:
            for period, use in zip(one.periods, one.uses, strict=True):
                money = one.measure == "money"
                yield [
                    one.budget.name,
                    one.budget.id,
                    one.measure,
                    period.start,
                    period.end,
                    amount(use.limit) if money else use.limit,
                    amount(use.used) if money else use.used,
                    rounded(use.share),
                    use.requests,
                    one.verdict.value,
                ]

    return Sheet(
        "budgets",
        "Budgets over their last whole periods",
        [
            Column("Budget", ""),
            Column("Used, period by period", ""),
            Column("Last period", "num b6"),
            Column("Requests a day"),
            Column("What it says", ""),
        ],
        [row(one) for one in found[:MOST_ROWS]],
        [
            "Budget",
            "Budget (id)",
            "Measure",
            "From",
            "Until (day after)",
            "Limit",
            "Used",
            "Share",
            "Requests",
            "Verdict",
        ],
        filed,
        max(0, len(found) - MOST_ROWS),
    )


def _shares(one: History) -> str:
    return " → ".join(fmt.pct(use.share) for use in one.uses)  # type: ignore[arg-type]
