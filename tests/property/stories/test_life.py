"""A Token Story under any sequence of acts by anybody, over its whole life.

Filing, deciding, lowering, handing over, adding approvers, stepping back, undoing, replacing by a
newer revision, amending, leaving the band, closing: each act is done or refused, a refusal writes
nothing, and after every act what is stored is a legal state (`legal.py`).
"""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.stories import rules
from apps.stories.enums import Act
from tests.factories.stories import CAP, make_prices
from tests.property.stories.legal import LEAD, S
from tests.property.stories.life import BOARD, MUST, PEOPLE, ROUTES, SEEN, Life


def machine(side):
    class Sided(Life):
        pass

    Sided.side = side
    return Sided


@pytest.fixture
def side(world):
    for role in PEOPLE:
        world.a.person(role)
    SEEN.clear()
    with world.a.scope():
        make_prices()
        yield world.a


def test_no_sequence_of_acts_reaches_an_illegal_state(side):
    run_state_machine_as_test(
        machine(side),
        settings=settings(
            max_examples=6,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def a_whole_life(life):
    """From filing to the story that takes its place, as it should be."""
    life.file(ROUTES[0], False)  # noqa: FBT003
    life.on_request("step back", approvals.recuse, Role.CFO, note="A vendor.", legal=True)
    while life.asked.is_open:
        role = life.waited_for[0]
        life.on_request("approve", approvals.decide, role, decision="approve", legal=True)
        life.what_is_stored_is_legal()
    for act in (Act.START_DELIVERY, Act.GO_LIVE, Act.TRUE_UP):
        life.do(act)
        life.what_is_stored_is_legal()
    life.leave_the_band()
    life.replaced()
    life.what_is_stored_is_legal()
    assert life.now.state is S.SUPERSEDED


def test_a_long_walk_does_everything_and_stays_legal(side):
    """Hypothesis leaves acts out of a life; the walk takes them all in turn, from one seed."""
    dice = Random(11)
    answers = ["approve"] * 4 + ["reject", "request_changes"]
    for n in range(5):
        life = machine(side)()
        life.file(ROUTES[n % len(ROUTES)], n % 2 == 0)
        acts = (
            lambda life=life: life.team(dice, LEAD),
            lambda life=life: life.team(dice, dice.choice([LEAD, LEAD, Role.VIEWER])),
            lambda life=life: (
                life.asked.is_open
                and life.decide(dice, dice.choice(answers), dice.choice([None, None, CAP // 2]), 0)
            ),
            lambda life=life: life.asked.is_open and life.think_again(dice, dice.choice(answers)),
            lambda life=life: (
                life.asked.is_open and life.hand_over(dice, dice.choice([*BOARD, Role.EA]))
            ),
            lambda life=life: life.asked.is_open and life.add(dice, dice.choice([*BOARD, Role.EA])),
            lambda life=life, n=n: life.asked.is_open and n % 3 == 2 and life.step_back(dice),
            lambda life=life: life.undo(dice.choice(BOARD), mine=True),
            lambda life=life: life.draft and life.edit(dice.choice([CAP // 2, CAP])),
            lambda life=life: (
                life.now.state in rules.UNDER_WAY
                and not life.now.resume
                and life.months < 2
                and life.leave_the_band()
            ),
            lambda life=life: (
                life.months
                and life.decide_the_month(dice.choice(BOARD), dice.choice([*answers[3:], "undo"]))
            ),
            lambda life=life, n=n: n > 3 and life.successor is None and life.replaced(),
        )
        for _ in range(3):
            for act in dice.sample(acts, len(acts)):
                act()
                life.what_is_stored_is_legal()
    a_whole_life(machine(side)())
    missing = [act for act in MUST if not SEEN[act, "done"]]
    assert not missing, (missing, SEEN)
