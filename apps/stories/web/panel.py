"""The live estimate beside the form, as the template draws it. No arithmetic on prices here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from apps.access.actors import Actor
from apps.approvals.selectors import PlannedStep
from apps.common import charts, fmt
from apps.common.errors import FieldError, Invalid, NotFound
from apps.entitlements.selectors.context import Fit
from apps.entitlements.words import fit_words
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capability_by_id
from apps.portfolio.tiers import Assigned
from apps.stories import rules
from apps.stories.bands import Flag
from apps.stories.design import Design, dump_design
from apps.stories.enums import Pattern, ValuePer
from apps.stories.estimator import Assumptions, Estimate, Quantiles
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.estimating import Alternative, estimate_now, models_of, month_cost
from apps.stories.selectors.facts import facts, fit_now, route_of
from apps.stories.selectors.judging import Judged, judged
from apps.stories.selectors.material import Verdict, verdict
from apps.stories.selectors.value import worth_of
from apps.stories.web.forms.story import StoryForm
from apps.stories.web.panel_parts import BuildBar, Pulled, SwingRow, first_year, tier_because
from apps.stories.what_if import WhatIf
from apps.stories.worth import Worth, cost_per_outcome, run_overtakes_build

STANDING_WORDS = {
    "standard": "standard models only",
    "allowed": "models that are allowed, not standard",
    "undecided": "a model nobody has decided about",
    "restricted": "a restricted model",
    "not_allowed": "a model that is not allowed",
}


@dataclass(slots=True)
class Panel:
    """Everything the panel shows. ``errors`` instead of a result while input is missing."""

    currency: str = "USD"
    noun: str = "interaction"
    cap_nanos: int | None = None
    plan: Assumptions | None = None
    result: Estimate | None = None
    errors: Sequence[FieldError] = ()
    what_if: WhatIf = field(default_factory=WhatIf)
    changed: Estimate | None = None
    effects: Mapping[str, int] = field(default_factory=dict)
    pulled: Sequence[Pulled] = ()
    others: Sequence[Alternative] = ()
    route: Sequence[PlannedStep] = ()
    standing: Verdict | None = None
    model_status: str = ""
    design_asked: bool = False
    review: Design = field(default_factory=Design)
    tier: Assigned | None = None
    fit: Fit | None = None
    band: Flag | None = None
    worth: Worth | None = None
    value_unit: str = ""
    value_from_nanos: int | None = None
    range_bar: SafeString = field(default_factory=SafeString)
    curve: SafeString = field(default_factory=SafeString)

    @property
    def standing_words(self) -> str:
        """What the organization says about the mix, as far as it has said anything."""
        return STANDING_WORDS.get(self.model_status, "")

    @property
    def fit_words(self) -> list[tuple[bool, str]]:
        """(within, words) of the context and the models against the entitlements."""
        return fit_words(self.fit) if self.fit is not None else []

    @property
    def p50(self) -> int:
        return self.month_range.p50

    @property
    def month_range(self) -> Quantiles:
        """P10, P50 and P90 of a typical month's cost."""
        assert self.result is not None  # noqa: S101 -- the template asks for the result first
        return self.result.month.cost.range

    @property
    def cap_state(self) -> tuple[str, str]:
        """Tone and words of the chip: errors are red, a high case over the cap is amber."""
        if self.cap_nanos is None:
            return "", "No cap yet"
        if self.month_range.p90 <= self.cap_nanos:
            return "ok", "Within cap"
        if self.month_range.p50 <= self.cap_nanos:
            return "warn", "High case passes cap"
        return "bad", "Likely case passes cap"

    @property
    def likely_differs(self) -> bool:
        """Whether skewed ranges move the median away from the case of all likely inputs."""
        assert self.result is not None  # noqa: S101
        likely = self.result.month.cost.likely
        return bool(likely) and abs(self.p50 - likely) * 200 > likely

    @property
    def range_source(self) -> str:
        """Where the range comes from, in a sentence."""
        assert self.result is not None  # noqa: S101
        if "production" in self.result.ranged_phases:
            return "The range comes from the lows and highs you gave."
        return "You gave no lows and highs: the range is the usual error, ×0.72 to ×1.55."

    @property
    def what_if_change(self) -> Decimal | None:
        if self.changed is None or self.result is None:
            return None
        return rules.relative_change(
            self.result.month.cost.range.p50, self.changed.month.cost.range.p50
        )

    @property
    def output_per_call(self) -> Decimal | None:
        """Likely tokens a call answers with, reasoning included."""
        return self.plan.production.parts.answered if self.plan else None

    @property
    def rates_words(self) -> str:
        """35% cached, 6% retried, 60% in batches: what the folded part holds."""
        if self.plan is None:
            return ""
        p = self.plan.production
        said = [
            f"{triple.likely.normalize():f}% {word}"
            for triple, word in (
                (p.cache_hit, "cached"), (p.batch_share, "in batches"), (p.retry, "retried"),
            )
            if triple.likely
        ]  # fmt: skip
        return ", ".join(said) or "none"

    @property
    def suggested_cap(self) -> str:
        units = rules.round_up_cap(self.month_range.p90)
        return fmt.money(int(units) * 10**9, self.currency, style="exact")

    @property
    def slider_effects(self) -> Mapping[str, str]:
        """What each moved slider does to the likely month, on its own."""
        return {name: fmt.signed_money(cost, self.currency) for name, cost in self.effects.items()}

    @property
    def tier_because(self) -> str:
        return tier_because(self.tier) if self.tier else ""

    @property
    def days_to_decide(self) -> int:
        return sum(step.due_working_days for step in self.route)

    @property
    def band_words(self) -> str:
        """The estimate against its reference band, in a sentence; empty without a band."""
        if self.band is None:
            return ""
        name = Pattern(self.band.pattern).label.lower()
        usual = f"{fmt.tokens(self.band.band.low)} to {fmt.tokens(self.band.band.high)}"
        used = f"{fmt.tokens(self.band.tokens)} tokens {_a(self.noun)}"
        if self.band.tone == "ok":
            return f"{used}: usual for {_a(name)} ({usual})."
        below = self.band.tokens < self.band.band.low
        if self.band.tone == "near":
            return f"{used}: a little {'below' if below else 'above'} a usual {name} ({usual})."
        bound = self.band.band.low if below else self.band.band.high
        times = Decimal(max(bound, self.band.tokens)) / Decimal(min(bound, self.band.tokens))
        far = f"{times:.1f} times {'below' if below else 'above'}"
        return f"{used}: {far} a usual {name} ({usual}). Approvers will ask why."

    @property
    def value_mandatory(self) -> bool:
        if self.result is None:
            return False
        return rules.value_is_mandatory(self.result.lifetime.cost.range.p50, self.value_from_nanos)

    @property
    def return_times(self) -> Decimal | None:
        """Value of a month against its likely cost."""
        if self.worth is None or not self.p50:
            return None
        return Decimal(self.worth.month) / Decimal(self.p50)

    @property
    def cost_per_outcome(self) -> int | None:
        if self.worth is None or self.result is None:
            return None
        return cost_per_outcome(self.result.month.cost.likely, self.worth.units)

    @property
    def build_bar(self) -> BuildBar | None:
        """Development, testing and running as parts of the lifetime."""
        if self.result is None or not self.result.lifetime.cost.likely:
            return None
        return BuildBar.of(self.result)

    @property
    def overtakes_in(self) -> int | None:
        if self.result is None:
            return None
        costs = [cell.cost.likely for cell in self.result.production_cells]
        return run_overtakes_build(self.result.build_cost, costs)

    @property
    def swings(self) -> list[SwingRow]:
        if self.result is None or not self.result.tornado:
            return []
        widest = max(
            max(abs(s.at_low - self._life), abs(s.at_high - self._life))
            for s in self.result.tornado
        )
        return [SwingRow(s, self._life, widest or 1) for s in self.result.tornado[:5]]

    @property
    def _life(self) -> int:
        assert self.result is not None  # noqa: S101
        return self.result.lifetime.cost.likely


def _named(form: StoryForm, name: str, message: str) -> str:
    """The message with the label of its field: the panel stands beside the form."""
    return f"{form.fields[name].label}: {message}" if name in form.fields else message


def build_panel(
    *, actor: Actor, form: StoryForm, what_if: WhatIf, story: TokenStory | None = None
) -> Panel:
    """The panel of a validated or half-filled form. Never raises for wrong input."""
    panel = Panel(what_if=what_if, cap_nanos=form.cleaned_data.get("cap"))
    if form.errors:
        panel.errors = [
            FieldError(name, _named(form, name, str(message)), "")
            for name, messages in form.errors.items()
            for message in messages
        ]
        return panel
    a = form.assumptions()
    panel.noun, panel.plan = a.unit_noun, a
    data = form.cleaned_data
    capability = _capability(actor, data.get("capability"))
    kind = capability.kind if capability else (data.get("kind") or "")
    try:
        found = judged(
            a,
            capability=capability,
            kind=kind,
            pattern=data.get("pattern") or "",
            prefix="",
            settings=form.settings,
            live=story is not None and story.went_live_at is not None,
        )
    except Invalid as error:
        panel.errors = error.errors
        return panel
    result = found.result
    panel.result, panel.currency = result, result.currency
    panel.tier, panel.band, panel.others = found.tier, found.band, found.others
    panel.value_from_nanos = found.value_from_nanos
    base = result.month.cost.likely
    pulled = [Pulled(lever, effect, base) for lever, effect in found.pulled]
    panel.pulled = sorted(pulled, key=lambda each: each.effect)
    _slide(panel, a, found)
    known = facts(
        capability=capability,
        kind=kind,
        cap_nanos=data.get("cap"),
        result=result,
        tier=found.tier.tier,
        models=models_of(a),
        design=form.design(),
    )
    panel.design_asked = form.checklist.asks(found.tier.tier)
    panel.review = form.design()
    panel.model_status = known.get("model_status", "")
    unit_id = capability.unit_id if capability else (data.get("unit") or None)
    panel.fit = fit_now(
        a,
        capability=capability,
        unit_id=UUID(str(unit_id)) if unit_id else None,
        tier=found.tier.tier,
    )
    known["over_entitlement"] = panel.fit.is_over
    if story is not None:
        panel.standing = _standing(story, form, capability, found, kind)
    if panel.standing is None or panel.standing.is_material:
        author_id = story.author_id if story else None
        panel.route = route_of(actor, unit_id=unit_id, known=known, author_id=author_id)
    panel.worth = _worth(data, result)
    panel.value_unit = data.get("value_unit") or "unit"
    low, middle, high = result.month.cost.range
    panel.range_bar = charts.range_bar(
        low, middle, high, cap=panel.cap_nanos, label=_range_label(panel)
    )
    panel.curve = first_year(result, panel.cap_nanos, panel.currency)
    return panel


def _standing(
    story: TokenStory, form: StoryForm, capability: Capability | None, found: Judged, kind: str
) -> Verdict | None:
    """Whether this amendment needs a new decision; None for anything but an amendment."""
    if story.state not in rules.UNDER_WAY:
        return None
    data = form.cleaned_data
    adoption = data.get("value_adoption")
    unit_id = capability.unit_id if capability else (data.get("unit") or story.unit_id)
    plan = StoryDraft(
        unit_id=UUID(str(unit_id)),
        capability=capability,
        kind=kind or story.kind,
        cap_nanos=data.get("cap"),
        currency=story.currency,
        value_change=data.get("value_change"),
        value_money_nanos=data.get("value_money"),
        value_per=data.get("value_per") or ValuePer.INTERACTION.value,
        value_adoption=Decimal(100) if adoption is None else adoption,
        design=dump_design(form.design()),
    )
    return verdict(
        story,
        plan,
        form.assumptions(),
        found.result,
        tier=found.tier.tier,
        percent=form.settings.reapproval_percent,
    )


def _slide(panel: Panel, a: Assumptions, found: Judged) -> None:
    """The sliders against the plan as it is: all together, and each alone."""
    what_if, base = panel.what_if, found.result.month.cost.likely
    if what_if.is_neutral:
        return
    try:
        panel.changed = estimate_now(what_if.applied(a), prices=found.prices, brief=True)
    except Invalid:
        panel.changed = None
    panel.effects = {
        name: month_cost(alone.applied(a), found.prices) - base for name, alone in what_if.alone()
    }


def _capability(actor: Actor, capability_id: Any) -> Capability | None:
    if not capability_id:
        return None
    try:
        return capability_by_id(actor, capability_id)
    except NotFound:
        return None


def _worth(data: dict[str, Any], result: Estimate) -> Worth | None:
    change, money = data.get("value_change"), data.get("value_money")
    if change is None or money is None:
        return None
    adoption = data.get("value_adoption")
    return worth_of(
        result,
        change=change,
        money_nanos=money,
        per=ValuePer(data.get("value_per") or ValuePer.INTERACTION.value),
        adoption=Decimal(100) if adoption is None else adoption,
    )


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _range_label(panel: Panel) -> str:
    low, middle, high = panel.month_range
    text = (
        f"Monthly cost P10 {fmt.money(low, panel.currency)}, P50 "
        f"{fmt.money(middle, panel.currency)}, P90 {fmt.money(high, panel.currency)}"
    )
    if panel.cap_nanos is None:
        return text
    return f"{text}, requested cap {fmt.money(panel.cap_nanos, panel.currency)}"
