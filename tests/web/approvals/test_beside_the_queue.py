"""Pages beside the queue: routes with their simulator, deputies, conditions, metrics, calendar,
several answers at once, and the acts on one request. Each with a refusal that writes nothing.
"""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.models import (
    ApprovalCondition,
    ApprovalDecision,
    ApprovalDelegation,
    ApprovalHoliday,
    ApprovalPolicy,
    ApprovalQuestion,
    ApprovalRequest,
    ApprovalSettings,
)
from tests.factories.approvals import make_request, probe

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROUTE = {
    "name": "Large",
    "subject_type": "",
    "priority": "50",
    "lane": "people",
    "is_active": "on",
    "note": "Large things need the CDO.",
    "when-n": "1",
    "when0-fact": "amount_month_nanos",
    "when0-op": "gt",
    "when0-value": "5,000",
    "steps-n": "1",
    "s0-name": "Data",
    "s0-roles": ["cdo", "cfo"],
    "s0-mode": "all",
    "s0-due_working_days": "2",
    "s0-remind_working_days": "1",
    "s0-escalate_working_days": "1",
    "s0-escalate_roles": ["owner"],
    "s0-when-n": "1",
    "s0-when0-fact": "data_class",
    "s0-when0-op": "in",
    "s0-when0-value": "personal, Special category data",
}


@pytest.fixture(autouse=True)
def _clock():
    probe.failing, probe.used = False, ""
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def side(world):
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.CDO):
        world.a.person(role)
    return world.a


@pytest.fixture
def asked(side):
    lead = side.person(Role.UNIT_LEAD)
    with side.scope():
        return make_request(
            actor=lead.actor,
            requester_id=lead.membership.id,
            unit_id=side.units["platform"].id,
            title="Claims triage",
            amount_nanos=9_000_000_000_000,
        )


def get(side, role, name, /, *args, query=""):
    response = side.client(role).get(side.url(name, *args) + query)
    return response.status_code, response.content.decode()


def post(side, role, name, /, *args, query="", **data):
    response = side.client(role).post(side.url(name, *args) + query, data)
    return response.status_code, response.content.decode()


def test_a_route_is_tried_and_saved_and_comes_back_as_it_was_typed(side, asked):
    status, html = post(side, Role.CIO, "approvals:policy_new", **ROUTE, **{"try": "1"})
    assert status == 200
    assert "1 of the last 1 would take another route" in html
    with side.scope():
        assert not ApprovalPolicy.objects.filter(name="Large").exists()
    assert post(side, Role.CIO, "approvals:policy_new", **ROUTE)[0] == 302
    with side.scope():
        policy = ApprovalPolicy.objects.get(name="Large")
        document = selectors.document_of(policy)
    (step,) = document.steps
    assert (document.when[0].value, step.roles, step.mode) == (
        5_000_000_000_000,
        ["cdo", "cfo"],
        "all",
    )
    assert step.when[0].value == ["personal", "special"]
    assert (step.escalate_working_days, step.escalate_roles) == (1, ["owner"])
    html = get(side, Role.CIO, "approvals:policies")[1]
    assert "When amount a month is above $5,000" in html
    assert "CDO and CFO: all holders agree within 2 working days" in html
    html = get(side, Role.CIO, "approvals:policy_change", policy.id)[1]
    assert 'value="5000"' in html
    assert 'value="personal, special"' in html
    assert get(side, Role.CFO, "approvals:policy", policy.id)[0] == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"when0-value": "much"}, "Enter an amount"),
        ({"when0-op": "in"}, "Amount a month can be"),
        ({"s0-when0-value": "secret"}, "is not known"),
        ({"s0-roles": []}, "A step needs a role."),
        ({"note": ""}, "This field is required."),
        ({"lane": "auto"}, "Guardrails are missing."),
    ],
)
def test_a_wrong_route_says_what_is_wrong_and_writes_nothing(side, changes, words):
    status, html = post(side, Role.CIO, "approvals:policy_new", **ROUTE | changes)
    assert status == 422
    assert words in html
    with side.scope():
        assert not ApprovalPolicy.objects.filter(name="Large").exists()


def test_only_who_manages_routes_edits_them(side):
    assert get(side, Role.CFO, "approvals:policy_new")[0] == 403
    assert post(side, Role.CFO, "approvals:policy_new", **ROUTE)[0] == 403


def test_a_stale_route_is_a_conflict_on_the_form(side):
    with side.scope():
        policy = services.ensure_default_policy()
    data = ROUTE | {"when-n": "0", "version": "7", "when0-fact": ""}
    status, html = post(side, Role.CIO, "approvals:policy_change", policy.id, **data)
    assert status == 409
    assert "Somebody changed this route" in html


def test_a_deputy_is_named_and_ended(side):
    deputy = side.person(Role.CIO).membership.id
    data = {"deputy": deputy, "kind": "absence", "starts_on": "2026-11-23", "ends_on": "2026-11-27"}
    assert post(side, Role.CFO, "approvals:delegation_new", **data)[0] == 302
    with side.scope():
        row = ApprovalDelegation.objects.get()
    assert "CIO Acme answers for you until" in get(side, Role.CFO, "approvals:delegations")[1]
    wrong = data | {"ends_on": "2026-11-20"}
    assert post(side, Role.CFO, "approvals:delegation_new", **wrong)[0] == 422
    assert get(side, Role.CDO, "approvals:delegation_end", row.id)[0] == 404
    assert post(side, Role.CFO, "approvals:delegation_end", row.id)[0] == 302
    with side.scope():
        assert ApprovalDelegation.objects.get().revoked_at is not None


def test_conditions_are_given_with_the_answer_and_closed_on_their_page(side, asked):
    status, _ = post(
        side,
        Role.CFO,
        "approvals:decide",
        asked.id,
        version=1,
        decision="approve",
        condition_0="Review after 60 days",
        condition_due_0="2027-01-22",
    )
    assert status == 302
    with side.scope():
        row = ApprovalCondition.objects.get()
    assert "You owe 1 condition" in get(side, Role.UNIT_LEAD, "approvals:conditions")[1]
    assert post(side, Role.UNIT_LEAD, "approvals:condition", row.id, outcome="met")[0] == 422
    done = post(side, Role.UNIT_LEAD, "approvals:condition", row.id, outcome="met", note="Done.")
    assert done[0] == 302
    with side.scope():
        assert ApprovalCondition.objects.get().status == "met"


def test_several_answers_on_one_page_each_with_its_result(side, asked):
    with side.scope():
        other = make_request(title="Other")
    assert "Answer 2 requests" in get(side, Role.CFO, "approvals:bulk")[1]
    status, html = post(
        side,
        Role.CFO,
        "approvals:bulk",
        id=[asked.id, other.id],
        **{
            f"decision-{asked.id}": "lower",
            f"version-{asked.id}": 1,
            f"cap-{asked.id}": "2,000",
            f"decision-{other.id}": "reject",
            f"version-{other.id}": 1,
        },
    )
    assert status == 207
    assert "1 of 2 answers recorded" in html
    assert "A refusal needs a reason." in html
    with side.scope():
        assert ApprovalDecision.objects.get().cap_nanos == 2_000_000_000_000
        assert ApprovalRequest.objects.get(id=other.id).is_open


def test_metrics_and_their_csv(side, asked):
    with side.scope():
        services.decide(
            actor=side.actor(Role.CFO),
            request_id=asked.id,
            version=1,
            decision="reject",
            note="No.",
            reason="not_now",
        )
    html = get(side, Role.CIO, "approvals:metrics")[1]
    assert "Nothing is overdue; Approval takes longest" in html
    assert "Not now" in html
    response = side.client(Role.CIO).get(side.url("approvals:metrics") + "?format=csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert "reason,not_now,1" in text


def test_the_calendar(side):
    week = {"part": "week", "workdays": [0, 1, 2, 3], "closes_at": "17:00", "undo_hours": "8"}
    assert post(side, Role.CIO, "approvals:calendar", **week)[0] == 302
    with side.scope():
        row = ApprovalSettings.objects.get()
    assert (row.workdays, row.undo_hours) == (0b1111, 8)
    days = {"part": "days", "days": "2026-12-25 Christmas Day\nsoon"}
    assert post(side, Role.CIO, "approvals:calendar", **days)[0] == 422
    days["days"] = "2026-12-25 Christmas Day"
    assert post(side, Role.CIO, "approvals:calendar", **days)[0] == 302
    assert "Next day off: Christmas Day" in get(side, Role.CFO, "approvals:calendar")[1]
    assert post(side, Role.CFO, "approvals:calendar", **week)[0] == 403
    with side.scope():
        day = ApprovalHoliday.objects.get()
    assert post(side, Role.CFO, "approvals:holiday_remove", day.id)[0] == 403
    assert post(side, Role.CIO, "approvals:holiday_remove", day.id)[0] == 302


def test_asking_answering_adding_handing_over_and_undoing(side, asked):
    def acts(role, name, /, *args, **data):
        return side.client(role).post(side.url(name, *args), data, follow=True).content.decode()

    assert "Asked." in acts(Role.CFO, "approvals:ask", asked.id, text="Why nine calls?")
    with side.scope():
        question = ApprovalQuestion.objects.get()
    assert "Answered." in acts(Role.UNIT_LEAD, "approvals:answer", question.id, text="Six now.")
    cdo = side.person(Role.CDO).membership.id
    refused = acts(Role.CFO, "approvals:add_approver", asked.id, version=9, person=cdo)
    assert "This request has changed since you opened it." in refused
    added = acts(Role.CFO, "approvals:add_approver", asked.id, version=1, person=cdo)
    assert "Added." in added
    post(side, Role.CFO, "approvals:decide", asked.id, version=2, decision="approve")
    page = get(side, Role.CFO, "approvals:detail", asked.id)[1]
    assert "Undo my answer" in page
    assert "Your answer is undone." in acts(Role.CFO, "approvals:undo", asked.id, version=3)
    cio = side.person(Role.CIO).membership.id
    handed = acts(Role.CDO, "approvals:delegate", asked.id, version=4, person=cio)
    assert "Handed over." in handed
    back = acts(Role.CFO, "approvals:recuse", asked.id, version=5, note="I know the team.")
    assert "You stepped back." in back
    page = get(side, Role.CIO, "approvals:detail", asked.id)[1]
    assert "CFO Acme</b> stepped back" in page
    assert "(undone)" in page


def test_declining_needs_a_reason_from_the_list(side, asked):
    status, html = post(
        side, Role.CFO, "approvals:decide", asked.id, version=1, decision="reject", note="No."
    )
    assert status == 422
    assert "Choose why it is declined." in html
    with side.scope():
        assert not ApprovalDecision.objects.exists()


def test_what_the_rule_approved_is_looked_at(side):
    with side.scope():
        services.create_policy(
            actor=side.actor(Role.CIO),
            name="Small",
            priority=1,
            note="x",
            document={
                "lane": "auto",
                "when": [{"fact": "amount_month_nanos", "op": "le", "value": 1 << 60}],
                "guardrails": {"max_month_nanos": 1 << 60, "sample_percent": 100},
            },
        )
        request = make_request(title="Small helper")
        services.settle_request(request_id=request.id)
    html = get(side, Role.CFO, "approvals:list", query="?tab=sample")[1]
    assert "Do you agree?" in html
    assert "Rule Small v1" in html
    post(side, Role.CFO, "approvals:sample", request.id, agree="0", note="Whose data?")
    with side.scope():
        assert ApprovalRequest.objects.get(id=request.id).sample_status == "objected"
        assert not ApprovalDecision.objects.exists()
