"""Open steps follow who holds which role now: at once, by every way in which that changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import (
    selectors,
    services,
    tasks,  # noqa: F401 -- its handlers register by import
)
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.services import steps
from apps.common.errors import Conflict, Forbidden
from apps.notifications.models import Notification
from apps.organizations import services as organizations
from apps.organizations.models import RoleBinding
from apps.outbox.models import OutboxMessage
from apps.outbox.registry import Message
from apps.outbox.services import deliver
from tests.factories.approvals import make_request, set_route

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def give(side, role, new, unit=None):
    """Give the persona of a role another one, as an owner does it."""
    return organizations.bind_role(
        actor=side.actor(Role.OWNER),
        membership_id=side.person(role).membership.id,
        role=new,
        unit_id=side.units[unit].id if unit else None,
    )


def take(side, role):
    """Take the persona's role away."""
    binding = RoleBinding.objects.get(membership=side.person(role).membership, role=role.value)
    organizations.unbind_role(actor=side.actor(Role.OWNER), binding_id=binding.id)


def open_names(request):
    rows = ApprovalAssignment.objects.filter(request_id=request.id, is_open=True)
    return set(rows.values_list("name", flat=True))


def step_of(request):
    return ApprovalStep.objects.get(request_id=request.id, status="active")


def sees(side, role, request):
    """Why the page offers them no answer; empty when it does."""
    return selectors.blocked_reason(side.actor(role), stored(request))


def stored(request):
    return ApprovalRequest.objects.get(id=request.id)


def test_a_role_that_is_given_decides_at_once_and_one_that_is_taken_does_not(people, act):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        request = make_request()
        assert sees(people, Role.EA, request) == "Others decide this."
        binding = give(people, Role.EA, Role.CFO)
        assert sees(people, Role.EA, request) == ""
        assert list(selectors.waiting_for(people.actor(Role.EA))) == [stored(request)]
        assert selectors.count_waiting_for(people.actor(Role.EA)) == 1
        organizations.unbind_role(actor=people.actor(Role.OWNER), binding_id=binding.id)
        assert sees(people, Role.EA, request) == "Others decide this."
        assert selectors.count_waiting_for(people.actor(Role.EA)) == 0
    with pytest.raises(Forbidden):
        act(services.decide, Role.EA, request, decision="approve")
    with people.scope():
        give(people, Role.EA, Role.CFO)
    assert act(services.decide, Role.EA, request, decision="approve").outcome.final


def test_who_is_still_listed_without_the_role_cannot_decide(people, act):
    """As when a role ends outside the services: the row says open, the answer asks who holds it."""
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo", "ea"]})
        request = make_request()
        cfo = people.person(Role.CFO).membership
        RoleBinding.objects.filter(membership=cfo).update(role="cdo")
        assert "CFO Acme" in open_names(request)
        assert sees(people, Role.CFO, request) == (
            "Your roles no longer include deciding for this team."
        )
    for service, values in (
        (services.decide, {"decision": "approve"}),
        (services.decide, {"decision": "reject", "note": "No."}),
        (services.add_approver, {"person_id": people.person(Role.CIO).membership.id}),
        (services.delegate_request, {"to_id": people.person(Role.CIO).membership.id}),
        (services.recuse, {"note": "Not mine."}),
    ):
        with pytest.raises(Forbidden):
            act(service, Role.CFO, request, **values)
    with people.scope():
        assert not ApprovalDecision.objects.exists()
        assert (stored(request).version, stored(request).status) == (1, "pending")


def test_a_deputy_goes_with_the_role_they_stand_in_for(people, act):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"], "fallback_roles": ["owner"]})
        services.create_delegation(
            actor=people.actor(Role.CFO),
            deputy_id=people.person(Role.CIO).membership.id,
            starts_on=TODAY,
            ends_on=TODAY,
        )
        request = make_request()
        assert open_names(request) == {"CFO Acme", "CIO Acme"}
        take(people, Role.CFO)
        assert open_names(request) == {"Alice Archer"}
    with pytest.raises(Forbidden):
        act(services.decide, Role.CIO, request, decision="approve")


def test_a_delegation_that_has_ended_gives_no_answer_before_any_round(people, act):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        request = make_request()
        services.create_delegation(
            actor=people.actor(Role.CFO),
            deputy_id=people.person(Role.CIO).membership.id,
            starts_on=TODAY,
            ends_on=TODAY,
        )
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        with people.scope():
            assert "CIO Acme" in open_names(request)
        with pytest.raises(Forbidden):
            act(services.decide, Role.CIO, request, decision="approve")
        assert act(services.decide, Role.CFO, request, decision="approve").outcome.final


def test_who_leaves_is_replaced_by_the_fallback_until_they_are_back(people, act):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"], "fallback_roles": ["owner"]})
        request = make_request()
        cfo = people.person(Role.CFO).membership.id
        organizations.suspend_person(actor=people.actor(Role.OWNER), membership_id=cfo)
        assert open_names(request) == {"Alice Archer"}
        organizations.restore_person(actor=people.actor(Role.OWNER), membership_id=cfo)
        assert open_names(request) == {"CFO Acme"}
    with pytest.raises(Forbidden):
        act(services.decide, Role.OWNER, request, decision="approve")
    assert act(services.decide, Role.CFO, request, decision="approve").outcome.final


def test_a_unit_that_moves_brings_the_people_above_it(people):
    with people.scope():
        set_route({"name": "Design", "roles": ["ea"]})
        request = make_request(unit_id=people.units["core"].id)
    near = people.person(Role.EA, "claims")
    with people.scope():
        assert not selectors.waiting_for(near.actor).exists()
        for parent, seen in (("claims", [request.id]), ("platform", [])):
            organizations.move_unit(
                actor=people.actor(Role.OWNER),
                unit_id=people.units["core"].id,
                parent_id=people.units[parent].id,
            )
            assert [r.id for r in selectors.waiting_for(near.actor)] == seen


def test_with_all_every_holder_of_now_agrees(people, act):
    """The policy says all: somebody who gets the role counts, somebody who loses it does not."""
    with people.scope():
        set_route({"name": "Board", "roles": ["cfo", "cio"], "mode": "all"})
        request = make_request()
        assert step_of(request).needed == 2
        give(people, Role.EA, Role.CFO)
        assert step_of(request).needed == 3
    assert not act(services.decide, Role.CFO, request, decision="approve").outcome.final
    assert not act(services.decide, Role.EA, request, decision="approve").outcome.final
    with people.scope():
        give(people, Role.CTO, Role.CIO)
        take(people, Role.CIO)
        assert (step_of(request).needed, open_names(request)) == (3, {"CTO Acme"})
    assert act(services.decide, Role.CTO, request, decision="approve").outcome.final


def test_taking_roles_away_approves_nothing(people, act):
    with people.scope():
        set_route(
            {"name": "Board", "roles": ["cfo", "cio"], "mode": "all", "fallback_roles": ["owner"]}
        )
        request = make_request()
    assert not act(services.decide, Role.CFO, request, decision="approve").outcome.final
    with people.scope():
        take(people, Role.CIO)
        assert stored(request).status == "pending"
        assert (step_of(request).needed, open_names(request)) == (2, {"Alice Archer"})
        assert services.refresh_open_steps() == 0
    assert act(services.decide, Role.OWNER, request, decision="approve").outcome.final


def test_a_quorum_grows_with_its_people_up_to_what_the_policy_says(people, act):
    with people.scope():
        take(people, Role.CIO)
        set_route({"name": "Two", "roles": ["cfo", "cio"], "mode": "quorum", "quorum": 2})
        request = make_request()
        assert step_of(request).needed == 1
        give(people, Role.EA, Role.CIO)
        assert step_of(request).needed == 2
        give(people, Role.CTO, Role.CIO)
        assert step_of(request).needed == 2
    assert not act(services.decide, Role.CTO, request, decision="approve").outcome.final
    assert act(services.decide, Role.EA, request, decision="approve").outcome.final


def test_an_added_approver_who_left_is_not_waited_for(people, act):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        request = make_request()
    cdo = people.person(Role.CDO).membership.id
    act(services.add_approver, Role.CFO, request, person_id=cdo)
    assert not act(services.decide, Role.CFO, request, decision="approve").outcome.final
    with people.scope():
        organizations.suspend_person(actor=people.actor(Role.OWNER), membership_id=cdo)
        assert stored(request).status == "pending"
        assert open_names(request) == set()


def test_the_policy_of_a_request_stays_whatever_happens_to_roles(people, act):
    """New holders of the roles it names join; the roles, steps and modes are those it was opened
    under, also where the policy has changed since.
    """
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        request = make_request()
        before = (stored(request).policy_version, stored(request).route)
        set_route({"name": "Design", "roles": ["ea"], "mode": "all"})
        give(people, Role.EA, Role.TOKENOPS_LEAD)
        give(people, Role.CTO, Role.CFO)
        assert open_names(request) == {"CFO Acme", "CTO Acme"}
        assert (stored(request).policy_version, stored(request).route) == before
        assert step_of(request).roles == ["cfo"]


def tell_news(side, known):
    """Deliver what the engine has announced since the last time."""
    with side.scope():
        found = OutboxMessage.objects.filter(topic__startswith="approval.").order_by("id")
        rows = [row for row in found if row.id not in known]
    for row in rows:
        known.add(row.id)
        assert deliver(Message(row.id, side.id, row.topic, row.key, row.payload, 1, row.created_at))


def titles(side, role):
    mine = Notification.objects.filter(membership_id=side.person(role).membership.id)
    return list(mine.order_by("id").values_list("title", flat=True))


def test_a_role_is_told_of_few_requests_one_by_one_and_of_many_once(people, monkeypatch):
    monkeypatch.setattr(steps, "ONE_BY_ONE", 2)
    known = set()
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        for title in ("A", "B"):
            make_request(title=title, subject_ref="")
    tell_news(people, known)
    with people.scope():
        give(people, Role.EA, Role.CFO)
    tell_news(people, known)
    with people.scope():
        make_request(title="C", subject_ref="")
    tell_news(people, known)
    with people.scope():
        give(people, Role.CTO, Role.CFO)
    tell_news(people, known)
    with people.scope():
        waits = "waits for your decision"
        assert sorted(titles(people, Role.EA)) == [f"A {waits}", f"B {waits}", f"C {waits}"]
        assert titles(people, Role.CTO) == ["3 requests wait for your decision"]


def test_the_cost_of_following_does_not_grow_with_the_requests(
    people, django_assert_max_num_queries
):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        for _ in range(12):
            make_request(unit_id=people.units["core"].id)
        with django_assert_max_num_queries(10):
            assert services.refresh_open_steps() == 0
        binding = RoleBinding.objects.create(
            membership=people.person(Role.EA).membership, role="cfo"
        )
        with django_assert_max_num_queries(36):
            assert services.refresh_open_steps() == 12
        binding.delete()
        with django_assert_max_num_queries(24):
            assert services.refresh_open_steps() == 12


def test_undoing_opens_the_step_for_the_people_of_now(people, act):
    with people.scope():
        set_route({"name": "Board", "roles": ["cfo", "cio"], "mode": "all"})
        request = make_request()
    act(services.decide, Role.CFO, request, decision="approve")
    with people.scope():
        give(people, Role.EA, Role.CIO)
    act(services.undo_decision, Role.CFO, request)
    with people.scope():
        assert open_names(request) == {"CFO Acme", "CIO Acme", "Enterprise architect Acme"}
        assert step_of(request).needed == 3
    with pytest.raises(Conflict):
        act(services.undo_decision, Role.CFO, request)


def test_a_role_given_to_nobody_new_changes_nothing(people):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"]})
        request = make_request()
        before = list(ApprovalAssignment.objects.values_list("id", "is_open"))
        give(people, Role.EA, Role.MEMBER, "core")
        assert list(ApprovalAssignment.objects.values_list("id", "is_open")) == before
        assert services.refresh_open_steps() == 0
        assert stored(request).version == 1
