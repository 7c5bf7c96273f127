"""Approvals over the API: a person's session, versions, routes."""

import threading
from collections import Counter

import pytest
from django.db import connection

from apps.access.roles import Role
from apps.approvals.models import ApprovalDecision
from apps.tenancy.scope import tenant_scope
from tests.factories.approvals import make_request, probe
from tests.world import World

URL = "/api/v1/approvals/"
POLICIES = "/api/v1/approval-policies/"


@pytest.fixture
def side(world):
    probe.failing = False
    for role in (Role.CFO, Role.CIO):
        world.a.person(role)
    return world.a


def asked(side, **fields):
    with side.scope():
        return make_request(**fields)


def call(side, role, method, url, data=None):
    return getattr(side.client(role), method)(
        url,
        data,
        content_type="application/json",
        headers={"X-TokenOps-Organization": side.organization.slug},
    )


@pytest.mark.parametrize(
    ("no_cap", "fields", "refused"),
    [
        ("It is spent already.", {}, "It is spent already."),
        ("", {"amount_nanos": None}, "No amount was asked for."),
    ],
)
def test_a_cap_that_has_no_meaning_is_refused_as_on_the_page(
    side, monkeypatch, no_cap, fields, refused
):
    monkeypatch.setattr(type(probe), "no_cap", no_cap)
    request = asked(side, **fields)
    url = f"{URL}{request.id}/"
    assert call(side, Role.CFO, "get", url).json()["cap_refused"] == refused
    answer = {"version": 1, "decision": "approve", "cap": 100}
    one = call(side, Role.CFO, "post", f"{url}decide/", answer)
    many = call(side, Role.CFO, "post", f"{URL}bulk/", {"answers": [{**answer, "id": request.id}]})
    (row,) = many.json()
    for status, problems in (
        (one.status_code, one.json()["errors"]),
        (row["status"], row["problems"]),
    ):
        assert status == 422
        assert problems == [
            {
                "field": "cap",
                "message": refused,
                "fix": "Approve without a cap, request changes, or decline.",
            }
        ]
    page = side.client(Role.CFO).get(side.url("approvals:detail", request.id)).content.decode()
    assert "Approve with a lower cap" not in page
    sent = side.client(Role.CFO).post(
        side.url("approvals:decide", request.id),
        {"version": 1, "decision": "lower", "cap": "1"},
    )
    assert sent.status_code == 422
    assert f"{refused} Approve without a cap, request changes, or decline." in sent.content.decode()
    with side.scope():
        assert not ApprovalDecision.objects.exists()


def test_list_and_detail(side):
    request = asked(side, title="Claims triage", summary="Reads claims.")
    listed = call(side, Role.CFO, "get", f"{URL}?queue=mine").json()["results"]
    assert [(r["id"], r["status"], r["version"]) for r in listed] == [
        (str(request.id), "pending", 1)
    ]
    assert listed[0]["amount"] == {
        "nanos": 4_000_000_000_000,
        "currency": "USD",
        "amount": "4000.000000000",
    }
    one = call(side, Role.CFO, "get", f"{URL}{request.id}/").json()
    assert one["blocked"] == ""
    assert [a["name"] for a in one["steps"][0]["approvers"]] == ["CFO Acme", "CIO Acme"]
    assert call(side, Role.AUDITOR, "get", f"{URL}{request.id}/").json()["blocked"] == (
        "Others decide this."
    )
    assert call(side, Role.AUDITOR, "get", f"{URL}?queue=mine").json()["results"] == []


def test_decide_binds_to_the_version(side):
    request = asked(side)
    url = f"{URL}{request.id}/decide/"
    done = call(
        side,
        Role.CFO,
        "post",
        url,
        {"version": 1, "decision": "approve", "cap": "1500.000000001", "note": "Less."},
    )
    assert done.status_code == 200, done.content
    body = done.json()
    assert (body["status"], body["version"], body["approved"]["nanos"]) == (
        "approved",
        2,
        1_500_000_000_001,
    )
    assert body["steps"][0]["decisions"][0]["cap"] == 1_500_000_000_001
    late = call(side, Role.CIO, "post", url, {"version": 1, "decision": "reject", "note": "No."})
    assert (late.status_code, late["Content-Type"]) == (409, "application/problem+json")
    assert late.json()["code"] == "request_closed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "approve"}, "version"),
        ({"version": 1}, "decision"),
        ({"version": 1, "decision": "maybe"}, "decision"),
        ({"version": 1, "decision": "reject"}, "note"),
        ({"version": 1, "decision": "approve", "cap": "4000.01"}, "cap"),
        ({"version": 1, "decision": "approve", "cap": 12.5}, "cap"),
        ({"version": 1, "decision": "approve", "cap": "NaN"}, "cap"),
        ({"version": 1, "decision": "approve", "cap": "-1"}, "cap"),
    ],
)
def test_wrong_answers_name_their_field(side, body, field):
    request = asked(side)
    refused = call(side, Role.CFO, "post", f"{URL}{request.id}/decide/", body)
    assert refused.status_code == 422
    assert [e["field"] for e in refused.json()["errors"]] == [field]
    with side.scope():
        assert ApprovalDecision.objects.count() == 0


def test_programs_read_and_never_decide(side, client):
    request = asked(side)
    read = client.get(f"{URL}{request.id}/", headers=side.key_headers)
    assert read.json()["blocked"] == "Only people decide; programs and support do not."
    refused = client.post(
        f"{URL}{request.id}/decide/",
        {"version": 1, "decision": "approve"},
        content_type="application/json",
        headers=side.key_headers,
    )
    assert refused.status_code == 403


def test_withdraw(side):
    cfo = side.person(Role.CFO)
    request = asked(side, requester_id=cfo.membership.id)
    url = f"{URL}{request.id}/withdraw/"
    assert call(side, Role.CIO, "post", url, {"version": 1}).status_code == 403
    assert call(side, Role.CFO, "post", url, {"version": 1}).json()["status"] == "withdrawn"


def test_policies_are_read_and_replaced(side):
    (policy,) = call(side, Role.CFO, "get", POLICIES).json()["results"]
    assert policy["is_default"]
    document = {"steps": [{"name": "Money", "roles": ["cfo"], "due_working_days": 1}]}
    body = {"version": 1, "document": document, "note": "One person is enough."}
    url = f"{POLICIES}{policy['id']}/"
    assert call(side, Role.CFO, "put", url, body).status_code == 403
    changed = call(side, Role.CIO, "put", url, body)
    assert changed.json()["current_version"] == 2
    assert changed.json()["document"]["steps"][0]["roles"] == ["cfo"]
    assert call(side, Role.CIO, "put", url, body).status_code == 409
    wrong = {**body, "version": 2, "document": {"steps": [{"name": "A", "roles": ["member"]}]}}
    refused = call(side, Role.CIO, "put", url, wrong)
    assert [e["field"] for e in refused.json()["errors"]] == ["steps[0].roles"]


def test_the_other_organization(world, side):
    request = asked(side)
    url = f"{URL}{request.id}/"
    assert call(world.b, Role.CFO, "get", url).status_code == 404
    body = {"version": 1, "decision": "approve"}
    assert call(world.b, Role.CFO, "post", f"{url}decide/", body).status_code == 404
    assert call(world.b, Role.CFO, "get", URL).json()["results"] == []


RACERS = (Role.CFO, Role.CIO, Role.CTO, Role.TOKENOPS_LEAD)
REQUESTS = 25


@pytest.mark.django_db(transaction=True)
def test_racing_over_http(transactional_db):
    """Four sessions, every request: one 200, the others 409."""
    side = World().a
    probe.failing = False
    for role in RACERS:
        side.person(role)
    with side.scope():
        ids = [make_request().id for _ in range(REQUESTS)]
    browsers = [side.client(role) for role in RACERS]
    header = {"X-TokenOps-Organization": side.organization.slug}
    barrier = threading.Barrier(len(RACERS))
    answers = [Counter() for _ in RACERS]

    def run(index):
        barrier.wait()
        try:
            for request_id in ids:
                response = browsers[index].post(
                    f"{URL}{request_id}/decide/",
                    {"version": 1, "decision": "approve"},
                    content_type="application/json",
                    headers=header,
                )
                answers[index][response.status_code] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(RACERS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answers, Counter()) == {200: REQUESTS, 409: REQUESTS * (len(RACERS) - 1)}
    with tenant_scope(side.id):
        assert ApprovalDecision.objects.count() == REQUESTS
