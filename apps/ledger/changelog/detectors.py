"""Lasting changes of level in what one run, or one request, takes and costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from apps.common import clock, fmt
from apps.ledger.changelog import rules
from apps.ledger.changelog.models import CapabilityChange
from apps.ledger.changelog.rules import Cause, Point, Step
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.models import QualityAlert
from apps.ledger.quality.ports import Finding, register_detector
from apps.ledger.query import Query, Row, run
from apps.ledger.selectors import runs
from apps.ledger.selectors.runs import Reach
from apps.ledger.selectors.state import ledger_settings
from apps.portfolio.models import Capability
from apps.pricing.changes import marks as price_marks

LOOK_BACK = timedelta(days=42)
MIN_RUNS, MIN_REQUESTS = 3, 20
"""A day with fewer says nothing about the level of one."""
NEAR = timedelta(days=7)
"""A step found again on another day, with more data, is the same one within so many days."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What one run (or request) took and cost on each day with enough of them."""

    of: str
    tokens: list[Point]
    cost: list[Point]


@register_detector
def steps() -> Iterator[Finding]:
    """The step of each capability in the last weeks, with the change that likely caused it.

    Tokens per run speak for cost per run when both moved; a step of cost alone is told as one.
    """
    today = clock.today(ledger_settings().timezone)
    start = today - LOOK_BACK
    result = run(
        Query(
            start=start,
            end=today,
            grain="day",
            group_by=("capability",),
            order="period",
            requests=True,
        )
    )
    by_day: dict[UUID, dict[date, Row]] = {}
    for row in result.rows:
        if row.keys[0] and isinstance(row.period, date):
            by_day.setdefault(UUID(row.keys[0]), {})[row.period] = row
    if not by_day:
        return
    known = runs.by_capability(Reach(start=start, end=today))
    found: dict[UUID, tuple[str, str, Step]] = {}
    for capability_id, days in by_day.items():
        levels = _of_runs(known[capability_id]) if capability_id in known else _of_requests(days)
        for measure, points in (("tokens", levels.tokens), ("cost", levels.cost)):
            if (step := rules.find_step(points)) is not None:
                found[capability_id] = (levels.of, measure, step)
                break
    if found:
        yield from _told(found, start, today)


def _of_runs(days: Mapping[date, runs.Totals]) -> Levels:
    used = [(day, t) for day, t in sorted(days.items()) if t.runs >= MIN_RUNS]
    return Levels(
        "run",
        [Point(day, round(t.tokens / t.runs)) for day, t in used],
        [Point(day, t.cost_per_run) for day, t in used if t.cost_per_run and not t.unpriced_calls],
    )


def _of_requests(days: Mapping[date, Row]) -> Levels:
    """Of the part of each day whose sources count requests."""
    counted = ((day, row.countable) for day, row in sorted(days.items()))
    used = [(day, row) for day, row in counted if row.requests >= MIN_REQUESTS]
    return Levels(
        "request",
        [Point(day, round(r.tokens.total / r.requests)) for day, r in used],
        [
            Point(day, round(r.cost_nanos / r.requests))
            for day, r in used
            if r.cost_nanos and not r.unpriced_records
        ],
    )


def _told(
    found: Mapping[UUID, tuple[str, str, Step]], start: date, today: date
) -> Iterator[Finding]:
    names = Capability.objects.in_bulk(list(found))
    causes: dict[UUID, list[Cause]] = {}
    for row in CapabilityChange.objects.filter(
        capability_id__in=list(found),
        day__gte=start - NEAR,
        withdrawn_at=None,
    ).order_by("occurred_at", "id"):
        words = rules.change_words(row.kind, row.title)
        causes.setdefault(row.capability_id, []).append(Cause(row.day, words))
    earlier: dict[UUID, list[QualityAlert]] = {}
    for alert in QualityAlert.objects.filter(kind=Kind.STEP, since__gte=start - NEAR):
        if alert.capability_id is not None:
            earlier.setdefault(alert.capability_id, []).append(alert)
    for capability_id, (of, measure, step) in found.items():
        capability = names.get(capability_id)
        if capability is None:
            continue
        near = causes.get(capability_id, [])
        if measure == "cost":
            near = [*near, *_prices(capability_id, step.day)]
        yield _finding(
            capability,
            of,
            measure,
            step,
            rules.likely_cause(step.day, near),
            subject=_subject(capability_id, measure, step, earlier.get(capability_id, ())),
        )


def _prices(capability_id: UUID, day: date) -> list[Cause]:
    """Price changes near a day of what the capability uses."""
    first = day - timedelta(days=rules.CAUSE_BEFORE)
    last = day + timedelta(days=rules.CAUSE_AFTER + 1)
    used = run(
        Query(
            start=first,
            end=last,
            group_by=("provider", "model"),
            filters={"capability": [str(capability_id)]},
        )
    ).rows
    providers = {row.keys[0] or "" for row in used} - {""}
    models = {row.keys[1] or "" for row in used} - {""}
    return [
        Cause(event.on, f"the price change “{event.label}”")
        for event in price_marks(first, last, models, providers)
    ]


def _subject(
    capability_id: UUID, measure: str, step: Step, earlier: list[QualityAlert] | tuple[()]
) -> str:
    """The fingerprint of an alert about the same step, else a new one."""
    way = "up" if step.change > 0 else "down"
    start = f"{capability_id}:{measure}:{way}:"
    same = [
        alert
        for alert in earlier
        if alert.subject.startswith(start) and abs(alert.since - step.day) <= NEAR
    ]
    return same[0].subject if same else f"{start}{step.day}"


def _finding(
    capability: Capability, of: str, measure: str, step: Step, cause: Cause | None, *, subject: str
) -> Finding:
    size = fmt.pct(abs(step.change))
    verb = "rose" if step.change > 0 else "fell"
    why = f", {rules.cause_words(step.day, cause)}" if cause else ""
    what = "tokens" if measure == "tokens" else "cost"
    title = f"{capability.name}: {what} per {of} {verb} {size} on {fmt.day(step.day)}{why}"
    before, after = (_amount(value, measure) for value in (step.before, step.after))
    detail = f"The median day went from {before} to {after} per {of} and has stayed there."
    if cause is None:
        detail += (
            " No change is recorded near that day. Record what was changed, so that the next one "
            "who looks knows."
        )
    return Finding(
        kind=Kind.STEP,
        subject=subject,
        severity=Severity.WARN,
        title=title[:200],
        detail=detail,
        since=step.day,
        capability_id=capability.id,
        people=frozenset({capability.owner_membership_id} - {None}),  # type: ignore[arg-type]
    )


def _amount(value: float, measure: str) -> str:
    if measure == "tokens":
        return fmt.tokens(round(value)) + " tokens"
    return fmt.money(round(value), ledger_settings().currency, "unit")
