"""Tiers and entitlements, without a database."""

from datetime import date
from uuid import UUID

import pytest

from apps.common.errors import Invalid
from apps.entitlements import rules
from apps.entitlements.enums import Within
from apps.entitlements.rules import Held, Model
from apps.portfolio.enums import StandingTo
from apps.portfolio.tiers import DEFAULT, TierRule, dump, entitles_words, parse
from apps.pricing.enums import Standing

CAP, UNIT, ABOVE = UUID(int=1), UUID(int=2), UUID(int=3)
LIGHT = TierRule("light", models_to="standard", standing_to="undecided", context_to=32_000)
FREE = TierRule("light")
DEAR = Model("acme", "big", "undecided", "frontier")
KEPT = Model("acme", "kept", "restricted", "economy")
BANNED = Model("acme", "no", "not_allowed", "economy")
UNKNOWN = Model("acme", "new", "undecided", "")


def held(number=1, holder="capability", gives="premium", **values):
    return Held(
        **{
            "id": UUID(int=100 + number),
            "gives": gives,
            "holder": holder,
            "unit_id": UNIT if holder == "unit" else None,
            "capability_id": CAP if holder == "capability" else None,
            "user": "ada" if holder == "user" else "",
            "reach": "frontier" if gives == "premium" else "",
            "models": frozenset(),
            "context_tokens": None if gives == "premium" else 200_000,
            "first": date(2026, 11, 5),
            "last": date(2026, 11, 20),
            **values,
        }
    )


def test_standings_of_tiers_are_words_of_pricing():
    assert [s.value for s in StandingTo] == [s.value for s in Standing][:4]


@pytest.mark.parametrize(
    ("rule", "model", "inside"),
    [
        (LIGHT, DEAR, False),
        (LIGHT, KEPT, False),
        (LIGHT, UNKNOWN, True),
        (FREE, DEAR, True),
        (FREE, KEPT, True),
        (FREE, BANNED, False),
        (TierRule("x", models_to="frontier", standing_to="standard"), DEAR, False),
    ],
)
def test_what_a_tier_gives(rule, model, inside):
    assert rules.in_tier(rule, model) is inside


@pytest.mark.parametrize(
    ("one", "model", "covers"),
    [
        (held(), DEAR, True),
        (held(), KEPT, False),
        (held(reach="restricted"), KEPT, True),
        (held(reach="restricted"), BANNED, False),
        (held(reach="listed", models=frozenset({"acme/no"})), BANNED, True),
        (held(reach="listed", models=frozenset({"acme/no"})), DEAR, False),
        (held(gives="context"), DEAR, False),
    ],
)
def test_what_an_entitlement_covers(one, model, covers):
    assert one.covers(model) is covers


def test_who_holds_it():
    assert held().is_held_by(CAP, [])
    assert not held().is_held_by(None, [UNIT], "ada")
    assert held(holder="unit").is_held_by(None, [ABOVE, UNIT])
    assert not held(holder="unit").is_held_by(CAP, [ABOVE])
    assert held(holder="user").is_held_by(None, [], "ada")
    assert not held(holder="user").is_held_by(CAP, [UNIT], "")


def test_the_narrowest_holder_is_charged():
    wide, narrow = held(1, "unit"), held(2)
    longest = held(3, last=date(2026, 12, 1))
    assert rules.judge(LIGHT, DEAR, [wide, narrow, longest]) == (Within.ENTITLED, longest)
    assert rules.judge(LIGHT, UNKNOWN, [wide]) == (Within.TIER, None)
    assert rules.judge(LIGHT, KEPT, [wide]) == (Within.OUTSIDE, None)


def test_context_is_the_most_of_tier_and_entitlements():
    long, short = held(1, gives="context"), held(2, gives="context", context_tokens=1_000)
    assert rules.context_limit(LIGHT, [short]) == (32_000, None)
    assert rules.context_limit(LIGHT, [short, long, held(3)]) == (200_000, long)
    assert rules.context_limit(FREE, [long]) == (None, None)


def test_days_are_cut_where_an_entitlement_begins_or_has_ended():
    start, end = date(2026, 11, 1), date(2026, 12, 1)
    assert rules.windows([], start, end) == [(start, end)]
    assert rules.windows([held(), held(2, last=date(2027, 1, 1))], start, end) == [
        (start, date(2026, 11, 5)),
        (date(2026, 11, 5), date(2026, 11, 21)),
        (date(2026, 11, 21), end),
    ]


def test_a_circle_of_units_ends():
    assert rules.unit_path(UNIT, {UNIT: ABOVE, ABOVE: UNIT}) == [UNIT, ABOVE]


def changed(tier, **values):
    document = dump(DEFAULT)
    for rule in document["tiers"]:
        if rule["tier"] == tier:
            rule.update(values)
    return document


@pytest.mark.parametrize(
    ("tier", "values", "field"),
    [
        ("heavy", {"context_to": 100_000}, "heavy.context_to"),
        ("heavy", {"models_to": "economy"}, "heavy.models_to"),
        ("light", {"models_to": "huge"}, "light.models_to"),
        ("light", {"context_to": 0}, "light.context_to"),
        ("standard", {"standing_to": "allowed"}, "standard.standing_to"),
        ("light", {"context_to": None}, "standard.context_to"),
    ],
)
def test_a_higher_tier_gives_at_least_as_much(tier, values, field):
    with pytest.raises(Invalid) as refused:
        parse(changed(tier, **values))
    assert field in [error.field for error in refused.value.errors]


def test_documents_from_before_set_no_limit():
    document = dump(DEFAULT)
    for rule in document["tiers"]:
        for name in ("models_to", "standing_to", "context_to"):
            del rule[name]
    found = parse(document).rule("light")
    assert rules.in_tier(found, DEAR)
    assert entitles_words(found) == "Any class, any standing, any number of input tokens a call"
    assert entitles_words(DEFAULT.rule("light")) == (
        "Standard class, all but restricted models, 32,000 input tokens a call"
    )
