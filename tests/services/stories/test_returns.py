"""Stories without a return to rely on: who is on the list, why, and who sees it."""

import datetime as dt
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.common.money import NANOS
from apps.stories import services
from apps.stories.selectors.returns import Doubt, Policy, doubts, in_doubt, of_doubt, policy
from apps.stories.selectors.settings import settings_in_force
from tests.factories.stories import make_assumptions

pytestmark = pytest.mark.django_db

APPROVED = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = datetime(2027, 4, 10, 9, tzinfo=UTC)


def found(actor, at=APPROVED):
    with clock.at(at):
        return {
            row.story.ref: [doubt.value for doubt in doubts(row, policy(), at.date())]
            for row in in_doubt(actor).order_by("-lifetime_cost_likely", "pk")
        }


def set_amount(desk, units):
    services.change_value_policy(
        actor=desk.approver,
        version=settings_in_force().version,
        from_nanos=units * NANOS,
        reason="The board asks.",
    )


@pytest.fixture
def complete(desk, world):
    """What a version states when nothing is in doubt."""
    return {"value_owner_id": world.a.person(Role.UNIT_LEAD).membership.id}


def test_each_doubt_is_named_the_most_serious_first(desk, complete):
    with clock.at(APPROVED):
        desk.approved(**complete)
        vague = desk.submitted(**complete | {"value_money_nanos": None})
        loss = desk.approved(**complete | {"value_change": Decimal("-0.1")})
        unsure = desk.submitted(**complete | {"value_confidence": "low"})
        both = desk.submitted(value_confidence="low", value_why="Felt right.")
    assert found(desk.author) == {
        vague.ref: ["missing"],
        loss.ref: ["loss"],
        unsure.ref: ["unsure"],
        both.ref: ["missing", "unsure"],
    }


def test_with_an_amount_only_those_near_it_count_but_every_overdue_one(desk, complete):
    small = make_assumptions(horizon_months=1)
    with clock.at(APPROVED):
        big = desk.approved(value_change=None)
        little = desk.approved(value_change=None, assumptions=small)
        due = desk.approved(**complete | {"assumptions": small})
    lifetime = {row.story.ref: row.lifetime_cost_likely for row in in_doubt(desk.author)}
    # Near begins at four fifths: the amount is as high as the big one is still near to.
    set_amount(desk, lifetime[big.ref] * 5 // 4 // NANOS)
    assert list(found(desk.author)) == [big.ref]
    assert found(desk.author, LATER) == {big.ref: ["missing"], due.ref: ["overdue"]}
    assert little.ref not in found(desk.author, LATER)
    with clock.at(LATER):
        services.report_value(
            actor=desk.author,
            story_id=due.id,
            measured_change=Decimal("-4.5"),
            measured_on=dt.date(2027, 4, 1),
            note="412 claims of March.",
        )
    assert list(found(desk.author, LATER)) == [big.ref]


def test_the_filter_asks_the_same_as_the_words(desk, complete):
    with clock.at(APPROVED):
        desk.submitted(value_confidence="low", value_unit="")
        desk.approved(**complete | {"value_change": Decimal("-0.1"), "value_confidence": "low"})
        desk.approved(**complete)
    with clock.at(LATER):
        rows = list(in_doubt(desk.author))
        for doubt in Doubt:
            named = {r.id for r in rows if doubt in doubts(r, policy(), LATER.date())}
            assert {r.id for r in of_doubt(in_doubt(desk.author), doubt)} == named
            assert named


def test_drafts_and_stories_that_are_over_are_not_there(desk):
    with clock.at(APPROVED):
        desk.draft(value_change=None)
        declined = desk.decide(desk.submitted(value_change=None), "reject", reason="duplicate")
    assert declined.status == "rejected"
    assert found(desk.author) == {}


def test_a_person_of_another_unit_sees_none(desk, world):
    with clock.at(APPROVED):
        desk.submitted(value_change=None)
    elsewhere = world.a.person(Role.UNIT_LEAD, unit="claims").actor
    assert found(elsewhere) == {}


def test_near_is_four_fifths_of_the_amount():
    assert Policy(100).near_nanos == 80
    assert Policy(0).near_nanos == 0
    assert Policy(None).near_nanos is None
