"""The engine over the API: many answers, undo, people, conditions, deputies, calendar, routes."""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals.models import (
    ApprovalDecision,
    ApprovalDelegation,
    ApprovalPolicy,
    ApprovalRequest,
)
from tests.factories.approvals import make_request, probe

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROOT = "/api/v1/approvals/"
ROUTES = "/api/v1/approval-policies/"
ROUTE = {
    "name": "Large",
    "note": "Large things need the CDO.",
    "priority": 10,
    "document": {
        "when": [{"fact": "amount_month_nanos", "op": "gt", "value": 1}],
        "steps": [{"name": "Data", "roles": ["cdo"]}],
    },
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


def asked(side, **fields):
    lead = side.person(Role.UNIT_LEAD)
    with side.scope():
        return make_request(
            actor=lead.actor,
            requester_id=lead.membership.id,
            unit_id=side.units["platform"].id,
            **fields,
        )


def call(side, role, method, url, data=None, **headers):
    response = getattr(side.client(role), method)(
        url,
        data,
        content_type="application/json",
        headers={"X-TokenOps-Organization": side.organization.slug, **headers},
    )
    return response.status_code, response.json() if response.content else {}


def test_many_answers_each_with_its_status(side):
    first, second = asked(side), asked(side)
    status, rows = call(
        side,
        Role.CFO,
        "post",
        f"{ROOT}bulk/",
        {
            "answers": [
                {"id": str(first.id), "version": 1, "decision": "approve"},
                {"id": str(second.id), "version": 1, "decision": "reject"},
            ]
        },
    )
    assert status == 200
    assert [(r["status"], r["code"], r["request_status"]) for r in rows] == [
        (200, "done", "approved"),
        (422, "invalid", ""),
    ]
    assert rows[1]["problems"][0]["field"] == "note"
    assert call(side, Role.CFO, "post", f"{ROOT}bulk/", {"answers": []})[0] == 422
    assert call(side, Role.AUDITOR, "post", f"{ROOT}bulk/", {"answers": []})[0] == 403


def test_an_answer_with_conditions_is_undone_and_repeated_by_its_key(side):
    request = asked(side)
    url = f"{ROOT}{request.id}/"
    body = {
        "version": 1,
        "decision": "approve",
        "conditions": [{"text": "Review", "due_on": "2027-01-22"}],
    }
    for _ in range(2):
        status, found = call(
            side, Role.CFO, "post", f"{url}decide/", body, **{"Idempotency-Key": "one"}
        )
        assert (status, found["status"]) == (200, "approved")
        assert [c["text"] for c in found["conditions"]] == ["Review"]
    with side.scope():
        assert ApprovalDecision.objects.count() == 1
    status, problem = call(side, Role.CIO, "post", f"{url}undo/", {"version": 2})
    assert (status, problem["code"]) == (409, "not_last")
    status, found = call(side, Role.CFO, "post", f"{url}undo/", {"version": 2})
    assert (status, found["status"], found["conditions"][0]["status"]) == (
        200,
        "pending",
        "dropped",
    )
    assert found["steps"][0]["decisions"][0]["undone"] is True


def test_people_of_one_request(side):
    request = asked(side)
    url, cdo = f"{ROOT}{request.id}/", str(side.person(Role.CDO).membership.id)
    body = {"version": 1, "person_id": cdo}
    assert call(side, Role.CDO, "post", f"{url}approvers/", body)[0] == 403
    status, found = call(side, Role.CFO, "post", f"{url}approvers/", body)
    assert status == 200
    assert [a["name"] for a in found["steps"][0]["approvers"] if a["is_required"]] == ["CDO Acme"]
    assert call(side, Role.CFO, "post", f"{url}recuse/", {"version": 2})[0] == 422
    stale = call(side, Role.CFO, "post", f"{url}recuse/", {"version": 1, "note": "x"})
    assert (stale[0], stale[1]["code"]) == (409, "stale_version")
    cio = str(side.person(Role.CIO).membership.id)
    handed = call(side, Role.CDO, "post", f"{url}delegate/", {"version": 2, "person_id": cio})
    assert (handed[0], handed[1]["version"]) == (200, 3)
    asked_ = call(side, Role.CFO, "post", f"{url}questions/", {"text": "Why?"})
    assert asked_[0] == 201
    answer = f"{ROOT}questions/{asked_[1]['id']}/answer/"
    assert call(side, Role.CFO, "post", answer, {"text": "x"})[0] == 403
    assert call(side, Role.UNIT_LEAD, "post", answer, {"text": "Six now."})[0] == 200


def test_conditions(side):
    request = asked(side)
    call(
        side,
        Role.CFO,
        "post",
        f"{ROOT}{request.id}/decide/",
        {"version": 1, "decision": "approve", "conditions": [{"text": "Review"}]},
    )
    listed = call(side, Role.UNIT_LEAD, "get", f"{ROOT}conditions/?status=open")[1]["results"]
    (row,) = listed
    one = f"{ROOT}conditions/{row['id']}/"
    assert call(side, Role.UNIT_LEAD, "post", f"{one}waive/", {"note": "Please."})[0] == 403
    assert call(side, Role.UNIT_LEAD, "post", f"{one}meet/", {"note": ""})[0] == 422
    met = call(side, Role.UNIT_LEAD, "post", f"{one}meet/", {"note": "Done."})
    assert (met[0], met[1]["status"]) == (200, "met")
    again = call(side, Role.CIO, "post", f"{one}waive/", {"note": "x"})
    assert (again[0], again[1]["code"]) == (409, "condition_closed")


def test_deputies(side):
    body = {
        "deputy_id": str(side.person(Role.CIO).membership.id),
        "starts_on": "2026-11-23",
        "ends_on": "2026-11-27",
    }
    wrong = call(side, Role.CFO, "post", f"{ROOT}delegations/", body | {"ends_on": "2026-11-01"})
    assert (wrong[0], wrong[1]["errors"][0]["field"]) == (422, "ends_on")
    status, row = call(side, Role.CFO, "post", f"{ROOT}delegations/", body)
    assert (status, row["deputy_name"]) == (201, "CIO Acme")
    assert call(side, Role.CDO, "get", f"{ROOT}delegations/{row['id']}/")[0] == 404
    assert call(side, Role.CFO, "delete", f"{ROOT}delegations/{row['id']}/")[0] == 200
    with side.scope():
        assert ApprovalDelegation.objects.get().revoked_at is not None


def test_calendar_and_metrics(side):
    week = {"workdays": [0, 1], "closes_at": "17:00", "undo_hours": 2}
    assert call(side, Role.CFO, "put", f"{ROOT}calendar/", week)[0] == 403
    assert call(side, Role.CIO, "put", f"{ROOT}calendar/", week)[1]["workdays"] == [0, 1]
    days = [{"day": "2026-12-25", "name": "Christmas"}]
    status, found = call(side, Role.CIO, "post", f"{ROOT}calendar/holidays/", days)
    assert (status, found["holidays"][0]["name"]) == (201, "Christmas")
    gone = f"{ROOT}calendar/holidays/{found['holidays'][0]['id']}/"
    assert call(side, Role.CIO, "delete", gone)[0] == 204
    asked(side)
    figures = call(side, Role.CFO, "get", f"{ROOT}metrics/")[1]
    assert (figures["open_requests"], figures["overdue"]) == (1, [])
    assert call(side, Role.CFO, "get", f"{ROOT}metrics/?start=soon")[0] == 422


def test_routes_are_tried_made_and_versioned(side):
    request = asked(side)
    tried = {"document": ROUTE["document"], "priority": 10}
    assert call(side, Role.CFO, "post", f"{ROUTES}simulate/", tried)[0] == 403
    status, found = call(side, Role.CIO, "post", f"{ROUTES}simulate/", tried)
    assert (status, found["changed"], found["rows"][0]["id"]) == (200, 1, str(request.id))
    assert found["rows"][0]["after"]["steps"] == ["Data"]
    with side.scope():
        assert ApprovalPolicy.objects.count() == 1
    assert call(side, Role.CFO, "post", ROUTES, ROUTE)[0] == 403
    wrong = call(side, Role.CIO, "post", ROUTES, ROUTE | {"document": {"steps": []}})
    assert (wrong[0], wrong[1]["errors"][0]["field"]) == (422, "steps")
    status, made = call(side, Role.CIO, "post", ROUTES, ROUTE)
    assert (status, made["current_version"]) == (201, 1)
    taken = call(side, Role.CIO, "post", ROUTES, ROUTE)
    assert (taken[0], taken[1]["code"]) == (409, "name_taken")
    versions = call(side, Role.CFO, "get", f"{ROUTES}{made['id']}/versions/")[1]["results"]
    assert [v["number"] for v in versions] == [1]
    newer = asked(side)
    with side.scope():
        assert [s["name"] for s in ApprovalRequest.objects.get(id=newer.id).route] == ["Data"]


def test_every_queue_is_a_list(side):
    asked(side)
    for queue, count in (
        ("mine", 1), ("unit", 1), ("delegated", 0), ("others", 0), ("decided", 0), ("sample", 0),
        ("asked", 0),
    ):  # fmt: skip
        found = call(side, Role.CFO, "get", f"{ROOT}?queue={queue}")[1]["results"]
        assert len(found) == count, queue
