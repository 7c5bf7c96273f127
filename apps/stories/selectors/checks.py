"""Checks of a revision that an approver sees: passed, or worth a question."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from apps.asks.enums import Rule
from apps.asks.selectors import exceptions_in_force
from apps.common import clock, fmt
from apps.entitlements.words import fit_words
from apps.portfolio.enums import DataClass, Stage, Tier
from apps.pricing.enums import Standing
from apps.pricing.selectors import standings
from apps.stories.bands import compare
from apps.stories.design import load_design
from apps.stories.enums import Pattern
from apps.stories.estimator import load
from apps.stories.models import StoryRevision
from apps.stories.selectors.design import checklist_in_force, excused_from
from apps.stories.selectors.estimating import models_of
from apps.stories.selectors.facts import fit_now
from apps.stories.selectors.settings import settings_in_force


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list."""

    passed: bool
    text: str
    detail: str = ""


def ok(text: str, detail: str = "") -> Check:
    """A check that passed."""
    return Check(passed=True, text=text, detail=detail)


def ask(text: str, detail: str = "") -> Check:
    """Something worth a question."""
    return Check(passed=False, text=text, detail=detail)


def checks(revision: StoryRevision) -> list[Check]:
    """Everything that can be said without asking anybody; what failed comes first."""
    found = [
        _cap(revision),
        _range(revision),
        _build(revision),
        _value(revision),
        *_design(revision),
        *_usual(revision),
        _data_class(revision),
        *_standing(revision),
        *_entitled(revision),
        _prices(revision),
        *(ask(text) for text in revision.estimate.get("warnings", ())),
    ]
    return sorted(found, key=lambda check: check.passed)


def _cap(revision: StoryRevision) -> Check:
    cap = revision.cap_nanos or 0
    detail = (
        f"{fmt.money(revision.month_cost_p90, revision.currency)} against "
        f"{fmt.money(cap, revision.currency)}"
    )
    if revision.month_cost_p90 <= cap:
        return ok("P90 stays under the cap", detail)
    if revision.month_cost_p50 <= cap:
        return ask("The high case passes the cap", detail)
    likely = fmt.money(revision.month_cost_p50, revision.currency)
    return ask("The likely case passes the cap", f"{likely} a month, {detail}")


def _range(revision: StoryRevision) -> Check:
    if "production" in revision.estimate.get("ranged_phases", ()):
        return ok("The author gave a low and a high case")
    return ask(
        "No low and high case given",
        "The range shown is the usual error of estimates, ×0.72 to ×1.55.",
    )


def _build(revision: StoryRevision) -> Check:
    phases = revision.estimate.get("phases", {})
    tokens = {
        name: phases.get(name, {}).get("tokens", {}).get("likely", 0)
        for name in ("development", "testing")
    }
    missing = [name for name, count in tokens.items() if not count]
    if missing:
        return ask(f"No estimate for {' and '.join(missing)}")
    return ok(
        "Every phase is estimated",
        f"{fmt.tokens(sum(tokens.values()))} tokens before go-live",
    )


def _value(revision: StoryRevision) -> Check:
    missing = [
        label
        for label, present in (
            ("a baseline", revision.value_baseline is not None),
            ("money per unit", revision.value_money_nanos is not None),
            ("a date to measure", revision.value_measure_on is not None),
            ("an owner", revision.value_owner_id is not None),
        )
        if not present
    ]
    if missing:
        return ask(f"The value hypothesis lacks {', '.join(missing)}")
    return ok("The value hypothesis can be measured", revision.value_metric)


GOOD_DESIGN = 60
"""Score from which a design review needs no question by itself."""


def _design(revision: StoryRevision) -> Iterator[Check]:
    """The design review; nothing where the tier need not answer and nobody did."""
    review = load_design(revision.design)
    if review.is_reviewed:
        score = review.score
        if score is None:
            yield ok("The design review is complete", "None of its questions applies.")
        elif score >= GOOD_DESIGN:
            yield ok(f"The design scores {score} of 100")
        else:
            missed = [a.text for a in review.answers if a.answer == "no"]
            yield ask(f"The design scores {score} of 100", " ".join(missed[:3]))
    elif not review.is_empty:
        yield ask(f"{review.answered} of {len(review.answers)} design questions are answered")
    elif checklist_in_force()[0].asks(revision.tier):
        excused = excused_from(Rule.DESIGN, revision.unit_id)
        yield ask("No design review", f"Exception {excused.ref} is in force" if excused else "")


def _usual(revision: StoryRevision) -> Iterator[Check]:
    """Tokens an interaction against the organization's reference band, and the tier."""
    volume = Decimal(revision.estimate.get("volume", "0"))
    if volume > 0:
        found = compare(
            settings_in_force().references,
            pattern=revision.pattern,
            kind=revision.kind,
            tokens_per_interaction=int(revision.month_tokens_likely / volume),
        )
        if found is not None:
            name = Pattern(found.pattern).label.lower()
            used = f"{fmt.tokens(found.tokens)} tokens an interaction"
            usual = f"Usual: {fmt.tokens(found.band.low)} to {fmt.tokens(found.band.high)}"
            if found.tone == "far":
                yield ask(f"{used} is far from a usual {name}", usual)
            else:
                yield ok(f"{used}, as a {name} usually takes", usual)
    if revision.tier in (Tier.HEAVY, Tier.CRITICAL):
        yield ask(f"{revision.get_tier_display()} consumption tier")
    elif revision.tier:
        yield ok(f"{revision.get_tier_display()} consumption tier")


def _data_class(revision: StoryRevision) -> Check:
    capability = revision.capability
    if capability is None:
        return ask("A new capability", "It is added in its team when you approve.")
    if capability.data_class in (DataClass.PERSONAL, DataClass.SPECIAL):
        return ask(f"Reads {capability.get_data_class_display().lower()}", capability.name)
    label = capability.get_data_class_display().lower()
    stage = Stage(capability.stage).label.lower()
    return ok(f"Data class {label}, stage {stage}", capability.name)


def _standing(revision: StoryRevision) -> Iterator[Check]:
    """Models against what the organization says about them; nothing while it has said nothing."""
    known = standings()
    models = list(dict.fromkeys(models_of(load(revision.assumptions))))
    worst = known.worst(models)
    if worst is None:
        return
    if worst is Standing.STANDARD:
        yield ok("Standard models only", ", ".join(name for _, name in models))
        return
    named = ", ".join(name for pair in models if known.of(*pair) is worst for name in pair[1:])
    if worst is Standing.ALLOWED:
        yield ok("Models that are allowed, not standard", named)
        return
    excepted = exceptions_in_force(revision.unit_id, "model", clock.today())
    detail = f"Exception {excepted[0].ref} is in force" if excepted else ""
    words = {
        Standing.UNDECIDED: f"Nobody has decided about {named}",
        Standing.RESTRICTED: f"{named} is restricted",
        Standing.NOT_ALLOWED: f"{named} is not allowed",
    }
    yield ask(words[worst], detail)


def _entitled(revision: StoryRevision) -> Iterator[Check]:
    """Context and models against what tier and entitlements give today."""
    if not revision.tier:
        return
    fit = fit_now(
        load(revision.assumptions),
        capability=revision.capability,
        unit_id=revision.unit_id,
        tier=revision.tier,
    )
    for within, words in fit_words(fit):
        yield (
            ok(words, "Tier and entitlements") if within else ask(words, "Beyond its entitlements")
        )


def _prices(revision: StoryRevision) -> Check:
    prices = revision.estimate.get("prices", ())
    negotiated = [price["model"] for price in prices if price.get("negotiated")]
    detail = f"Prices of {fmt.long_day(revision.priced_on)}"
    if negotiated:
        return ok(f"Priced at your negotiated rates: {', '.join(negotiated)}", detail)
    return ok("Priced at list prices", detail)
