"""Audits over the API: the same life with exact figures; refusals are problems."""

import hashlib

import pytest

from apps.access.roles import Role
from apps.audits.models import Audit, Signature
from tests.factories import audits as make
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
URL = "/api/v1/audits/"
PLAN = {"title": "October", "period_start": "2026-10-01", "period_end": "2026-11-01"}


@pytest.fixture
def org(world):
    world.a.units  # noqa: B018 -- made before usage names them
    with world.a.scope():
        make.make_prices()
        make_capability(unit_id=world.a.units["platform"].id, slug="assist", name="Assist")
        make.make_usage("assist", records=10)
        make.make_usage(records=5, api_key="stray-key")
    return world.a


@pytest.fixture
def call(org):
    """Calls of a person: a session, and a header that says which organization is meant."""
    client = org.client(Role.TOKENOPS_LEAD)

    def send(method, url, data=None, **headers):
        headers["X-TokenOps-Organization"] = org.slug
        return getattr(client, method)(url, data, content_type="application/json", headers=headers)

    return send


def test_an_audit_over_the_api(org, call):
    made = call("post", URL, PLAN)
    assert made.status_code == 201, made.content
    one = f"{URL}{made.json()['id']}/"
    assert (made.json()["ref"], made.json()["status"]) == ("AUD-2026-01", "planned")

    frozen = call("post", f"{one}freeze/", {"version": 1}).json()
    baseline = frozen["baselines"][0]
    assert (baseline["spend_nanos"], baseline["tokens"]) == (42_000_000, 16_500)
    document = call("get", f"{one}baseline/")
    assert hashlib.sha256(document.content).hexdigest() == baseline["sha256"]

    checked = call("post", f"{one}checks/", {"version": frozen["version"]}).json()
    assert sorted(f["check"] for f in checked["findings"]) == ["no_story", "unattributed"]
    early = call("post", f"{one}issue/", {"version": checked["version"]})
    assert (early.status_code, early.json()["code"]) == (409, "findings_open")
    for finding in checked["findings"]:
        body = {"action": "resolve", "version": finding["version"], "text": "Known."}
        settled = call("post", f"{one}findings/{finding['id']}/", body)
        assert settled.json()["status"] == "resolved"

    version = call("get", one).json()["version"]
    issued = call("post", f"{one}issue/", {"version": version}).json()
    report = issued["reports"][0]
    stored = call("get", f"{one}reports/{report['number']}/")
    assert hashlib.sha256(stored.content).hexdigest() == report["sha256"]


def test_a_program_neither_leads_nor_signs(org, client):
    def send(url, body):
        return client.post(url, body, content_type="application/json", headers=org.key_headers)

    refused = send(URL, PLAN)
    assert (refused.status_code, refused.json()["fix"]) == (
        422,
        "plan it as a member, not with an API key",
    )
    with org.scope():
        assert Audit.objects.count() == 0
        audit = make.make_audit(org.actor(Role.TOKENOPS_LEAD))
    body = {"version": audit.version, "role": "cfo", "sha256": "0" * 64}
    assert send(f"{URL}{audit.id}/sign/", body).status_code == 403
    with org.scope():
        assert Signature.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"period_start": "yesterday"}, "period_start"),
        ({"period_end": "2026-09-01"}, "period_end"),
        ({"required_roles": ["emperor"]}, "required_roles.0"),
    ],
)
def test_a_bad_plan_names_its_field(org, call, changes, field):
    answer = call("post", URL, PLAN | changes)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    with org.scope():
        assert Audit.objects.count() == 0


def test_a_repeated_call_plans_once(org, call):
    first, second = (call("post", URL, PLAN, **{"Idempotency-Key": "plan-1"}) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    with org.scope():
        assert Audit.objects.count() == 1


def test_an_old_version_is_a_conflict(org, call):
    with org.scope():
        audit = make.freeze(org.actor(Role.TOKENOPS_LEAD), make.make_audit(org.actor(Role.OWNER)))
    answer = call("post", f"{URL}{audit.id}/checks/", {"version": 1})
    assert answer.status_code == 409
    with org.scope():
        assert Audit.objects.get().status == "baselined"


def test_the_list_filters(org, call):
    with org.scope():
        make.freeze(org.actor(Role.TOKENOPS_LEAD), make.make_audit(org.actor(Role.TOKENOPS_LEAD)))
        make.make_audit(org.actor(Role.TOKENOPS_LEAD))
    listed = call("get", URL, {"status": "planned"}).json()["results"]
    assert [audit["ref"] for audit in listed] == ["AUD-2026-02"]
