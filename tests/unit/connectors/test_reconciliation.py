"""When figures of different channels agree, and what explains a gap."""

import pytest

from apps.common.money import NANOS
from apps.connectors.reconciliation.rules import (
    Limits,
    Side,
    problems,
    reasons,
    state,
    under_measured_keys,
)


def side(**fields):
    return Side(**{"measured_nanos": 100 * NANOS, "measured_tokens": 10_000_000, **fields})


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ({}, "alone"),
        ({"billed_nanos": 100 * NANOS}, "agrees"),
        ({"billed_nanos": 101 * NANOS}, "agrees"),
        ({"billed_nanos": 104 * NANOS}, "near"),
        ({"billed_nanos": 94 * NANOS}, "gap"),
        ({"billed_nanos": 0}, "gap"),
        ({"measured_nanos": None, "billed_nanos": NANOS}, "agrees"),
        ({"measured_nanos": None, "billed_nanos": 2 * NANOS}, "gap"),
        ({"compared_tokens": 1_000_000}, "agrees"),
        ({"compared_tokens": 10_005_000}, "agrees"),
        ({"compared_tokens": 20_000_000}, "gap"),
        ({"billed_nanos": 100 * NANOS, "compared_tokens": 20_000_000}, "gap"),
        ({"billed_nanos": 90 * NANOS, "compared_tokens": 10_000_000}, "gap"),
    ],
)
def test_state(fields, want):
    assert state(side(**fields)) == want


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"billed_nanos": 100 * NANOS}, ""),
        ({"billed_nanos": 120 * NANOS, "unpriced_tokens": 5}, "no price"),
        ({"billed_nanos": 120 * NANOS}, "bills more"),
        ({"billed_nanos": 80 * NANOS}, "bills less"),
        ({"billed_nanos": 9 * NANOS, "measured_nanos": None, "measured_tokens": 0}, "no source"),
        ({"compared_tokens": 1_000}, "lower bound"),
        ({"compared_tokens": 20_000_000}, "saw more"),
        ({"fresh": True}, "not billed this day yet"),
        ({"lagging": "OpenAI"}, "OpenAI has not delivered"),
    ],
)
def test_reasons(fields, words):
    found = " ".join(reasons(side(**fields)))
    assert words in found
    assert bool(found) == bool(words)


def test_virtual_keys_stand_under_the_providers_keys_of_the_same_name():
    labels = {("openai", "key_1"): "bot", ("openai", "key_2"): "twin", ("openai", "key_3"): "twin"}
    compared = {
        ("openai", "hash_a"): (10, 5, "bot"),
        ("openai", "hash_b"): (1, None, "bot"),
        ("openai", "hash_c"): (7, 2, "twin"),
        ("openai", "key_3"): (3, 1, "bot"),
        ("anthropic", "hash_a"): (4, 4, "bot"),
        ("openai", "hash_d"): (2, 2, ""),
    }
    assert under_measured_keys(compared, labels) == {
        ("openai", "key_1"): (11, None, "bot"),
        ("openai", "hash_c"): (7, 2, "twin"),
        ("openai", "key_3"): (3, 1, "bot"),
        ("anthropic", "hash_a"): (4, 4, "bot"),
        ("openai", "hash_d"): (2, 2, ""),
    }


def test_an_organizations_own_limits_decide():
    loose, strict = Limits(1000, 2000, 0, 0), Limits(0, 0, 0, 0)
    billed = side(billed_nanos=110 * NANOS)
    assert (state(billed), state(billed, loose), state(billed, strict)) == ("gap", "agrees", "gap")
    assert reasons(billed, loose) == []
    assert state(side(billed_nanos=100 * NANOS + 1), strict) == "gap"
    assert state(side(billed_nanos=100 * NANOS), strict) == "agrees"


@pytest.mark.parametrize(
    ("limits", "fields"),
    [
        (Limits(), []),
        (Limits(close_bp=-1), ["close_bp"]),
        (Limits(close_bp=600), ["wide_bp"]),
        (Limits(wide_bp=10_001), ["wide_bp"]),
        (Limits(small_nanos=-1, small_tokens=10**19), ["small_nanos", "small_tokens"]),
    ],
)
def test_limits_that_make_no_sense_are_named(limits, fields):
    assert [error.field for error in problems(limits)] == fields
