"""What an approved story promised of use, in a month, to those who may read it."""

from datetime import date
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.stories.estimator import exactly
from apps.stories.selectors.promises import promises
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_assumptions

pytestmark = pytest.mark.django_db


def test_people_and_growth_from_the_month_of_going_live(desk):
    made = make_capability("Ask", kind="analytics", unit_id=desk.unit_id)
    planned = make_assumptions(
        volume="users", users=exactly(200), adoption=exactly(50), per_user=exactly(40),
        growth=exactly(10),
    )  # fmt: skip
    story = desk.approved(capability_id=made.id, assumptions=planned, kind="analytics")
    found = promises(desk.author, [made.id], date(2027, 4, 1))[made.id]
    assert (found.ref, found.noun, found.calls) == (story.ref, "claim", 6)
    assert (found.people, found.per_person) == (100, 40)
    # 4,000 a month from February 2027, two months later 21 % more
    assert found.interactions == Decimal(4840)
    # 6 calls and 6 % retries of 9,200 tokens in and 640 out
    assert found.tokens == Decimal("6.36") * 9_840
    for month in (date(2027, 1, 1), date(2028, 2, 1)):
        assert promises(desk.author, [made.id], month)[made.id].interactions is None
    outsider = desk.org.actor(Role.MEMBER, "claims")
    assert promises(outsider, [made.id], date(2027, 4, 1)) == {}


def test_a_draft_promises_nothing(desk):
    made = make_capability("Ask", kind="analytics", unit_id=desk.unit_id)
    desk.draft(capability_id=made.id)
    assert promises(desk.author, [made.id], date(2027, 4, 1)) == {}
