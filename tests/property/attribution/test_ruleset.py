"""The compiled rules answer as a plain walk over them would, on every day."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attribution.enums import Confidence
from apps.attribution.moves import Spend, preview
from apps.attribution.rules import (
    Assignment,
    Condition,
    Dimensions,
    Owner,
    Rule,
    RuleSet,
    StorySpan,
)

START = date(2026, 1, 1)
words = st.sampled_from(["", "a", "ab", "b", "Prod", "prod-eu"])
days = st.integers(0, 20).map(lambda n: START + timedelta(days=n))
ids = st.integers(1, 6).map(lambda n: UUID(int=n))
dims = st.builds(
    Dimensions,
    provider=words,
    account=words,
    api_key=words,
    api_key_id=words,
    project=words,
    user=words,
    model=words,
    branch=words,
    tags=st.dictionaries(st.sampled_from(["team", "env"]), words),
    unit=st.sampled_from(["", "", "known", "unknown"]),
    phase=st.sampled_from(["", "", "testing"]),
)


@st.composite
def conditions(draw):
    name = draw(st.sampled_from(["provider", "api_key", "project", "model", "branch", "tag"]))
    operator = draw(st.sampled_from(["equals", "prefix", "in"]))
    values = draw(st.lists(words.filter(bool).map(str.casefold), min_size=1, max_size=3))
    if operator != "in":
        values = values[:1]
    return Condition(name, operator, tuple(values), "team" if name == "tag" else "")


rules = st.builds(
    Rule,
    id=st.uuids(version=4),
    conditions=st.lists(conditions(), max_size=3).map(tuple),
    owner=st.builds(Owner, unit_id=st.none() | ids, capability_id=st.none() | ids),
    phase=st.sampled_from(["", "production"]),
    work_item=st.sampled_from(["", "W-1"]),
    confidence=st.sampled_from([Confidence.RULE, Confidence.ALLOCATED]),
    starts_on=st.none() | days,
    ends_on=st.none() | days,
)


class OneUnit:
    def unit(self, code):
        return Owner(UUID(int=99)) if code == "known" else None

    def capability(self, code):
        return None

    story = capability


def plain(rule_list, record, day):
    """The specification, word by word."""
    live = [
        r
        for r in rule_list
        if (r.starts_on is None or r.starts_on <= day)
        and (r.ends_on is None or day < r.ends_on)
        and all(c.matches(record) for c in r.conditions)
    ]
    owner, confidence, rule_id = Owner(), Confidence.NONE, None
    if record.unit == "known":
        owner, confidence = Owner(UUID(int=99)), Confidence.DIRECT
    elif first := next((r for r in live if r.owner), None):
        owner, confidence, rule_id = first.owner, first.confidence, first.id
    return Assignment(
        owner.unit_id,
        owner.capability_id,
        owner.story_id,
        record.phase or next((r.phase for r in live if r.phase), ""),
        next((r.work_item for r in live if r.work_item), ""),
        confidence,
        rule_id,
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(rules, max_size=8), dims, days)
def test_a_day_is_decided_as_by_walking_the_rules(rule_list, record, day):
    compiled = RuleSet(tuple(rule_list), OneUnit())
    assert compiled.attribute(record, day) == plain(rule_list, record, day)


stories = st.dictionaries(
    ids,
    st.lists(st.builds(StorySpan, st.uuids(version=4), days, st.none() | days), max_size=3).map(
        tuple
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(rules, max_size=6), dims, stories)
def test_spans_cover_all_days_once_and_agree_with_each_day(rule_list, record, known):
    compiled = RuleSet(tuple(rule_list), OneUnit(), 0, known)
    spans = compiled.spans_for(record)
    assert spans[0][0] is None
    assert spans[-1][1] is None
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert all(left[2] != right[2] for left, right in pairwise(spans))
    for offset in range(-2, 24):
        day = START + timedelta(days=offset)
        inside = [
            found
            for begin, end, found in spans
            if (begin is None or begin <= day) and (end is None or day < end)
        ]
        assert inside == [compiled.attribute(record, day)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(rules, max_size=5),
    st.lists(rules, max_size=5),
    st.lists(st.tuples(dims, days, st.integers(0, 1000), st.none() | st.integers(0, 10**9))),
)
def test_a_preview_loses_no_token_and_no_nano(before, after, usage):
    spends = [Spend(d, day, tokens, 1, cost) for d, day, tokens, cost in usage]
    found = preview(RuleSet(tuple(before)), RuleSet(tuple(after)), spends)
    assert found.moved_tokens + found.kept_tokens == sum(s.tokens for s in spends)
    assert found.moved_cost_nanos + found.kept_cost_nanos == sum(s.cost_nanos or 0 for s in spends)
    assert not preview(RuleSet(tuple(before)), RuleSet(tuple(before)), spends).moves
