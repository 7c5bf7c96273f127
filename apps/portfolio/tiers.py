"""Consumption tiers as data: what a workload must reach to belong to each. Pure.

A tier asks for any of: money a month, tokens a run, the class of the dearest model, the most
sensitive data. The highest tier of which one threshold is met is the workload's; the lowest tier
has no threshold and takes the rest.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from apps.common import fmt
from apps.common.errors import FieldError, Invalid
from apps.portfolio.enums import DataClass, ModelClass, StandingTo, Tier

ORDER = [tier.value for tier in Tier]
MODEL_ORDER = [each.value for each in ModelClass]
DATA_ORDER = [each.value for each in DataClass]
STANDING_ORDER = [each.value for each in StandingTo]
MAX_NANOS = 10**18
MAX_TOKENS = 10**15
MAX_GUIDANCE = 400
THRESHOLDS = ("month_cost_from", "tokens_per_run_from", "model_class_from", "data_class_from")
ENTITLES = ("models_to", "standing_to", "context_to")


class TierRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds of one tier; None and "" ask for nothing.

    `month_cost_from` is nanos of the price book's currency, `tokens_per_run_from` tokens of one
    interaction. `guidance` says what the tier asks for, in the organization's words.

    What it entitles to: models up to the class `models_to` and down to the standing `standing_to`,
    and `context_to` input tokens in one call. None and "" set no limit. Nothing is ever blocked by
    them: use beyond them is shown, and asked for (`apps.entitlements`).
    """

    tier: str
    month_cost_from: int | None = None
    tokens_per_run_from: int | None = None
    model_class_from: str = ""
    data_class_from: str = ""
    guidance: str = ""
    models_to: str = ""
    standing_to: str = ""
    context_to: int | None = None


class Tiers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All four tiers, lowest first, and where model classes begin.

    `standard_from` and `frontier_from` are money per million tokens of output. The defaults lie in
    the gaps of the providers' list prices (docs/decisions/0060): small models cost up to 5,
    all-round ones (Claude Sonnet, GPT-5, Gemini Pro) 6 to 16, the top of each family 20 and more.
    18 leaves a tenth for negotiated rates on either side.
    """

    tiers: tuple[TierRule, ...]
    standard_from: Decimal = Decimal(6)
    frontier_from: Decimal = Decimal(18)

    def rule(self, tier: str) -> TierRule:
        return next(rule for rule in self.tiers if rule.tier == tier)


DEFAULT = Tiers(
    tiers=(
        TierRule(
            "light",
            guidance="Any team, after one approval. Observed, never throttled.",
            models_to="standard",
            standing_to="undecided",
            context_to=32_000,
        ),
        TierRule(
            "standard",
            month_cost_from=500 * 10**9,
            tokens_per_run_from=20_000,
            guidance="A value hypothesis and a named owner. Budget alerts go to the team.",
            models_to="standard",
            standing_to="undecided",
            context_to=128_000,
        ),
        TierRule(
            "heavy",
            month_cost_from=10_000 * 10**9,
            tokens_per_run_from=200_000,
            data_class_from="personal",
            guidance="Architecture review of context, caching and model choice before approval.",
            models_to="frontier",
            standing_to="undecided",
            context_to=200_000,
        ),
        TierRule(
            "critical",
            month_cost_from=100_000 * 10**9,
            tokens_per_run_from=2_000_000,
            data_class_from="special",
            guidance="Reviewed by finance every quarter; pause needs a second person.",
            models_to="frontier",
            standing_to="undecided",
        ),
    )
)
"""What every organization starts with."""


class Workload(msgspec.Struct, frozen=True):
    """What is known of a workload; None and "" are unknown and meet no threshold.

    `month_cost` in nanos, `tokens_per_run` tokens of one interaction, `output_price` money per
    million tokens of output of its dearest model.
    """

    month_cost: int | None = None
    tokens_per_run: int | None = None
    output_price: Decimal | None = None
    data_class: str = ""


class Assigned(msgspec.Struct, frozen=True):
    """The tier of a workload and the thresholds of it that were met, as criteria's names."""

    tier: Tier
    because: tuple[str, ...]
    guidance: str
    model_class: str


def model_class(tiers: Tiers, output_price: Decimal | None) -> str:
    """The class of a model by its price of output; "" when the price is unknown."""
    if output_price is None:
        return ""
    if output_price >= tiers.frontier_from:
        return ModelClass.FRONTIER.value
    standard = output_price >= tiers.standard_from
    return ModelClass.STANDARD.value if standard else ModelClass.ECONOMY.value


def assign(tiers: Tiers, load: Workload) -> Assigned:
    """The highest tier of which the workload meets a threshold."""
    of_model = model_class(tiers, load.output_price)
    for name in reversed(ORDER[1:]):
        rule = tiers.rule(name)
        because = tuple(_met(rule, load, of_model))
        if because:
            return Assigned(Tier(name), because, rule.guidance, of_model)
    return Assigned(Tier(ORDER[0]), (), tiers.rule(ORDER[0]).guidance, of_model)


def higher(one: str, other: str) -> str:
    """The higher of two tiers."""
    return max(one, other, key=ORDER.index)


def _met(rule: TierRule, load: Workload, of_model: str) -> Iterator[str]:
    if _reaches(load.month_cost, rule.month_cost_from):
        yield "month_cost"
    if _reaches(load.tokens_per_run, rule.tokens_per_run_from):
        yield "tokens_per_run"
    if _ranks(of_model, rule.model_class_from, MODEL_ORDER):
        yield "model_class"
    if _ranks(load.data_class, rule.data_class_from, DATA_ORDER):
        yield "data_class"


def _reaches(value: int | None, least: int | None) -> bool:
    return value is not None and least is not None and value >= least


def _ranks(value: str, least: str, order: list[str]) -> bool:
    return bool(value and least) and order.index(value) >= order.index(least)


def parse(document: Any) -> Tiers:
    """The catalogue of a document. Raises Invalid with one error per wrong field."""
    try:
        tiers = msgspec.convert(document, Tiers, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").removeprefix(".") or "document"
        raise Invalid(
            "The tiers have the wrong shape.",
            code="tiers_invalid",
            errors=[FieldError(field, message, "See the schema of PUT /api/v1/tiers/.")],
        ) from error
    errors = list(_problems(tiers))
    if errors:
        raise Invalid("The tiers cannot be used as they are.", code="tiers_invalid", errors=errors)
    return tiers


def dump(tiers: Tiers) -> dict[str, Any]:
    """The JSON document: decimals as strings."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tiers))
    return document


def _problems(tiers: Tiers) -> Iterator[FieldError]:
    if [rule.tier for rule in tiers.tiers] != ORDER:
        yield FieldError(
            "tiers", "All four tiers are needed, lowest first.", f"Send {', '.join(ORDER)}."
        )
        return
    if not (
        tiers.standard_from.is_finite()
        and tiers.frontier_from.is_finite()
        and 0 <= tiers.standard_from <= tiers.frontier_from
    ):
        yield FieldError(
            "frontier_from", "Frontier models cost at least as much as standard ones.", "Raise it."
        )
    lowest = tiers.tiers[0]
    if any(getattr(lowest, name) not in (None, "") for name in THRESHOLDS):
        yield FieldError(
            f"{lowest.tier}.month_cost_from",
            "The lowest tier takes what no other tier takes.",
            "Leave its thresholds empty.",
        )
    for number, rule in enumerate(tiers.tiers):
        yield from _rule_problems(rule)
        if number > 1:
            yield from _order_problems(tiers.tiers[number - 1], rule)
        if number:
            yield from _less_than_below(tiers.tiers[number - 1], rule)


def _rule_problems(rule: TierRule) -> Iterator[FieldError]:
    for name, most in (
        ("month_cost_from", MAX_NANOS),
        ("tokens_per_run_from", MAX_TOKENS),
        ("context_to", MAX_TOKENS),
    ):
        value = getattr(rule, name)
        if value is not None and not 0 < value <= most:
            yield FieldError(
                f"{rule.tier}.{name}", "The number is out of range.", "Enter more than 0."
            )
    for name, order in (
        ("model_class_from", MODEL_ORDER),
        ("data_class_from", DATA_ORDER),
        ("models_to", MODEL_ORDER),
        ("standing_to", STANDING_ORDER),
    ):
        value = getattr(rule, name)
        if value and value not in order:
            yield FieldError(
                f"{rule.tier}.{name}", f"{value} is not a choice.", f"Use {', '.join(order)}."
            )
    if len(rule.guidance) > MAX_GUIDANCE:
        yield FieldError(
            f"{rule.tier}.guidance", "The text is too long.", f"At most {MAX_GUIDANCE} characters."
        )


def _order_problems(below: TierRule, rule: TierRule) -> Iterator[FieldError]:
    for name in ("month_cost_from", "tokens_per_run_from"):
        low, high = getattr(below, name), getattr(rule, name)
        if low is not None and high is not None and high <= low:
            yield FieldError(
                f"{rule.tier}.{name}",
                f"The threshold is not above that of the {below.tier} tier.",
                "Raise it, or leave it empty.",
            )


def _less_than_below(below: TierRule, rule: TierRule) -> Iterator[FieldError]:
    """A higher tier entitles to at least as much as the one below it; no limit is the most."""
    ranks = (
        ("models_to", MODEL_ORDER.index),
        ("standing_to", STANDING_ORDER.index),
        ("context_to", int),
    )
    for name, rank in ranks:
        low, high = getattr(below, name), getattr(rule, name)
        if high in (None, "") or _unknown(name, low, high):
            continue
        if low in (None, "") or rank(high) < rank(low):
            yield FieldError(
                f"{rule.tier}.{name}",
                f"The {below.tier} tier would entitle to more.",
                "Raise it, or leave it empty for no limit.",
            )


def _unknown(name: str, *values: Any) -> bool:
    """A word that is no choice: said by `_rule_problems` already."""
    order = {"models_to": MODEL_ORDER, "standing_to": STANDING_ORDER}.get(name)
    return order is not None and any(value and value not in order for value in values)


def entitles_words(rule: TierRule) -> str:
    """Standard class, all but restricted models, 32,000 input tokens a call."""
    models = f"{ModelClass(rule.models_to).label} class" if rule.models_to else "Any class"
    standing = StandingTo(rule.standing_to).label.lower() if rule.standing_to else "any standing"
    context = fmt.count(rule.context_to) if rule.context_to else "any number of"
    return f"{models}, {standing}, {context} input tokens a call"
