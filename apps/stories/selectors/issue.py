"""A story as the body of an issue in Markdown, for trackers that do not read TokenOps."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from apps.common import fmt
from apps.common.errors import NotFound
from apps.portfolio.enums import Tier
from apps.stories.design import Design, load_design
from apps.stories.enums import Confidence, Pattern, ValuePer
from apps.stories.estimator import Assumptions, Estimate, load
from apps.stories.estimator.fields import FIELDS, is_used, value_at
from apps.stories.models import StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.diff import show_answer, show_mix, show_number, show_score, show_triple
from apps.stories.selectors.estimating import estimate_now
from apps.stories.selectors.stories import draft_of, revision_by_id
from apps.stories.selectors.value import worth_of, worth_of_revision
from apps.stories.worth import Worth

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


class _Line(NamedTuple):
    """One row of the estimate: P50 tokens, then P10, P50 and P90 of the cost."""

    name: str
    tokens: int
    low: int
    likely: int
    high: int


def issue_body(story: TokenStory, url: str) -> str:
    """The latest submitted version with its frozen figures, else the draft at today's prices.

    Ends with a newline. Raises NotFound without any plan, Invalid for a draft that cannot be
    priced.
    """
    revision = revision_by_id(story.current_revision_id) if story.current_revision_id else None
    if revision is not None:
        parts = _frozen(revision), worth_of_revision(revision)
        return _text(story, revision, url, *parts)
    draft = draft_of(story)
    if draft is None:
        raise NotFound("The story holds no plan.", code="story_not_found")
    result = estimate_now(load(draft.assumptions))
    return _text(story, draft, url, _priced(result), _hoped(draft, result))


def _text(
    story: TokenStory,
    plan: StoryDraft | StoryRevision,
    url: str,
    estimate: list[_Line],
    value: Worth | None,
) -> str:
    lines = [
        *_head(story, plan, url),
        *_estimate(plan, estimate),
        *_value(plan, value),
        *_design(load_design(plan.design)),
        *_inputs(load(plan.assumptions)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _frozen(revision: StoryRevision) -> list[_Line]:
    found = [
        _Line("Production, a month", revision.month_tokens_p50, revision.month_cost_p10,
              revision.month_cost_p50, revision.month_cost_p90)
    ]  # fmt: skip
    phases = {**revision.estimate.get("phases", {}), "lifetime": revision.estimate["lifetime"]}
    for name, total in phases.items():
        if name != "production" and total["tokens"]["likely"]:
            cost = total["cost"]
            found.append(
                _Line(name.capitalize(), total["tokens"]["p50"], cost["p10"], cost["p50"],
                      cost["p90"])
            )  # fmt: skip
    return found


def _priced(result: Estimate) -> list[_Line]:
    spans = {
        "Production, a month": result.month,
        "Development": result.phases["development"],
        "Testing": result.phases["testing"],
        "Lifetime": result.lifetime,
    }
    return [
        _Line(name, total.tokens.range.p50, *total.cost.range)
        for name, total in spans.items()
        if total.tokens.likely
    ]


def _hoped(draft: StoryDraft, result: Estimate) -> Worth | None:
    if draft.value_change is None or draft.value_money_nanos is None:
        return None
    return worth_of(
        result,
        change=draft.value_change,
        money_nanos=draft.value_money_nanos,
        per=ValuePer(draft.value_per),
        adoption=draft.value_adoption,
    )


def _head(story: TokenStory, plan: Any, url: str) -> Iterator[str]:
    yield f"## {plain(plan.title)}"
    yield ""
    if plan.summary:
        yield from (plain(line) for line in plan.summary.splitlines() if line.strip())
        yield ""
    facts = [
        ("Token Story", f"[{story.ref}]({url}), {story.state.label.lower()}"),
        ("Team", plain(plan.unit.name)),
        ("Capability", plain(plan.capability.name) if plan.capability else "new"),
        ("Pattern", Pattern(plan.pattern).label if plan.pattern else ""),
        ("Tier", Tier(story.tier).label if story.tier else ""),
        ("Work item", plan.work_item_url),
    ]
    yield from (f"- **{name}:** {value}" for name, value in facts if value)
    yield ""


def _estimate(plan: Any, lines: list[_Line]) -> Iterator[str]:
    yield "### Estimate"
    yield ""
    yield "| | Tokens | Low (P10) | Likely (P50) | High (P90) |"
    yield "|---|---:|---:|---:|---:|"
    for line in lines:
        costs = " | ".join(fmt.money(nanos, plan.currency) for nanos in line[2:])
        yield f"| {line.name} | {fmt.tokens(line.tokens)} | {costs} |"
    yield ""
    yield f"Monthly cap asked for: **{fmt.money(plan.cap_nanos, plan.currency)}**."
    yield ""


def _value(plan: Any, value: Worth | None) -> Iterator[str]:
    if not plan.value_metric:
        return
    unit = plain(plan.value_unit)
    yield "### Value"
    yield ""
    yield f"- **Metric:** {plain(plan.value_metric)}"
    if plan.value_baseline is not None:
        yield f"- **Today:** {show_number(plan.value_baseline)} {unit}".rstrip()
    if plan.value_change is not None:
        per = ValuePer(plan.value_per).label
        yield f"- **Expected change:** {show_number(plan.value_change)} {unit} {per}"
    if value is not None:
        yield f"- **Worth a month:** {fmt.money(value.month, plan.currency)}"
        if value.payback_months:
            yield f"- **Breaks even:** in month {value.payback_months}"
    if plan.value_confidence:
        yield f"- **Confidence:** {Confidence(plan.value_confidence).label}"
    if plan.value_measure_on:
        yield f"- **Measured on:** {plan.value_measure_on.isoformat()}"
    if plan.value_why:
        yield f"- **Why:** {plain(plan.value_why)}"
    yield ""


def _design(design: Design) -> Iterator[str]:
    if design.is_empty:
        return
    yield "### Design review"
    yield ""
    yield f"Score: **{show_score(design)}**."
    yield ""
    yield from (f"- **{plain(a.text)}** {plain(show_answer(a))}" for a in design.answers)
    if design.notes:
        yield ""
        yield from (plain(line) for line in design.notes.splitlines() if line.strip())
    yield ""


def _inputs(a: Assumptions) -> Iterator[str]:
    yield "### Assumptions"
    yield ""
    yield f"- **Building:** {a.starts_on:%B %Y}, go-live {a.live_on:%B %Y}"
    yield f"- **Models:** {plain(show_mix(a.production.mix))}"
    if a.development.size:
        yield f"- **Size:** {a.development.size}"
    for spec in FIELDS:
        triple = value_at(a, spec.path)
        if is_used(a, spec.path) and (triple.likely != Decimal(0) or triple.is_ranged):
            prefix = "" if spec.phase == "production" else f"{spec.phase.capitalize()}: "
            yield f"- **{prefix}{spec.label}:** {show_triple(triple, spec)}"
