"""How figures of worth read, for the list, the page and the card."""

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.common import fmt
from apps.outcomes.enums import Basis, Due, Standing, Verdict
from apps.outcomes.models import WorthDecision
from apps.outcomes.selectors.worth import Worth
from apps.stories.enums import Confidence

STANDING_TONES = {Standing.NOT_WORTH: "bad", Standing.WORTH: "ok"}
BASIS_TONES = {Basis.MEASURED: "ok", Basis.PARTLY: "warn"}
VERDICT_TONES = {Verdict.RETIRE: "bad", Verdict.REDESIGN: "warn", Verdict.KEEP: "ok"}


def chip(label: str, tone: str = "") -> SafeString:
    return format_html('<span class="chip {}">{}</span>', tone, label)


def unit_of(worth: Worth) -> str:
    """The unit of an outcome, as the hypothesis names it."""
    return (worth.hypothesis.revision.value_unit if worth.hypothesis else "") or "outcomes"


def number(value: Decimal) -> str:
    """Outcomes as people read them: whole from a hundred on, else to three digits."""
    if abs(value) >= 100:
        return fmt.count(int(value.to_integral_value()))
    return format(Decimal(f"{value:.3g}"), "f") if value else "0"


def per_outcome(worth: Worth) -> str:
    """Cost of one outcome; of none there is no cost of one."""
    if worth.given is None:
        return fmt.DASH
    cost = worth.given.cost_per_outcome
    return "No outcome" if cost is None else fmt.money(cost, worth.currency, style="unit")


def alternative(worth: Worth) -> str:
    if worth.given is None:
        return fmt.DASH
    return fmt.money(worth.given.alternative_nanos, worth.currency, style="unit")


def lost(worth: Worth) -> str:
    """Money lost a month; what is gained says so."""
    nanos = worth.lost_nanos
    if nanos is None:
        return fmt.DASH
    return fmt.money(nanos, worth.currency) if nanos > 0 else "Nothing"


def basis(worth: Worth) -> SafeString | str:
    """The confidence in the figures, or why there are none."""
    if worth.basis is not None:
        return chip(worth.basis.label, BASIS_TONES.get(worth.basis, ""))
    return worth.unknown.label if worth.unknown else fmt.DASH


def hypothesis_confidence(worth: Worth) -> str:
    """How sure the story is of its hypothesis, while nothing was reported."""
    found = worth.hypothesis
    if found is None or found.report is not None or not found.revision.value_confidence:
        return ""
    return Confidence(found.revision.value_confidence).label.split(":")[0].lower() + " confidence"


def decision(worth: Worth) -> SafeString | str:
    if worth.decision is None:
        return "None yet"
    verdict = Verdict(worth.decision.verdict)
    shown = chip(verdict.label, VERDICT_TONES[verdict])
    if worth.due is Due.DUE:
        return format_html("{} {}", shown, chip("Review due", "warn"))
    return shown


def review(found: WorthDecision | None) -> str:
    return "" if found is None else f"{found.owner_name}, review {fmt.day(found.review_on)}"
