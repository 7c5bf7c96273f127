"""The life of a story as a table: every (status, act) pair, with and without a draft."""

from decimal import Decimal

import pytest

from apps.stories import rules
from apps.stories.enums import Act, StoryStatus, ValuePer

D = Decimal


S, A = StoryStatus, Act
REVIEW = (S.SUBMITTED, S.IN_REVIEW)
UNDER_WAY = (S.APPROVED, S.IN_DELIVERY, S.LIVE, S.TRUED_UP)
EDITABLE = (S.DRAFT, S.CHANGES_REQUESTED, *REVIEW, *UNDER_WAY)

#: Written out by hand, act by act: what the table in rules.py must say.
EXPECTED = {
    A.SAVE: {s: s for s in EDITABLE},
    A.SUBMIT: dict.fromkeys(EDITABLE, S.SUBMITTED),
    A.START_REVIEW: {S.SUBMITTED: S.IN_REVIEW, S.IN_REVIEW: S.IN_REVIEW},
    A.APPROVE: dict.fromkeys(REVIEW, S.APPROVED),
    A.REJECT: dict.fromkeys(REVIEW, S.REJECTED),
    A.REQUEST_CHANGES: dict.fromkeys(REVIEW, S.CHANGES_REQUESTED),
    A.WITHDRAW: dict.fromkeys((S.DRAFT, S.CHANGES_REQUESTED, *REVIEW), S.WITHDRAWN),
    A.AMEND: {
        **{s: s for s in (*REVIEW, *UNDER_WAY)},
        S.REJECTED: S.DRAFT,
        S.WITHDRAWN: S.DRAFT,
    },
    A.DISCARD: {s: s for s in (*REVIEW, *UNDER_WAY)},
    A.START_DELIVERY: {S.APPROVED: S.IN_DELIVERY},
    A.GO_LIVE: {S.IN_DELIVERY: S.LIVE},
    A.TRUE_UP: {S.LIVE: S.TRUED_UP},
    A.CLOSE: dict.fromkeys((*UNDER_WAY, S.REJECTED, S.WITHDRAWN), S.CLOSED),
    A.SUPERSEDE: dict.fromkeys(UNDER_WAY, S.SUPERSEDED),
}


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("status", list(StoryStatus))
def test_every_cell(status, act):
    with_draft = act is not A.AMEND or status in rules.FINISHED
    assert rules.next_status(status, act, has_draft=with_draft) == EXPECTED[act].get(status)


@pytest.mark.parametrize("status", list(StoryStatus))
def test_editing_needs_a_draft_and_amending_needs_none(status):
    for act in (A.SAVE, A.SUBMIT, A.DISCARD):
        assert rules.next_status(status, act, has_draft=False) is None
    if status not in rules.FINISHED:
        assert rules.next_status(status, A.AMEND, has_draft=True) is None


@pytest.mark.parametrize("resume", UNDER_WAY)
def test_the_review_of_an_amendment_ends_where_it_began(resume):
    for act in (A.APPROVE, A.REJECT, A.WITHDRAW):
        assert rules.next_status(S.IN_REVIEW, act, resume=resume) is resume
        assert rules.next_resume(S.IN_REVIEW, act, resume) is None
    assert rules.next_resume(resume, A.SUBMIT, None) is resume
    assert rules.next_resume(S.IN_REVIEW, A.REQUEST_CHANGES, resume) is resume
    assert rules.next_resume(S.CHANGES_REQUESTED, A.SUBMIT, resume) is resume


def test_closed_and_superseded_are_the_end():
    for status in (S.CLOSED, S.SUPERSEDED):
        for has_draft in (True, False):
            assert rules.acts_possible(status, has_draft=has_draft) == frozenset()


@pytest.mark.parametrize("status", [*REVIEW, S.CHANGES_REQUESTED])
def test_an_amendment_in_review_goes_with_the_story_it_amends(status):
    assert rules.next_status(status, A.SUPERSEDE, resume=S.LIVE) is S.SUPERSEDED
    assert rules.next_status(status, A.SUPERSEDE) is None
    assert rules.next_resume(status, A.SUPERSEDE, S.LIVE) is None


def test_references():
    assert [rules.ref_of(n) for n in (1, 142, 12_345)] == ["TS-0001", "TS-0142", "TS-12345"]
    assert rules.normalise("  Claims\tTRIAGE  ") == "claims triage"


def value(**changes):
    given = {
        "expected_change": D("-4.5"),
        "money_per_unit_nanos": 700_000_000,
        "per": ValuePer.INTERACTION,
        "adoption_percent": D(70),
        "interactions": D(14_000),
    }
    return rules.value_nanos_per_month(**{**given, **changes})


def test_value_of_a_month():
    # 14,000 × 70 % × 4.5 minutes × $0.70 = $30,870
    assert value() == 30_870_000_000_000
    assert value(expected_change=D("4.5")) == 30_870_000_000_000
    assert value(per=ValuePer.MONTH) == 3_150_000_000
    assert value(adoption_percent=D(0)) == 0


def test_relative_change():
    assert rules.relative_change(100, 142) == D("0.42")
    assert rules.relative_change(0, 142) is None
    assert rules.relative_change(None, 142) is None
    assert rules.relative_change(100, None) is None
