"""The demonstration's routes, deputies and answers come about through the services, once."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.access.roles import Role
from apps.approvals import selectors
from apps.approvals.models import ApprovalDecision, ApprovalDelegation, ApprovalQuestion
from apps.approvals.rules.choosing import route
from apps.asks.models import Ask
from apps.common import clock
from apps.common.money import NANOS
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_prices, make_submitted
from tokenops.demo.answers import Last, answer, at_work
from tokenops.demo.approvals import ensure_approvals
from tokenops.demo.routes import ensure_routes

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
PEOPLE = (Role.EA, Role.CFO, Role.CIO, Role.CTO, Role.CDO, Role.TOKENOPS_LEAD, Role.UNIT_LEAD)


class Stage:
    """Who the demonstration asks for, from the tests' world."""

    def __init__(self, side):
        self._side = side

    @property
    def units(self):
        return {"CLM": self._side.units["platform"].id}

    @property
    def organization(self):
        return self._side.organization

    def role(self, role):
        return self._side.actor(role)

    def lead_of(self, _team):
        return self._side.actor(Role.UNIT_LEAD)


@pytest.fixture
def side(world):
    side = world.a
    for role in PEOPLE:
        side.person(role)
    with side.scope(), clock.at(NOW):
        make_prices()
        ensure_routes(Stage(side), NOW)
        yield side


def steps(name, **facts):
    policy = next(p for p in selectors.policies() if p.name == name)
    return [step.name for step in route(selectors.document_of(policy), facts)]


@pytest.mark.django_db
def test_the_amount_says_how_far_a_story_goes(side):
    ensure_routes(Stage(side), NOW)
    assert [p.name for p in selectors.policies()] == [
        "Small and harmless, by rule",
        "Pipelines with personal data",
        "Token Stories",
        "Everything else",
    ]
    wanted = ["Architecture", "TokenOps", "Finance", "Large amounts"]
    for amount, count in ((2_499, 2), (2_500, 3), (11_999, 3), (12_000, 4)):
        assert steps("Token Stories", amount_month_nanos=amount * NANOS) == wanted[:count]
    small = steps("Pipelines with personal data", amount_month_nanos=1)
    assert small == ["Architecture and data", "TokenOps"]
    assert ApprovalDelegation.objects.count() == 3


@pytest.mark.django_db
def test_a_request_is_answered_by_its_people_as_far_as_it_came(side):
    start = at_work(NOW - timedelta(days=12))
    with clock.at(start):
        story = make_submitted(side.actor(Role.UNIT_LEAD), side.units["platform"].id)
    request = selectors.open_request_of("story", story.id)
    ended = answer(request, start, NOW, number=1, last=Last(2))
    request.refresh_from_db()
    assert (request.status, request.current_step) == ("pending", 3)
    assert start < ended <= NOW
    answer(request, ended, NOW, number=1, last=Last(0, "reject", "Twice the same.", "duplicate"))
    request.refresh_from_db()
    assert (request.status, request.closed_reason) == ("rejected", "duplicate")
    given = ApprovalDecision.objects.order_by("decided_at")
    assert [(each.role, each.decision) for each in given] == [
        ("ea", "approve"),
        ("tokenops_lead", "approve"),
        ("cfo", "reject"),
    ]


@pytest.mark.django_db
def test_architect_and_cdo_are_both_asked_about_personal_pipelines(side):
    unit_id, actor = side.units["platform"].id, side.actor(Role.UNIT_LEAD)
    capability = make_capability("Labels", unit_id=unit_id, kind="pipeline", data_class="personal")
    story = make_submitted(actor, unit_id, capability_id=capability.id)
    request = selectors.open_request_of("story", story.id)
    answer(request, NOW, NOW, number=1, last=Last(1))
    request.refresh_from_db()
    assert (request.status, request.current_step) == ("pending", 1)
    answer(request, NOW, NOW, number=1, last=Last(1))
    request.refresh_from_db()
    assert request.current_step == 2


@pytest.mark.django_db
def test_twice_is_once(side):
    make_submitted(side.actor(Role.UNIT_LEAD), side.units["platform"].id)
    for _ in range(2):
        ensure_approvals(Stage(side))
    assert [m.objects.count() for m in (ApprovalQuestion, Ask)] == [1, 1]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T18:30Z", "2026-11-20T18:30Z"),
        ("2026-11-20T23:10Z", "2026-11-23T14:10Z"),
        ("2026-11-22T18:30Z", "2026-11-23T18:30Z"),
        ("2026-11-23T07:15Z", "2026-11-23T14:15Z"),
    ],
)
def test_people_answer_while_they_are_at_work(moment, expected):
    assert at_work(datetime.fromisoformat(moment)) == datetime.fromisoformat(expected)
