"""Runs in words, numbers and charts: what the list, the run and the capability's card share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.ledger.enums import RunOutcome
from apps.ledger.models import UsageRun
from apps.ledger.rules import bands as rules
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Figures, Names, Reach, Totals
from apps.ledger.web.notes import Event, chart_notes

PART_LABELS = {
    "system_prompt": "System prompt",
    "safety_instructions": "Safety instructions",
    "retrieved_context": "Retrieved context",
    "conversation_history": "Conversation history",
    "tool_use": "Tool calls and results",
    "multimodal_input": "Multimodal input",
    "user_text": "User text",
    "rest": "Not stated",
}
PART_TONES = dict(zip(PART_LABELS, ("s1", "s2", "s3", "s4", "s5", "s6", "s8", "s7"), strict=True))
OUTCOME_TONES = {
    RunOutcome.SUCCESS: "ok",
    RunOutcome.ERROR: "bad",
    RunOutcome.TIMEOUT: "bad",
    RunOutcome.CANCELLED: "warn",
}
_POSITIONS = {"below": "Below the band", "inside": "Inside", "above": "Above the band"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the prompts: its tokens and share of the stated input."""

    label: str
    tone: str
    tokens: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class BandLine:
    """A figure held against its band."""

    label: str
    meaning: str
    value: str
    band: str
    position: str
    tone: str


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one workflow, agent or capability, and the address that narrows to them."""

    label: str
    value: str
    totals: Totals


def outcome(row: UsageRun) -> SafeString | str:
    """How a run ended, in colour."""
    known = RunOutcome(row.outcome)
    if known == RunOutcome.UNKNOWN:
        return fmt.DASH
    return format_html('<span class="chip {}">{}</span>', OUTCOME_TONES[known], known.label)


def headline(found: Figures, currency: str) -> str:
    """How many runs there were and what one costs."""
    totals = found.totals
    if not totals.runs:
        return "No run began in these days"
    runs = fmt.plural(totals.runs, "run")
    if (each := totals.cost_per_run) is None:
        return f"{runs}, none with a price yet"
    if totals.runs == 1:
        return f"1 run cost {fmt.money(each, currency, 'unit')}"
    text = f"{runs} cost {fmt.money(each, currency, 'unit')} each"
    return f"{text}, half of them under {fmt.tokens(found.tokens_p50)} tokens"


def composition(totals: Totals) -> list[Part]:
    """Parts of the prompts that occur, in a fixed order, with what no part claims at the end."""
    whole = totals.parted_input
    return [
        Part(PART_LABELS[name], PART_TONES[name], tokens, Decimal(tokens) / whole)
        for name, tokens in totals.parts.items()
        if tokens
    ]


def composition_bar(parts: Sequence[Part], title: str) -> SafeString:
    """All parts as one bar of 100 %."""
    return charts.shares([(p.label, p.tone, p.tokens) for p in parts], title=title)


def band_lines(found: Figures, bands: rules.Bands) -> list[BandLine]:
    """Each measure that can be told, against its band."""
    lines = []
    for measure in rules.MEASURES:
        value, band = found.value(measure.key), bands[measure.key]
        position = band.position(value)
        lines.append(
            BandLine(
                label=measure.label,
                meaning=measure.meaning,
                value=limit(measure, value),
                band=band_text(measure, band),
                position=_POSITIONS.get(position, "No band" if value is not None else "Not told"),
                tone={"inside": "ok", "above": "bad", "below": "warn"}.get(position, ""),
            )
        )
    return lines


def outside(lines: Sequence[BandLine]) -> list[BandLine]:
    return [line for line in lines if line.tone in ("warn", "bad")]


def limit(measure: rules.Measure, value: Decimal | None) -> str:
    """A figure or limit in the words of its measure."""
    if value is None:
        return fmt.DASH
    if measure.unit == rules.SHARE:
        return fmt.pct(value, 1)
    if measure.key == "tokens":
        return fmt.tokens(int(value))
    return f"{value:,.1f}".removesuffix(".0")


def band_text(measure: rules.Measure, band: rules.Band) -> str:
    """“1 K to 60 K”, “at most 5 %”."""
    if band.low is None and band.high is None:
        return "No limit"
    if band.low is None:
        return f"at most {limit(measure, band.high)}"
    if band.high is None:
        return f"at least {limit(measure, band.low)}"
    return f"{limit(measure, band.low)} to {limit(measure, band.high)}"


TRENDS = {"cost": "Cost per run", "tokens": "Tokens per run", "bloat": "Bloat ratio"}


def trend(
    reach: Reach, currency: str, events: Sequence[Event] = (), measure: str = "cost"
) -> SafeString:
    """One of TRENDS on each day, with changes; days without runs are gaps, not zeros."""
    by_day = selectors.trend(reach)
    days = [reach.start + timedelta(days=n) for n in range((reach.end - reach.start).days)]
    read, axis, cell = _measure(measure, currency)
    values = [read(by_day[day]) if day in by_day else None for day in days]
    known = [value for value in values if value is not None]
    label = TRENDS[measure]
    summary = (
        f"Between {cell(min(known))} and {cell(max(known))}." if known else "Nothing is known."
    )
    return charts.lines(
        _ticks(days),
        [charts.Series(label, "s1", values)],
        title=f"{label}, {fmt.day_range(reach.start, reach.end)}",
        summary=summary,
        axis=axis,
        cell=cell,
        labels=[f"{day:%a} {fmt.day(day)}" for day in days],
        notes=chart_notes(events, days, "day"),
    )


def _measure(measure: str, currency: str) -> tuple[Callable[[Totals], float | None], Any, Any]:
    """How a trend is read from a day's sums, and written on the axis and in the table."""
    if measure == "tokens":
        return (
            lambda totals: round(totals.tokens / totals.runs) if totals.runs else None,
            fmt.axis_tokens,
            lambda value: fmt.tokens(int(value)),
        )
    if measure == "bloat":
        return (
            lambda totals: None if totals.bloat is None else float(totals.bloat),
            fmt.pct,
            lambda value: fmt.pct(value, 1),
        )
    return (
        lambda totals: totals.cost_per_run,
        lambda value: fmt.axis_money(value, currency),
        lambda value: fmt.money(int(value), currency, "unit"),
    )


def _ticks(days: Sequence[date]) -> list[str]:
    """Days of the month; the first of each month that is shown names it, with room to do so."""
    step, month, found = charts.label_step(len(days)), 0, []
    for index, day in enumerate(days):
        shown = index % step == 0
        found.append(f"{day.day} {day:%b}" if shown and day.month != month else str(day.day))
        month = day.month if shown else month
    if len(days) > step:
        found[step] = ""
    return found


def groups(reach: Reach, names: Names, axis: selectors.By) -> list[Group]:
    """Runs by workflow, agent or capability, the most expensive first."""
    return _named(selectors.by_axis(reach, axis), names, axis)


def worst(reach: Reach, names: Names, axis: selectors.By) -> list[Group]:
    """Those whose prompts hold least of the user's own text."""
    return _named(selectors.by_bloat(reach, axis), names, axis)


def _named(lines: Sequence[selectors.Line], names: Names, axis: selectors.By) -> list[Group]:
    if axis == "capability_id":
        named = [(str(line.key), names.owner("capability", line.key)) for line in lines]  # type: ignore[arg-type]
    else:
        names.load_words(line.key for line in lines)  # type: ignore[misc]
        named = [(names.word(line.key), names.word(line.key)) for line in lines]  # type: ignore[arg-type]
    return [
        Group(label or "Not stated", value if label else "", line.totals)
        for (value, label), line in zip(named, lines, strict=True)
    ]


def context(found: Figures, currency: str) -> dict[str, Any]:
    """What every panel of figures shows."""
    parts = composition(found.totals)
    return {
        "figures": found,
        "totals": found.totals,
        "currency": currency,
        "parts": parts,
        "composition": composition_bar(parts, "What the input was spent on") if parts else "",
        "sampled": found.of < found.totals.runs,
    }
