"""A route that asks the lead of the unit: the nearest one, and nobody else's lead."""

from datetime import timedelta

import pytest

from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.selectors.deputies import local_today
from apps.common.errors import DomainError, Forbidden, Invalid
from tests.factories.approvals import make_request, set_route

pytestmark = pytest.mark.django_db
LEAD = Role.UNIT_LEAD


@pytest.fixture
def side(world):
    """Leads of Core, Platform and Claims; Engineering has none."""
    for unit in ("core", "platform", "claims"):
        world.a.person(LEAD, unit)
    for role in (Role.CFO, Role.CIO, Role.EA):
        world.a.person(role)
    with world.a.scope():
        set_route(
            {"name": "Team", "roles": ["unit_lead"], "fallback_roles": ["cio"]},
            {"name": "Money", "roles": ["cfo"]},
        )
        yield world.a


def ask(side, unit="core", **values):
    return make_request(unit_id=side.units[unit].id, **values)


def people(request):
    return {(p.membership_id, p.via) for p in selectors.steps_of(request)[0].people}


def member(side, role, unit=None):
    return side.person(role, unit).membership.id


def decide(side, request, role, unit=None, **more):
    request.refresh_from_db()
    more.setdefault("decision", "approve")
    return services.decide(
        actor=side.actor(role, unit), request_id=request.id, version=request.version, **more
    )


@pytest.mark.parametrize(
    ("unit", "lead"), [("core", "core"), ("platform", "platform"), ("claims", "claims")]
)
def test_the_lead_of_the_unit_is_asked(side, unit, lead):
    request = ask(side, unit)
    assert people(request) == {(member(side, LEAD, lead), "role")}
    preview = selectors.preview_route(subject_type="probe", unit_id=side.units[unit].id, facts={})
    assert [a.membership_id for a in preview[0].approvers] == [member(side, LEAD, lead)]


def test_the_next_lead_above_stands_for_one_who_may_not(side):
    """The lead of Core asks: the lead of Platform decides."""
    request = ask(side, requester_id=member(side, LEAD, "core"))
    assert people(request) == {(member(side, LEAD, "platform"), "role")}


def test_the_fallback_joins_where_no_unit_above_has_a_lead(side):
    request = ask(side, "apps")
    assert people(request) == {(member(side, Role.CIO), "fallback")}


def test_a_lead_answers_this_step_and_nothing_else(side):
    request = ask(side)
    lead = side.actor(LEAD, "core")
    assert [r.id for r in selectors.waiting_for(lead)] == [request.id]
    assert selectors.blocked_reason(lead, request) == ""
    for unit in ("platform", "claims"):
        with pytest.raises(DomainError) as caught:
            decide(side, request, LEAD, unit)
        assert caught.value.status in {403, 404}
    decide(side, request, LEAD, "core")
    assert selectors.steps_of(request)[0].status == "approved"
    with pytest.raises(Forbidden):
        decide(side, request, LEAD, "core")
    done = decide(side, request, Role.CFO, conditions=[services.Asked("Log it.")])
    condition = selectors.conditions_of(done.request)[0]
    with pytest.raises(Forbidden):
        services.waive_condition(actor=lead, condition_id=condition.id, note="No need.")


def test_a_lead_who_lost_the_role_no_longer_counts(side):
    from apps.organizations import services as organizations
    from apps.organizations.models import RoleBinding

    request = ask(side)
    binding = RoleBinding.objects.get(membership_id=member(side, LEAD, "core"))
    organizations.unbind_role(actor=side.actor(Role.OWNER), binding_id=binding.id)
    with pytest.raises(DomainError) as caught:
        decide(side, request, LEAD, "core")
    assert caught.value.status in {403, 404}
    services.refresh_open_steps()
    assert (member(side, LEAD, "platform"), "role") in people(request)
    decide(side, request, LEAD, "platform")


def test_a_lead_has_a_lead_as_deputy_and_hands_over_to_one(side):
    today = local_today()
    services.create_delegation(
        actor=side.actor(LEAD, "core"),
        deputy_id=member(side, LEAD, "claims"),
        starts_on=today,
        ends_on=today + timedelta(days=3),
    )
    request = ask(side)
    done = decide(side, request, LEAD, "claims")
    assert done.decision.on_behalf_names == str(side.person(LEAD, "core").membership)
    other = ask(side, "platform")
    services.delegate_request(
        actor=side.actor(LEAD, "platform"),
        request_id=other.id,
        version=other.version,
        to_id=member(side, LEAD, "core"),
    )
    assert decide(side, other, LEAD, "core").decision.role == "unit_lead"
    with pytest.raises(Invalid):
        services.create_delegation(
            actor=side.actor(LEAD, "core"),
            deputy_id=member(side, LEAD, "core"),
            starts_on=today,
            ends_on=today,
        )


def test_the_pages_and_the_api_of_a_lead(side):
    request = ask(side)
    browser = side.client(LEAD, "core")
    shown = browser.get(side.url("approvals:list")).content.decode()
    assert "Your decision" in shown
    assert request.title in shown
    answer = browser.post(
        side.url("approvals:decide", request_id=request.id),
        {"decision": "approve", "version": request.version},
    )
    assert answer.status_code == 302
    request.refresh_from_db()
    assert request.current_step == 2
