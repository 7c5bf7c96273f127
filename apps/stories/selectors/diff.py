"""Two revisions side by side, by assumption: what changed, from what, to what, by how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.common import fmt
from apps.stories import rules
from apps.stories.design import Answer, Design, Reply, load_design
from apps.stories.enums import Confidence, ValuePer
from apps.stories.estimator import Assumptions, MixShare, Triple, load
from apps.stories.estimator.fields import FIELDS, FieldSpec, is_used, value_at
from apps.stories.models import StoryRevision

SAME = "Same"

ALWAYS = frozenset({"production.interactions", "production.calls", "production.cache_hit"})
"""Inputs shown even when they did not change."""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One assumption in both revisions."""

    label: str
    before: str
    after: str
    change: str
    is_key: bool = False

    @property
    def changed(self) -> bool:
        return self.before != self.after


def compare(old: StoryRevision, new: StoryRevision) -> list[DiffRow]:
    """Rows of the comparison: what changed, and the key figures whether they changed or not."""
    rows = [
        *_texts(old, new),
        *_assumptions(load(old.assumptions), load(new.assumptions)),
        *_figures(old, new),
        *_value(old, new),
        *_design(load_design(old.design), load_design(new.design)),
    ]
    return [row for row in rows if row.changed or row.is_key]


def show_triple(triple: Triple, spec: FieldSpec) -> str:
    """14,000 · 35% (20 to 50) · 9,200 (4,000 to 12,000)."""
    unit = "%" if spec.unit == "%" else ""
    text = f"{show_number(triple.likely)}{unit}"
    if not triple.is_ranged:
        return text
    low, high = triple.bounds
    return f"{text} ({show_number(low)} to {show_number(high)})"


def show_number(value: Decimal) -> str:
    """14,000 · −4.5: no more digits than it has, a true minus."""
    text = f"{abs(value):,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{fmt.MINUS}{text}" if value < 0 else text


def show_mix(mix: tuple[MixShare, ...]) -> str:
    if len(mix) == 1:
        return mix[0].model
    return ", ".join(f"{show_number(share.share)}% {share.model}" for share in mix) or fmt.DASH


def _texts(old: StoryRevision, new: StoryRevision) -> Iterator[DiffRow]:
    yield _row("Name", old.title, new.title)
    yield _row("Team", str(old.unit), str(new.unit))
    yield _row("Capability", str(old.capability or fmt.DASH), str(new.capability or fmt.DASH))
    yield _row("Category", old.get_kind_display(), new.get_kind_display())
    yield _row("Pattern", _pattern(old), _pattern(new))
    yield _row(
        "Consumption tier", old.get_tier_display() or fmt.DASH, new.get_tier_display() or fmt.DASH
    )
    yield _row("What it does", old.summary or fmt.DASH, new.summary or fmt.DASH)
    yield _row("Work item", old.work_item_url or fmt.DASH, new.work_item_url or fmt.DASH)


def _pattern(revision: StoryRevision) -> str:
    return revision.get_pattern_display() or fmt.DASH


def _assumptions(old: Assumptions, new: Assumptions) -> Iterator[DiffRow]:
    yield _row("Building starts", f"{old.starts_on:%b %Y}", f"{new.starts_on:%b %Y}")
    yield _row("Go-live", f"{old.live_on:%b %Y}", f"{new.live_on:%b %Y}")
    yield _row("One interaction is a", old.unit_noun, new.unit_noun)
    yield _row("Volume counted from", _volume(old), _volume(new))
    yield _row("Cache lifetime", _ttl(old), _ttl(new))
    yield _row("Development estimated", _basis(old), _basis(new))
    yield _row("Models", show_mix(old.production.mix), show_mix(new.production.mix), is_key=True)
    yield _row(
        "Planned for",
        f"{old.production.horizon_months} months",
        f"{new.production.horizon_months} months",
    )
    for spec in FIELDS:
        a = value_at(old, spec.path) if is_used(old, spec.path) else Triple()
        b = value_at(new, spec.path) if is_used(new, spec.path) else Triple()
        yield DiffRow(
            _label(spec),
            show_triple(a, spec),
            show_triple(b, spec),
            _change(spec, a.likely, b.likely),
            spec.path in ALWAYS and (is_used(old, spec.path) or is_used(new, spec.path)),
        )
    for phase in ("development", "testing"):
        a_mix, b_mix = old.mix_of(phase), new.mix_of(phase)
        if getattr(old, phase).mix or getattr(new, phase).mix:
            yield _row(f"Models of {phase}", show_mix(a_mix), show_mix(b_mix))


_BASIS = {"effort": "by effort", "size": "by size", "none": "not at all"}


def _volume(a: Assumptions) -> str:
    return "people who use it" if a.production.volume == "users" else "interactions"


def _ttl(a: Assumptions) -> str:
    return {"5m": "5 minutes", "1h": "1 hour"}[a.production.cache_ttl]


def _basis(a: Assumptions) -> str:
    words = _BASIS[a.development.basis]
    return f"{words} {a.development.size}" if a.development.size else words


def _label(spec: FieldSpec) -> str:
    prefix = {"development": "Development: ", "testing": "Testing: "}.get(spec.phase, "")
    return prefix + (spec.label[0].lower() + spec.label[1:] if prefix else spec.label)


def _change(spec: FieldSpec, before: Decimal, after: Decimal) -> str:
    if before == after:
        return SAME
    if spec.unit == "%":
        return fmt.points((after - before) / 100)
    return fmt.delta((after - before) / before, 0) if before else "new"


def _figures(old: StoryRevision, new: StoryRevision) -> Iterator[DiffRow]:
    yield DiffRow(
        "Tokens a month",
        fmt.tokens(old.month_tokens_p50),
        fmt.tokens(new.month_tokens_p50),
        _delta(old.month_tokens_p50, new.month_tokens_p50),
        is_key=True,
    )
    yield _money("Likely cost a month", old, new, "month_cost_p50", is_key=True)
    yield _money("High case a month, P90", old, new, "month_cost_p90", is_key=True)
    yield _money("Lifetime cost, likely", old, new, "lifetime_cost_p50", is_key=True)
    yield _money("Requested cap a month", old, new, "cap_nanos", is_key=True)


def _value(old: StoryRevision, new: StoryRevision) -> Iterator[DiffRow]:
    yield _row("Value metric", old.value_metric or fmt.DASH, new.value_metric or fmt.DASH)
    yield _row("Baseline", _quantity(old, "value_baseline"), _quantity(new, "value_baseline"))
    yield _row("Expected change", _quantity(old, "value_change"), _quantity(new, "value_change"))
    yield _row("Counted", ValuePer(old.value_per).label, ValuePer(new.value_per).label)
    yield _row(
        "Adoption of the value",
        f"{show_number(old.value_adoption)}%",
        f"{show_number(new.value_adoption)}%",
    )
    yield _money("Worth per unit", old, new, "value_money_nanos", style="unit")
    yield _row("Confidence", _confidence(old), _confidence(new))
    yield _row("Measured on", _day(old), _day(new))
    yield _row("Reported by", str(old.value_owner or fmt.DASH), str(new.value_owner or fmt.DASH))
    yield _row("Evidence", old.value_evidence_url or fmt.DASH, new.value_evidence_url or fmt.DASH)
    yield _row("Why", old.value_why or fmt.DASH, new.value_why or fmt.DASH)
    yield _money("Value claimed a month", old, new, "value_month_nanos", is_key=True)


def show_answer(answer: Answer) -> str:
    """`Not applicable: nothing is repeated`; a dash for none."""
    if not answer.answer:
        return fmt.DASH
    label = Reply(answer.answer).label
    return f"{label}: {answer.reason}" if answer.reason else label


def show_score(design: Design) -> str:
    """`72 of 100`; a dash where nothing was answered."""
    return fmt.DASH if design.score is None else f"{design.score} of 100"


def _design(old: Design, new: Design) -> Iterator[DiffRow]:
    """The score, the notes, and every question of either by its words."""
    yield _row("Design review", show_score(old), show_score(new))
    yield _row("Architecture", old.notes or fmt.DASH, new.notes or fmt.DASH)
    before = {answer.text: show_answer(answer) for answer in old.answers}
    after = {answer.text: show_answer(answer) for answer in new.answers}
    for text in {**before, **after}:
        yield _row(text, before.get(text, fmt.DASH), after.get(text, fmt.DASH))


def _day(revision: StoryRevision) -> str:
    return fmt.long_day(revision.value_measure_on) if revision.value_measure_on else fmt.DASH


def _quantity(revision: StoryRevision, name: str) -> str:
    value = getattr(revision, name)
    if value is None:
        return fmt.DASH
    return f"{show_number(value)} {revision.value_unit}".strip()


def _confidence(revision: StoryRevision) -> str:
    if not revision.value_confidence:
        return fmt.DASH
    return Confidence(revision.value_confidence).label


def _money(
    label: str,
    old: StoryRevision,
    new: StoryRevision,
    name: str,
    *,
    is_key: bool = False,
    style: str = "exact",
) -> DiffRow:
    before, after = getattr(old, name), getattr(new, name)
    return DiffRow(
        label,
        fmt.money(before, old.currency, style),
        fmt.money(after, new.currency, style),
        _delta(before, after),
        is_key,
    )


def _delta(before: int | None, after: int | None) -> str:
    if before == after:
        return SAME
    change = rules.relative_change(before, after)
    return "new" if change is None else fmt.delta(change, 0)


def _row(label: str, before: Any, after: Any, *, is_key: bool = False) -> DiffRow:
    change = SAME if before == after else ""
    return DiffRow(label, str(before), str(after), change, is_key)
