"""Usage of a capability belongs to its approved story, unless a code or a rule says otherwise."""

from datetime import date
from uuid import UUID

import pytest

from apps.attribution.rules import (
    Condition,
    Dimensions,
    Owner,
    Rule,
    RuleSet,
    StorySpan,
)

UNIT, CAPABILITY, OTHER, FIRST, SECOND, NAMED = (UUID(int=n) for n in range(1, 7))
MAY, JULY = date(2026, 5, 10), date(2026, 7, 1)
STORIES = {CAPABILITY: (StorySpan(FIRST, MAY, JULY), StorySpan(SECOND, JULY))}


def rule(story=None, capability=CAPABILITY):
    return Rule(
        UUID(int=99), (Condition("project", "equals", ("claims",)),), Owner(UNIT, capability, story)
    )


def rules(*given):
    return RuleSet(tuple(given), stories=STORIES)


DIMS = Dimensions(project="claims")


@pytest.mark.parametrize(
    ("day", "story"),
    [(date(2026, 5, 9), None), (MAY, FIRST), (date(2026, 6, 30), FIRST), (JULY, SECOND)],
)
def test_the_story_of_the_day(day, story):
    assert rules(rule()).attribute(DIMS, day).story_id == story


def test_spans_are_cut_where_a_story_begins():
    spans = rules(rule()).spans_for(DIMS)
    assert [(start, end, found.story_id) for start, end, found in spans] == [
        (None, MAY, None),
        (MAY, JULY, FIRST),
        (JULY, None, SECOND),
    ]
    assert {found.capability_id for _, _, found in spans} == {CAPABILITY}


def test_a_rule_that_names_a_story_goes_first():
    spans = rules(rule(story=NAMED)).spans_for(DIMS)
    assert [found.story_id for _, _, found in spans] == [NAMED]


def test_other_capabilities_and_unclaimed_usage_have_none():
    assert rules(rule(capability=OTHER)).attribute(DIMS, JULY).story_id is None
    assert rules(rule()).attribute(Dimensions(project="else"), JULY).story_id is None
