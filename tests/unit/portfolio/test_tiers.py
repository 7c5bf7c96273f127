"""Consumption tiers: the highest of which one threshold is met."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from apps.common.errors import Invalid
from apps.portfolio import tiers
from apps.portfolio.tiers import DEFAULT, Tiers, Workload, assign, dump, parse
from tokenops.simulator.rates import KINDS
from tokenops.simulator.rates import rates as list_rates

D = Decimal
NANOS = 10**9


@pytest.mark.parametrize(
    ("load", "tier", "because"),
    [
        (Workload(), "light", ()),
        (Workload(month_cost=500 * NANOS - 1), "light", ()),
        (Workload(month_cost=500 * NANOS), "standard", ("month_cost",)),
        (Workload(month_cost=10_000 * NANOS), "heavy", ("month_cost",)),
        (Workload(month_cost=100_000 * NANOS), "critical", ("month_cost",)),
        (Workload(tokens_per_run=19_999), "light", ()),
        (Workload(tokens_per_run=20_000), "standard", ("tokens_per_run",)),
        (Workload(data_class="confidential"), "light", ()),
        (Workload(data_class="personal"), "heavy", ("data_class",)),
        (Workload(data_class="special", month_cost=1), "critical", ("data_class",)),
        (
            Workload(month_cost=20_000 * NANOS, tokens_per_run=300_000),
            "heavy",
            ("month_cost", "tokens_per_run"),
        ),
    ],
)
def test_the_highest_tier_that_is_reached(load, tier, because):
    found = assign(DEFAULT, load)
    assert (found.tier, found.because) == (tier, because)
    assert found.guidance == DEFAULT.rule(tier).guidance


@pytest.mark.parametrize(
    ("price", "name"),
    [(None, ""), ("5.99", "economy"), ("6", "standard"), ("17.99", "standard"), ("18", "frontier")],
)
def test_model_classes_follow_the_price_of_output(price, name):
    assert tiers.model_class(DEFAULT, None if price is None else D(price)) == name


LISTED = {
    "economy": {
        "anthropic": ("claude-haiku-4-5", "claude-haiku-5-5"),
        "openai": ("gpt-4o-mini", "gpt-5-mini", "gpt-5.4-mini", "gpt-5.6-luna", "o4-mini"),
        "google": ("gemini-2.5-flash", "gemini-3.8-flash"),
    },
    "standard": {
        "anthropic": ("claude-sonnet-4-5", "claude-sonnet-4-6", "claude-sonnet-5-5"),
        "openai": ("gpt-4.1", "gpt-4o", "gpt-5", "gpt-5.2", "gpt-5.3-codex", "gpt-5.6-terra"),
        "google": ("gemini-2.5-pro", "gemini-3.1-pro-preview"),
    },
    "frontier": {
        "anthropic": ("claude-opus-4-8", "claude-opus-5-5", "claude-fable-5-2"),
        "openai": ("gpt-5.5", "gpt-5.6-sol", "gpt-5-pro", "o1"),
    },
}
DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [(c, p, model) for c, known in LISTED.items() for p, names in known.items() for model in names],
)
def test_real_list_prices_fall_into_the_class_people_would_say(name, provider, model):
    """A negotiated rate, up to a tenth either way, moves no model to another class."""
    output = list_rates(provider, model, "standard", DAY)[KINDS.index("output")]
    for share in (D("0.91"), D(1), D("1.1")):
        assert tiers.model_class(DEFAULT, output * share) == name, (model, output)


def test_a_tier_may_ask_for_a_model_class():
    rules = list(DEFAULT.tiers)
    rules[2] = msgspec.structs.replace(rules[2], model_class_from="frontier")
    own = Tiers(tiers=tuple(rules))
    assert assign(own, Workload(output_price=D(25))).because == ("model_class",)
    assert assign(own, Workload(output_price=D(10))).tier == "light"


def test_the_document_survives_the_wire():
    assert parse(dump(DEFAULT)) == DEFAULT


def test_higher():
    assert tiers.higher("light", "heavy") == "heavy"
    assert tiers.higher("critical", "standard") == "critical"


def _with(index, **changes):
    rules = list(DEFAULT.tiers)
    rules[index] = msgspec.structs.replace(rules[index], **changes)
    return dump(Tiers(tiers=tuple(rules)))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"tiers": []}, "tiers"),
        ({"tiers": dump(DEFAULT)["tiers"][::-1]}, "tiers"),
        ({"tiers": "all"}, "tiers"),
        ({**dump(DEFAULT), "extra": 1}, "document"),
        ({**dump(DEFAULT), "standard_from": "20"}, "frontier_from"),
        (_with(0, month_cost_from=1), "light.month_cost_from"),
        (_with(1, month_cost_from=0), "standard.month_cost_from"),
        (_with(1, tokens_per_run_from=-5), "standard.tokens_per_run_from"),
        (_with(2, month_cost_from=500 * NANOS), "heavy.month_cost_from"),
        (_with(3, data_class_from="secret"), "critical.data_class_from"),
        (_with(3, model_class_from="large"), "critical.model_class_from"),
        (_with(3, guidance="x" * 401), "critical.guidance"),
    ],
)
def test_each_wrong_field_is_named(document, field):
    with pytest.raises(Invalid) as refused:
        parse(document)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_lowest_tier_keeps_only_its_words():
    assert parse(_with(0, guidance="Go ahead.")).rule("light") == msgspec.structs.replace(
        DEFAULT.rule("light"), guidance="Go ahead."
    )
