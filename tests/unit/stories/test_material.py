"""Which amendments are decided again: every fact, every amount, each direction, at the edge."""

import dataclasses
import uuid

import pytest

from apps.stories.material import Stand, material_changes

TEAM, CAPABILITY = uuid.uuid4(), uuid.uuid4()
DECIDED = Stand(
    unit_id=TEAM,
    capability_id=CAPABILITY,
    kind="production",
    tier="standard",
    models=frozenset({("production", "atlas", "medium"), ("testing", "atlas", "small")}),
    currency="USD",
    cap=4_000,
    month_p50=2_000,
    month_p90=3_000,
    lifetime_p50=20_000,
    value_month=30_000,
)


def reasons(percent=10, **changes):
    wanted = dataclasses.replace(DECIDED, **changes)
    return list(material_changes(DECIDED, wanted, percent=percent))


def test_the_same_plan_stays_within():
    assert reasons() == reasons(percent=0) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit_id": uuid.uuid4()}, "another team owns it"),
        ({"capability_id": None}, "it is about another capability"),
        ({"kind": "pipeline"}, "its category is another"),
        ({"tier": "heavy"}, "its consumption tier is another"),
        ({"currency": "EUR"}, "its currency is another"),
        ({"value_month": None}, "its value is no longer in money"),
    ],
)
def test_a_fact_counts_whatever_the_share(changes, words):
    assert reasons(percent=100, **changes) == [words]


def test_a_model_that_is_added_counts_and_one_that_is_dropped_does_not():
    fewer = frozenset({("production", "atlas", "medium")})
    assert reasons(models=fewer) == []
    assert reasons(models=fewer | {("production", "atlas", "large")}) == ["it calls large"]


@pytest.mark.parametrize(
    ("name", "within", "beyond"),
    [
        ("cap", (3_600, 4_400), (3_599, 4_401)),
        ("month_p50", (0, 2_200), (2_201,)),
        ("month_p90", (0, 3_300), (3_301,)),
        ("lifetime_p50", (0, 22_000), (22_001,)),
        ("value_month", (27_000, 90_000), (26_999,)),
    ],
)
def test_amounts_at_the_edge(name, within, beyond):
    for amount in within:
        assert reasons(**{name: amount}) == [], amount
    for amount in beyond:
        assert len(reasons(**{name: amount})) == 1, amount


def test_no_share_lets_nothing_move_and_nothing_is_a_share_of_nothing():
    assert reasons(percent=0, cap=4_001) == ["the cap moves by a little"]
    free = dataclasses.replace(DECIDED, cap=0)
    assert list(material_changes(free, dataclasses.replace(free, cap=1), percent=100)) == [
        "the cap moves by more than nothing"
    ]
