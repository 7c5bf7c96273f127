"""Size bands and reference bands: what is accepted, what is flagged."""

from decimal import Decimal

import pytest

from apps.common.errors import Invalid
from apps.stories import bands
from apps.stories.bands import DEFAULT_REFERENCES, DEFAULT_SIZES, compare
from apps.stories.estimator import Triple

D = Decimal


@pytest.mark.parametrize(
    ("tokens", "tone"),
    [(499, "far"), (500, "near"), (999, "near"), (1_000, "ok"), (12_000, "ok"), (12_001, "near"),
     (24_000, "near"), (24_001, "far")],
)  # fmt: skip
def test_far_is_below_half_the_low_or_above_twice_the_high(tokens, tone):
    found = compare(
        DEFAULT_REFERENCES, pattern="chatbot", kind="production", tokens_per_interaction=tokens
    )
    assert (found.tone, found.tokens, found.pattern) == (tone, tokens, "chatbot")


def test_the_category_stands_in_for_a_pattern_that_is_not_named():
    by_kind = compare(
        DEFAULT_REFERENCES, pattern="", kind="analytics", tokens_per_interaction=6_000
    )
    assert by_kind.pattern == "analytics"
    assert (
        compare(DEFAULT_REFERENCES, pattern="", kind="production", tokens_per_interaction=6_000)
        is None
    )
    assert (
        compare(DEFAULT_REFERENCES, pattern="agent", kind="production", tokens_per_interaction=0)
        is None
    )


def test_a_size_is_a_range():
    assert DEFAULT_SIZES["S"].triple == Triple(
        likely=D(50_000_000), low=D(20_000_000), high=D(120_000_000)
    )


def test_documents_survive_the_wire():
    assert bands.load_sizes(bands.dump(DEFAULT_SIZES)) == DEFAULT_SIZES
    assert bands.load_references(bands.dump(DEFAULT_REFERENCES)) == DEFAULT_REFERENCES


@pytest.mark.parametrize(
    ("name", "band", "field"),
    [
        ("S", {"low": 0, "likely": 1, "high": 2}, "S.likely"),
        ("M", {"low": 9, "likely": 8, "high": 10}, "M.likely"),
        ("L", {"low": 1, "likely": 2, "high": 3}, "L.likely"),
        ("XXL", {"low": 1, "likely": 2, "high": 3}, "XXL"),
        ("S", {"low": 1, "likely": 2}, "S"),
        ("S", {"low": 1, "likely": 2.5, "high": 3}, "S.likely"),
    ],
)
def test_wrong_sizes_are_named(name, band, field):
    with pytest.raises(Invalid) as refused:
        bands.load_sizes({**bands.dump(DEFAULT_SIZES), name: band})
    assert field in [error.field for error in refused.value.errors]


def test_anything_but_an_object_is_refused():
    with pytest.raises(Invalid):
        bands.load_sizes([1])


def test_missing_and_reversed_reference_bands_are_named():
    document = bands.dump(DEFAULT_REFERENCES)
    del document["agent"]
    document["chatbot"] = {"low": 9, "high": 8}
    with pytest.raises(Invalid) as refused:
        bands.load_references(document)
    assert [error.field for error in refused.value.errors] == ["agent", "chatbot.high"]
