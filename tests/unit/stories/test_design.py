"""The design review: what is accepted, how it scores, what it lacks."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import Invalid
from apps.stories import design
from apps.stories.design import DEFAULT, Answer, Checklist, Design, Question

ASKED = Checklist(
    questions=(
        Question("short", "prompt", "The prompt is short.", 2),
        Question("cached", "caching", "Input is cached.", 1),
        Question("batched", "batch", "What waits runs in batches.", 3),
    ),
    tiers=("heavy",),
    gate=True,
)


def review(notes="Two calls.", **answers):
    given_answers = tuple(Answer(key, *pair.split("|")) for key, pair in answers.items())
    return design.settle(ASKED, Design(notes, given_answers))


@pytest.mark.parametrize(
    ("answers", "score", "reviewed"),
    [
        ({}, None, False),
        ({"short": "yes"}, 33, False),  # 2 of 6: what has no answer is not done
        ({"short": "yes", "cached": "no", "batched": "no"}, 33, True),
        ({"short": "no", "cached": "yes", "batched": "no"}, 17, True),  # 16.67
        ({"short": "yes", "cached": "no", "batched": "na|Nothing waits."}, 67, True),  # 2 of 3
        ({"short": "yes", "cached": "no", "batched": "na"}, 33, False),  # no reason: it counts
        (dict.fromkeys(("short", "cached", "batched"), "na|Just so."), None, True),
        ({"short": "yes", "cached": "yes", "batched": "yes"}, 100, True),
    ],
)
def test_score_and_completeness(answers, score, reviewed):
    found = review(**answers)
    assert (found.score, found.is_reviewed) == (score, reviewed)


@given(st.lists(st.sampled_from(["", "yes", "no", "na|So."]), min_size=3, max_size=3))
def test_a_better_answer_never_scores_less(replies):
    keys = [question.key for question in ASKED.questions]
    before = review(**dict(zip(keys, replies, strict=True)))
    for key in keys:
        better = review(**{**dict(zip(keys, replies, strict=True)), key: "yes"})
        assert 0 <= (better.score or 0) <= 100
        if before.score is not None:
            assert better.score >= before.score


def test_what_is_missing_names_field_and_fix():
    found = list(design.missing(review(notes=" ", short="yes", batched="na")))
    assert [error.field for error in found] == [
        "design.notes", "design.cached.answer", "design.batched.reason",
    ]  # fmt: skip
    assert all(error.fix for error in found)
    assert "Input is cached." in found[1].message


def test_the_gate_asks_its_tiers_only():
    assert ASKED.asks("heavy")
    assert not ASKED.asks("critical")
    assert not msgspec.structs.replace(ASKED, gate=False).asks("heavy")
    assert not DEFAULT.gate


def test_answers_follow_the_checklist_in_force():
    stored = review(short="yes", cached="yes")
    reworded = Checklist(
        questions=(
            Question("short", "prompt", "The prompt is short.", 5),
            Question("cached", "caching", "Input is cached for an hour.", 1),
        )
    )
    found = design.settle(reworded, stored)
    assert [(a.key, a.answer, a.weight) for a in found.answers] == [
        ("short", "yes", 5), ("cached", "", 1),
    ]  # fmt: skip
    assert design.settle(ASKED, Design("  ")) == Design()
    assert design.load_design(design.dump_design(stored)) == stored
    assert design.dump_design(Design()) == {}


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (Answer("nobody-asks", "yes"), "design.nobody-asks.key"),
        (Answer("short", "maybe"), "design.short.answer"),
        (Answer("short", "no", "x" * 501), "design.short.reason"),
    ],
)
def test_answers_nobody_asked_for(answer, field):
    with pytest.raises(Invalid) as refused:
        design.settle(ASKED, Design(answers=(answer,)))
    assert [error.field for error in refused.value.errors] == [field]


def changed(**fields):
    return {**design.dump(ASKED), **fields}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (changed(questions=[]), "questions"),
        (changed(questions=[{"key": "A b", "area": "prompt", "text": "x"}]), "questions[0].key"),
        (
            changed(questions=[{"key": "a", "area": "prompt", "text": "x"}] * 2),
            "questions[1].key",
        ),
        (changed(questions=[{"key": "a", "area": "moon", "text": "x"}]), "questions[0].area"),
        (changed(questions=[{"key": "a", "area": "data", "text": " "}]), "questions[0].text"),
        (
            changed(questions=[{"key": "a", "area": "data", "text": "x", "weight": 11}]),
            "questions[0].weight",
        ),
        (changed(tiers=["huge"]), "tiers"),
        (changed(tiers=[]), "tiers"),
        (changed(gate="perhaps"), "gate"),
        ([], "document"),
    ],
)
def test_a_checklist_that_cannot_be_used(document, field):
    with pytest.raises(Invalid) as refused:
        design.parse(document)
    assert [error.field for error in refused.value.errors] == [field]
    assert refused.value.errors[0].fix


def test_a_checklist_reads_back():
    assert design.parse(design.dump(DEFAULT)) == DEFAULT
