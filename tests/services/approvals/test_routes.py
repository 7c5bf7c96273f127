"""Routes of several steps, policies in versions, and people who come and go."""

import msgspec
import pytest

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.models import ApprovalDecision, ApprovalPolicyVersion, ApprovalRequest
from apps.approvals.rules.policy import DEFAULT_POLICY
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.organizations.models import RoleBinding
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.approvals import make_request


@pytest.fixture
def side(world):
    for role in (Role.CFO, Role.CIO, Role.CTO, Role.EA):
        world.a.person(role)
    return world.a


def set_route(side, *steps, when=()):
    with side.scope():
        policy = services.ensure_default_policy()
        return services.change_policy(
            actor=system_actor("tests"),
            policy_id=policy.id,
            version=policy.current_version,
            document={"steps": list(steps), "when": list(when)},
            note="The test needs it.",
        )


def step(name, roles, **fields):
    return {"name": name, "roles": roles, **fields}


def decide(side, request, role, **values):
    with side.scope():
        current = ApprovalRequest.objects.get(id=request.id)
        values = {"version": current.version, "decision": "approve", **values}
        return services.decide(actor=side.actor(role), request_id=request.id, **values)


def opened(side, **fields):
    with side.scope():
        return make_request(**fields)


def test_steps_follow_each_other(side):
    set_route(side, step("Design", ["ea"]), step("Money", ["cfo", "cio"], due_working_days=5))
    request = opened(side)
    with pytest.raises(Forbidden):
        decide(side, request, Role.CFO)
    first = decide(side, request, Role.EA, cap_nanos=3_000)
    assert (first.outcome.final, first.request.status, first.request.current_step) == (
        False,
        "pending",
        2,
    )
    with side.scope():
        assert [r.id for r in selectors.waiting_for(side.actor(Role.EA))] == []
        assert [r.id for r in selectors.waiting_for(side.actor(Role.CFO))] == [request.id]
        assert OutboxMessage.objects.filter(topic="approval.requested").count() == 2
    with pytest.raises(Invalid):
        decide(side, request, Role.CFO, cap_nanos=3_001)
    last = decide(side, request, Role.CFO)
    assert (last.outcome.final, last.request.status, last.outcome.approved_nanos) == (
        True,
        "approved",
        3_000,
    )


def test_all_approvers_of_a_step_must_agree(side):
    set_route(side, step("Board", ["cfo", "cio", "cto"], mode="all"))
    request = opened(side)
    assert not decide(side, request, Role.CFO).outcome.final
    with pytest.raises(Conflict) as caught:
        decide(side, request, Role.CFO)
    assert caught.value.code == "already_decided"
    assert not decide(side, request, Role.CIO).outcome.final
    assert decide(side, request, Role.CTO).outcome.final


def test_a_quorum(side):
    set_route(side, step("Board", ["cfo", "cio", "cto"], mode="quorum", quorum=2))
    request = opened(side)
    assert not decide(side, request, Role.CFO).outcome.final
    assert decide(side, request, Role.CTO).outcome.final


def test_one_refusal_ends_a_step_that_needs_several(side):
    set_route(side, step("Board", ["cfo", "cio"], mode="all"), step("Design", ["ea"]))
    request = opened(side)
    decide(side, request, Role.CFO)
    receipt = decide(side, request, Role.CIO, decision="reject", note="No.")
    assert receipt.request.status == "rejected"
    with side.scope():
        statuses = [s.status for s in selectors.steps_of(receipt.request)]
    assert statuses == ["rejected", "voided"]


def test_steps_with_conditions(side):
    dear = {"fact": "amount_month_nanos", "op": "gt", "value": 5_000}
    set_route(side, step("Money", ["cfo"]), step("Chief", ["cio"], when=[dear]))
    cheap, costly = opened(side, amount_nanos=5_000), opened(side, amount_nanos=5_001)
    with side.scope():
        assert [s.name for s in selectors.steps_of(cheap)] == ["Money"]
        assert [s.name for s in selectors.steps_of(costly)] == ["Money", "Chief"]
        preview = selectors.preview_route(
            subject_type="probe", unit_id=None, facts={"amount_month_nanos": 5_001}
        )
    assert [(p.name, [a.name for a in p.approvers]) for p in preview] == [
        ("Money", ["CFO Acme"]),
        ("Chief", ["CIO Acme"]),
    ]


def test_conditions_on_a_unit_reach_the_units_below(side):
    set_route(
        side,
        step("Money", ["cfo"]),
        step(
            "Engineering",
            ["cto"],
            when=[{"fact": "unit", "op": "eq", "value": str(side.units["engineering"].id)}],
        ),
    )
    with side.scope():
        core = make_request(unit_id=side.units["core"].id)
        claims = make_request(unit_id=side.units["claims"].id)
        assert [s.name for s in selectors.steps_of(core)] == ["Money", "Engineering"]
        assert [s.name for s in selectors.steps_of(claims)] == ["Money"]


def test_roles_are_resolved_at_the_unit_or_above(side):
    near = side.person(Role.EA, "platform")
    far = side.person(Role.EA, "claims")
    set_route(side, step("Design", ["ea"]))
    request = opened(side, unit_id=side.units["core"].id)
    with side.scope():
        people = {p.membership_id for p in selectors.steps_of(request)[0].people}
    assert near.membership.id in people
    assert side.person(Role.EA).membership.id in people
    assert far.membership.id not in people


def test_a_request_keeps_the_route_it_was_opened_under(side):
    set_route(side, step("Money", ["cfo"]))
    request = opened(side)
    policy = set_route(side, step("Design", ["ea"]), step("Money", ["cfo"]))
    with side.scope():
        assert ApprovalPolicyVersion.objects.filter(policy=policy).count() == 3
        assert TrailEvent.objects.filter(action="approval_policy.changed").count() == 2
    assert (request.policy_version, policy.current_version) == (2, 3)
    assert decide(side, request, Role.CFO).outcome.final


def test_the_fallback_stands_in_for_an_empty_role(side):
    set_route(side, step("Data", ["cdo"], fallback_roles=["owner"]))
    request = opened(side)
    with side.scope():
        (person,) = selectors.steps_of(request)[0].people
    assert (person.name, person.role, person.via) == ("Alice Archer", "owner", "fallback")
    assert decide(side, request, Role.OWNER).outcome.final


def test_a_step_nobody_can_decide_gets_its_approver_when_one_comes(side):
    set_route(side, step("Data", ["cdo"]))
    request = opened(side)
    with side.scope():
        assert selectors.steps_of(request)[0].people == []
        person = side.person(Role.CDO)
        assert [p.name for p in selectors.steps_of(request)[0].people] == [str(person.user)]
        assert services.refresh_open_steps() == 0
        assert [r.id for r in selectors.waiting_for(side.actor(Role.CDO))] == [request.id]
        assert OutboxMessage.objects.filter(topic="approval.requested").count() == 2
    assert decide(side, request, Role.CDO).outcome.final


def test_new_holders_join_and_former_ones_leave(side):
    set_route(side, step("Money", ["cfo"]))
    request = opened(side)
    second = side.person(Role.CFO, "engineering")
    with side.scope():
        platform = make_request(unit_id=side.units["platform"].id)
        RoleBinding.objects.filter(membership=side.person(Role.CFO).membership).delete()
        assert services.refresh_open_steps() == 2
        assert list(selectors.waiting_for(side.actor(Role.CFO))) == []
        assert [r.id for r in selectors.waiting_for(second.actor)] == [platform.id]
        assert selectors.steps_of(request)[0].people[0].is_open is False


def test_policies_are_changed_by_those_who_may_on_the_version_they_saw(side):
    document = msgspec.to_builtins(DEFAULT_POLICY)
    with side.scope():
        policy = services.ensure_default_policy()
        again = services.ensure_default_policy()
        assert policy.id == again.id
        values = {"policy_id": policy.id, "document": document, "note": "Because."}
        with pytest.raises(Forbidden):
            services.change_policy(actor=side.actor(Role.CFO), version=1, **values)
        with pytest.raises(Conflict):
            services.change_policy(actor=side.actor(Role.CIO), version=2, **values)
        with pytest.raises(Invalid) as caught:
            services.change_policy(actor=side.actor(Role.CIO), version=1, **{**values, "note": " "})
        assert [e.field for e in caught.value.errors] == ["note"]
        changed = services.change_policy(actor=side.actor(Role.CIO), version=1, **values)
    assert changed.current_version == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"is_active": False}, "is_active"),
        (
            {
                "document": {
                    "steps": [{"name": "A", "roles": ["cfo"]}],
                    "when": [{"fact": "kind", "op": "eq", "value": "pipeline"}],
                }
            },
            "when",
        ),
        ({"document": {"steps": [{"name": "A", "roles": ["member"]}]}}, "steps[0].roles"),
    ],
)
def test_the_default_route_always_applies_and_names_roles_that_may_decide(side, change, field):
    values = {"document": msgspec.to_builtins(DEFAULT_POLICY), "note": "x", **change}
    with side.scope():
        policy = services.ensure_default_policy()
        with pytest.raises(Invalid) as caught:
            services.change_policy(
                actor=side.actor(Role.CIO), policy_id=policy.id, version=1, **values
            )
    assert [e.field for e in caught.value.errors] == [field]


def test_decisions_cannot_be_changed_or_removed(side):
    request = opened(side)
    decide(side, request, Role.CFO)
    from django.db import ProgrammingError, transaction

    with side.scope():
        for act in (
            lambda: ApprovalDecision.objects.update(note="other"),
            lambda: ApprovalDecision.objects.all().delete(),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                act()
        assert ApprovalDecision.objects.get().note == ""
