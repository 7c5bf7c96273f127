"""What the tabs of a story show: words, charts and figures of its versions and its life."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.common import charts, clock, fmt
from apps.ledger.rules.drivers import Drivers
from apps.organizations.selectors import organization
from apps.stories import events
from apps.stories.enums import Confidence, Phase, ValuePer
from apps.stories.estimator import load
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.checks import checks
from apps.stories.selectors.decision import return_times
from apps.stories.selectors.diff import show_mix, show_number, show_triple
from apps.stories.selectors.progress import MonthLine, Progress
from apps.stories.selectors.stories import (
    approved_revision,
    cells,
)
from apps.stories.selectors.value import (
    ValueState,
    reports_of,
    value_state,
    worth_of_revision,
)
from apps.stories.worth import cost_per_outcome
from apps.trail.registry import label_of
from apps.trail.selectors import events_of_object

MOST_EVENTS = 500

EFFECTS = {
    "volume": "Volume",
    "tokens_per_request": "Tokens per interaction",
    "model_mix": "Model mix",
    "caching": "Caching",
    "unit_price": "Price",
}


def moved(drivers: Drivers | None, currency: str) -> list[tuple[str, str]]:
    """What moved production's cost, in the words of the page; the parts sum to the change."""
    if drivers is None:
        return []
    parts = drivers.parts
    return [
        (label, fmt.signed_money(parts[name], currency, "exact")) for name, label in EFFECTS.items()
    ]


def headline(story: TokenStory, so_far: Progress) -> str:
    """The answer of the page in one sentence."""
    change = so_far.change_so_far
    if change is not None:
        months = len(so_far.compared)
        size = fmt.delta(change, 0)
        return (
            f"Measured {fmt.money(so_far.measured_so_far, story.currency)} in "
            f"{fmt.plural(months, 'whole month')}, {size} against the estimate."
        )
    if so_far.has_measured:
        cost = fmt.money(so_far.measured_cost, story.currency)
        return f"Measured {cost} so far; the first whole month is not over yet."
    if story.approved_revision_id:
        when = f" Go-live is planned for {story.live_on:%B %Y}." if story.live_on else ""
        return f"Nothing measured yet.{when}"
    if story.month_cost_nanos is not None:
        likely = fmt.money(story.month_cost_nanos, story.currency)
        return f"Likely to cost {likely} a month in production."
    return "The estimate is not complete yet."


def promised_chart(so_far: Progress, currency: str) -> SafeString:
    """Months of estimate and measured cost; missing months stay empty."""
    lines = so_far.lines
    if len(lines) < 2:
        return SafeString()
    change = so_far.change_so_far
    summary = (
        "Nothing has been measured yet."
        if change is None
        else f"Measured cost is {fmt.delta(change, 0)} against the likely estimate so far."
    )
    runs = [Phase.PRODUCTION.value in line.phases or not line.phases for line in lines]
    series = [
        charts.Series("Estimated to build", "s2", _where(lines, "cost_p50", runs, wanted=False)),
        charts.Series("Estimated, likely (P50)", "s6", _where(lines, "cost_p50", runs)),
        charts.Series("Estimated, high (P90)", "s3", _where(lines, "cost_p90", runs)),
        charts.Series("Budget", "s5", [line.budget_nanos for line in lines]),
        charts.Series("Measured while building", "s4",
                      _where(lines, "cost_nanos", runs, wanted=False)),
        charts.Series("Measured", "s1", _where(lines, "cost_nanos", runs)),
    ]  # fmt: skip
    return charts.lines(
        [f"{line.month.start:%b}" for line in lines],
        [each for each in series if any(value is not None for value in each.values)],
        title="Promised and measured cost per month",
        summary=summary,
        axis=lambda value: fmt.axis_money(value, currency),
        cell=lambda value: fmt.money(int(value), currency, style="exact"),
        labels=[f"{line.month.start:%B %Y}" for line in lines],
        head="Month",
    )


def _where(
    lines: list[MonthLine], name: str, runs: list[bool], *, wanted: bool = True
) -> list[int | None]:
    """A figure of the months of running, or of building: one line would join what is spent once
    with what is spent every month."""
    return [
        getattr(line, name) if run is wanted else None
        for line, run in zip(lines, runs, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class AssumptionLine:
    """One assumption of a frozen version."""

    label: str
    value: str


def assumption_lines(revision: StoryRevision) -> dict[str, list[AssumptionLine]]:
    """Assumptions in use, by phase; inputs left at zero are not repeated."""
    from apps.stories.estimator.fields import FIELDS, is_used, value_at

    a = load(revision.assumptions)
    found: dict[str, list[AssumptionLine]] = {"production": [], "development": [], "testing": []}
    for spec in FIELDS:
        triple = value_at(a, spec.path)
        if is_used(a, spec.path) and (triple.likely or triple.is_ranged):
            found[spec.phase].append(AssumptionLine(spec.label, show_triple(triple, spec)))
    found["production"].append(AssumptionLine("Models", show_mix(a.production.mix)))
    found["production"].append(
        AssumptionLine("Planned for", fmt.plural(a.production.horizon_months, "month"))
    )
    if a.development.size:
        found["development"].insert(0, AssumptionLine("Size", a.development.size))
    return found


def estimate_context(revision: StoryRevision) -> dict[str, Any]:
    phases = revision.estimate.get("phases", {})
    return {
        "assumptions": assumption_lines(revision),
        "phase_totals": [
            (phase.label, phases[phase.value])
            for phase in Phase
            if phase.value in phases and phases[phase.value]["tokens"]["likely"]
        ],
        "lifetime": revision.estimate.get("lifetime"),
        "first_year": revision.estimate.get("first_year"),
        "tornado": revision.estimate.get("tornado", [])[:6],
        "cells": list(cells(revision)),
        "checks": checks(revision),
        "dates": load(revision.assumptions),
        "range_bar": charts.range_bar(
            revision.month_cost_p10,
            revision.month_cost_p50,
            revision.month_cost_p90,
            cap=revision.cap_nanos,
            label="Monthly cost, P10 to P90, against the cap",
        ),
    }


def value_context(revision: StoryRevision) -> dict[str, Any]:
    worth = worth_of_revision(revision)
    outcome = cost_per_outcome(revision.month_cost_likely, worth.units) if worth else None
    return {
        "return_times": return_times(revision),
        "worth": worth,
        "cost_per_outcome": outcome,
        "value_per": ValuePer(revision.value_per).label,
        "confidence": Confidence(revision.value_confidence).label
        if revision.value_confidence
        else "",
        "baseline": _number(revision.value_baseline),
        "change": _number(revision.value_change),
        "adoption": _number(revision.value_adoption),
    }


VALUE_TONES = {
    ValueState.PROVEN: "ok",
    ValueState.PARTLY: "warn",
    ValueState.DISPROVEN: "bad",
    ValueState.OVERDUE: "warn",
}


def measured_value(actor: Actor, story: TokenStory) -> dict[str, Any]:
    """Where the hypothesis stands, every measurement, and whether this actor may report one."""
    approved = approved_revision(story)
    reports = list(reports_of(story))
    state = value_state(approved, reports, clock.today(organization().timezone))
    writes = can(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    owner = approved.value_owner_id if approved else None
    return {
        "reports": [
            (each, show_number(each.measured_change), show_number(each.expected_change))
            for each in reports
        ],
        "value_state": state,
        "value_tone": VALUE_TONES.get(state, ""),
        "may_report": state is not ValueState.NONE and (writes or actor.owns(owner)),
    }


def _number(value: Decimal | None) -> str:
    return fmt.DASH if value is None else show_number(value)


def history(story: TokenStory) -> list[dict[str, Any]]:
    """What happened to the story, newest first. Autosaves in a row are told once."""
    told: list[dict[str, Any]] = []
    for event in events_of_object("story", story.id)[:MOST_EVENTS]:
        if (
            event.action == "story.saved"
            and told
            and told[-1]["action"] == "story.saved"
            and told[-1]["actor"] == event.who
        ):
            continue
        told.append(
            {
                "action": event.action,
                "did": events.DID.get(event.action, ""),
                "label": label_of(event.action),
                "actor": event.who,
                "at": event.at,
                "reason": event.reason,
                "revision": (event.after or {}).get("revision"),
            }
        )
    return told
