"""Delegation by dates and scope, one answer for several seats, recusal, added approvers."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.models import ApprovalAssignment, ApprovalDecision, ApprovalDelegation
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations.models import RoleBinding
from apps.trail.models import TrailEvent
from tests.factories.approvals import make_request, set_route

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def name_deputy(side, person, deputy, **values):
    values = {"starts_on": TODAY, "ends_on": TODAY + timedelta(days=7), **values}
    with side.scope():
        return services.create_delegation(
            actor=side.actor(person), deputy_id=side.person(deputy).membership.id, **values
        )


def open_places(side, request):
    with side.scope():
        rows = ApprovalAssignment.objects.filter(request_id=request.id, is_open=True)
        return {(a.name, a.on_behalf_name) for a in rows}


def asked(side, **values):
    with side.scope():
        return make_request(**values)


def money(side, **values):
    with side.scope():
        set_route({"name": "Money", "roles": ["cfo"], **values})


def test_a_deputy_answers_in_the_seat_of_the_person(people, act):
    money(people)
    name_deputy(people, Role.CFO, Role.CIO, kind="absence")
    request = asked(people)
    assert open_places(people, request) == {("CFO Acme", ""), ("CIO Acme", "CFO Acme")}
    with people.scope():
        assert [r.id for r in selectors.delegated_to(people.actor(Role.CIO))] == [request.id]
        assert list(selectors.delegated_to(people.actor(Role.CFO))) == []
    act(services.decide, Role.CIO, request, decision="approve")
    with people.scope():
        stored = ApprovalDecision.objects.get()
    assert (stored.name, stored.on_behalf_names, stored.role) == ("CIO Acme", "CFO Acme", "cfo")
    assert stored.seats == [str(people.person(Role.CFO).membership.id)]


@pytest.mark.parametrize(
    ("values", "covered"),
    [
        ({}, True),
        ({"subject_type": "probe"}, True),
        ({"max_amount_nanos": 4_000_000_000_000}, True),
        ({"max_amount_nanos": 3_999_999_999_999}, False),
        ({"starts_on": TODAY + timedelta(days=1)}, False),
    ],
)
def test_the_scope_of_a_delegation(people, values, covered):
    money(people)
    name_deputy(people, Role.CFO, Role.CIO, **values)
    assert (("CIO Acme", "CFO Acme") in open_places(people, asked(people))) is covered


def test_a_delegation_for_a_unit_covers_what_is_below_it(people):
    money(people)
    name_deputy(people, Role.CFO, Role.CIO, unit_id=people.units["engineering"].id)
    inside = asked(people, unit_id=people.units["core"].id)
    outside = asked(people, unit_id=people.units["claims"].id)
    assert ("CIO Acme", "CFO Acme") in open_places(people, inside)
    assert open_places(people, outside) == {("CFO Acme", "")}


def test_open_steps_get_the_deputy_at_once_and_lose_them_at_the_end(people):
    money(people)
    request = asked(people)
    row = name_deputy(people, Role.CFO, Role.CIO)
    assert ("CIO Acme", "CFO Acme") in open_places(people, request)
    with people.scope():
        services.revoke_delegation(actor=people.actor(Role.CIO), delegation_id=row.id)
    assert open_places(people, request) == {("CFO Acme", "")}
    with people.scope(), pytest.raises(Conflict):
        services.revoke_delegation(actor=people.actor(Role.CFO), delegation_id=row.id)


def test_dates_end_a_delegation_by_themselves(people):
    money(people)
    request = asked(people)
    name_deputy(people, Role.CFO, Role.CIO, ends_on=TODAY)
    with time_machine.travel(NOW + timedelta(days=1), tick=False), people.scope():
        services.refresh_open_steps()
    assert open_places(people, request) == {("CFO Acme", "")}


def test_a_deputy_who_asked_does_not_decide(people):
    money(people)
    name_deputy(people, Role.CFO, Role.CIO)
    request = asked(people, requester_id=people.person(Role.CIO).membership.id)
    assert open_places(people, request) == {("CFO Acme", "")}


def test_an_absent_deputy_passes_the_seat_on(people):
    money(people)
    name_deputy(people, Role.CFO, Role.CIO)
    name_deputy(people, Role.CIO, Role.CTO)
    assert open_places(people, asked(people)) == {
        ("CFO Acme", ""),
        ("CIO Acme", "CFO Acme"),
        ("CTO Acme", "CFO Acme"),
    }


def test_one_person_with_several_roles_and_seats_answers_once_visibly(people, act):
    with people.scope():
        RoleBinding.objects.create(membership=people.person(Role.CIO).membership, role="cto")
        set_route({"name": "Board", "roles": ["cio", "cto", "cfo"], "mode": "all"})
    name_deputy(people, Role.CFO, Role.CIO)
    request = asked(people)
    receipt = act(services.decide, Role.CIO, request, decision="approve")
    assert not receipt.outcome.final
    assert receipt.decision.roles == ["cio", "cto", "cfo"]
    assert receipt.decision.on_behalf_names == "CFO Acme"
    with pytest.raises(Conflict) as caught:
        act(services.decide, Role.CFO, request, decision="approve")
    assert caught.value.message == "Your deputy has answered this step for you."
    assert act(services.decide, Role.CTO, request, decision="approve").outcome.final


def test_a_quorum_counts_people_not_seats(people, act):
    with people.scope():
        set_route({"name": "Two", "roles": ["cio", "cfo", "cto"], "mode": "quorum", "quorum": 2})
    name_deputy(people, Role.CFO, Role.CIO)
    request = asked(people)
    assert not act(services.decide, Role.CIO, request, decision="approve").outcome.final
    assert act(services.decide, Role.CTO, request, decision="approve").outcome.final


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"starts_on": date(2026, 11, 22)}, "starts_on"),
        ({"ends_on": date(2026, 11, 22)}, "ends_on"),
        ({"ends_on": date(2028, 1, 1)}, "ends_on"),
        ({"deputy": Role.UNIT_LEAD}, "deputy"),
        ({"deputy": Role.CFO}, "deputy"),
        ({"kind": "sick"}, "kind"),
        ({"subject_type": "nothing"}, "subject_type"),
        ({"max_amount_nanos": -1}, "max_amount"),
    ],
)
def test_a_wrong_delegation_names_its_field_and_writes_nothing(people, values, field):
    deputy = values.pop("deputy", Role.CIO)
    with pytest.raises(Invalid) as caught:
        name_deputy(people, Role.CFO, deputy, **values)
    assert field in [e.field for e in caught.value.errors]
    with people.scope():
        assert not ApprovalDelegation.objects.exists()


def test_only_managers_name_deputies_for_others(people):
    cfo = people.person(Role.CFO).membership.id
    with pytest.raises(Forbidden):
        name_deputy(people, Role.CTO, Role.EA, person_id=cfo)
    row = name_deputy(people, Role.CIO, Role.EA, person_id=cfo)
    with people.scope(), pytest.raises(NotFound):
        services.revoke_delegation(actor=people.actor(Role.CTO), delegation_id=row.id)


def test_handing_one_request_over(people, act):
    money(people)
    request = asked(people)
    ea = people.person(Role.EA).membership.id
    with pytest.raises(Forbidden):
        act(services.delegate_request, Role.CTO, request, to_id=ea)
    for wrong in (Role.UNIT_LEAD, Role.AUDITOR):
        with pytest.raises(Invalid):
            act(
                services.delegate_request,
                Role.CFO,
                request,
                to_id=people.person(wrong).membership.id,
            )
    act(services.delegate_request, Role.CFO, request, to_id=ea, note="You know it better.")
    assert open_places(people, request) == {("Enterprise architect Acme", "CFO Acme")}
    with people.scope():
        services.refresh_open_steps()
    assert len(open_places(people, request)) == 1
    with pytest.raises(Conflict) as caught:
        act(services.decide, Role.EA, request, version=1, decision="approve")
    assert caught.value.code == "stale_version"
    receipt = act(services.decide, Role.EA, request, decision="approve")
    assert receipt.outcome.final
    with people.scope():
        event = TrailEvent.objects.get(action="approval.delegated")
    assert event.reason == "You know it better."


def test_an_added_approver_must_agree_as_well(people, act):
    with people.scope():
        set_route({"name": "Any", "roles": ["cfo", "cio"]})
    request = asked(people)
    cdo = people.person(Role.CDO).membership.id
    with pytest.raises(Forbidden):
        act(services.add_approver, Role.EA, request, person_id=cdo)
    act(services.add_approver, Role.CFO, request, person_id=cdo)
    with pytest.raises(Conflict):
        act(services.add_approver, Role.CFO, request, person_id=cdo)
    receipt = act(services.decide, Role.CFO, request, decision="approve")
    assert not receipt.outcome.final
    assert {name for name, _ in open_places(people, request)} == {"CDO Acme"}
    with people.scope():
        services.refresh_open_steps()
        assert list(selectors.waiting_for(people.actor(Role.CIO))) == []
    assert act(services.decide, Role.CDO, request, decision="approve").outcome.final


def test_the_added_approver_alone_is_not_enough(people, act):
    money(people)
    request = asked(people)
    act(
        services.add_approver,
        Role.CFO,
        request,
        person_id=people.person(Role.CDO).membership.id,
    )
    with people.scope():
        assert ApprovalAssignment.objects.filter(is_required=True).count() == 1
    assert not act(services.decide, Role.CDO, request, decision="approve").outcome.final
    assert act(services.decide, Role.CFO, request, decision="approve").outcome.final


def test_stepping_back_needs_a_reason_and_is_for_good(people, act):
    with people.scope():
        set_route({"name": "Any", "roles": ["cfo", "cio"]})
    request = asked(people)
    with pytest.raises(Invalid):
        act(services.recuse, Role.CFO, request, note=" ")
    with pytest.raises(Forbidden):
        act(services.recuse, Role.EA, request, note="Not mine.")
    act(services.recuse, Role.CFO, request, note="My brother wrote it.")
    assert open_places(people, request) == {("CIO Acme", "")}
    with pytest.raises(Forbidden) as caught:
        act(services.decide, Role.CFO, request, decision="approve")
    assert caught.value.message == "You cannot decide this: you stepped back."
    assert act(services.decide, Role.CIO, request, decision="approve").outcome.final


@pytest.mark.parametrize("mode", ["any", "all", "quorum"])
def test_stepping_back_approves_nothing(people, act, mode):
    """Where the one who steps back was the last, the fallback decides."""
    with people.scope():
        set_route(
            {
                "name": "Board",
                "roles": ["cfo", "cio"],
                "mode": mode,
                "quorum": 2,
                "fallback_roles": ["cto"],
            }
        )
    request = asked(people)
    if mode == "any":
        act(services.recuse, Role.CIO, request, note="Mine.")
    else:
        act(services.decide, Role.CIO, request, decision="approve")
    act(services.recuse, Role.CFO, request, note="Mine too.")
    with people.scope():
        assert selectors.request_by_id(people.actor(Role.CTO), request.id).is_open
    assert open_places(people, request) == {("CTO Acme", "")}
    assert act(services.decide, Role.CTO, request, decision="approve").outcome.final


def test_a_deputy_of_somebody_who_stepped_back_is_out_too(people, act):
    with people.scope():
        set_route({"name": "Any", "roles": ["cfo", "cio"]})
    name_deputy(people, Role.CFO, Role.CTO)
    request = asked(people)
    act(services.recuse, Role.CFO, request, note="Mine.")
    assert open_places(people, request) == {("CIO Acme", "")}


def test_who_funds_it_alone_does_not_decide(people, act):
    request = asked(people, funder_ids=[people.person(Role.CFO).membership.id])
    with pytest.raises(Forbidden) as caught:
        act(services.decide, Role.CFO, request, decision="approve")
    assert caught.value.message == "You cannot decide this: you fund it alone."
