"""What the Trends address asks for, and the controls that write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from apps.common import clock
from apps.common.periods import month_of
from apps.common.web.filters import Control, parse_day
from apps.ledger.selectors.state import ledger_settings
from apps.portal.rules.spans import GRAINS
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors.amplification import DEFAULT_EXTRA
from apps.portal.selectors.explore import clamp
from apps.portal.selectors.slices import Slice
from apps.portal.selectors.trends import BY, MEASURES, MOST_DAYS, Span, span_now
from apps.portal.web.controls import controls as filters
from apps.portal.web.explore_state import FILTERS

MEASURE_LABELS = {"cost": "Cost", "tokens": "Tokens", "requests": "Requests"}
EXTRAS = (50, 100, 500, 1_000, 5_000)
MONTHS = 6
"""Whole months that are looked at unless days are chosen."""


@dataclass(frozen=True, slots=True)
class State:
    """What the query string asks for. `span` holds complete days only; `first_asked` and
    `last_asked` are the days as they were chosen."""

    span: Span
    by: str
    measure: str
    extra: int
    first_asked: date
    last_asked: date
    currency: str
    zone: str


def read_state(params: Mapping[str, Any]) -> State:
    """What is not understood falls back to its default."""
    get = params.get
    settings = ledger_settings()
    today = clock.today(settings.timezone)
    end = min(parse_day(get("days_to", "")) or today, today) + timedelta(days=1)
    start = parse_day(get("days_from", "")) or month_of(end).shift(-MONTHS).start
    start, end = clamp(start, end)
    start = max(start, end - timedelta(days=MOST_DAYS))
    grain = get("grain", "") if get("grain", "") in GRAINS else GRAINS[0]
    extra = get("extra", "")
    return State(
        span=span_now(start, end, grain),
        by=get("by", "") if get("by", "") in BY else BY[0],
        measure=get("measure", "") if get("measure", "") in MEASURES else "cost",
        extra=int(extra) if extra.isdecimal() and int(extra) in EXTRAS else DEFAULT_EXTRA,
        first_asked=start,
        last_asked=end - timedelta(days=1),
        currency=settings.currency,
        zone=settings.timezone,
    )


def controls(chosen: Slice, state: State) -> list[Control]:
    days = [state.first_asked.isoformat(), state.last_asked.isoformat()]
    extras = tuple((str(tokens), f"{tokens:,} tokens") for tokens in EXTRAS)
    grains = tuple((grain, grain.capitalize()) for grain in GRAINS)
    named = tuple((name, AXIS_LABELS[name]) for name in BY)
    measures = tuple(MEASURE_LABELS.items())
    return [
        Control("dates", "days", "Days", days, keep=True),
        Control("select", "measure", "Show", state.measure, measures, "", keep=True),
        Control("select", "by", "By", state.by, named, "", keep=True),
        Control("select", "grain", "Per", state.span.grain, grains, "", keep=True),
        Control("select", "extra", "Per run, add", str(state.extra), extras, "", keep=True),
        *filters(FILTERS, chosen, state.first_asked, state.last_asked + timedelta(days=1)),
    ]
