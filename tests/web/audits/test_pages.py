"""Audit pages: planned, frozen, checked, answered and signed by people in their browsers."""

import csv
import hashlib
import io
import json

import pytest

from apps.access.roles import Role
from apps.audits.models import Audit, AuditBaseline, Finding, Signature
from apps.audits.services.findings import assign_finding
from apps.trail.models import TrailEvent
from tests.factories import audits as make
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(world):
    """Organization A with 10 owned and 5 unowned October records."""
    world.a.units  # noqa: B018 -- made before usage names them
    with world.a.scope():
        make.make_prices()
        make_capability(unit_id=world.a.units["platform"].id, slug="assist", name="Assist")
        make.make_usage("assist", records=10)
        make.make_usage(records=5, api_key="stray-key")
    return world.a


@pytest.fixture
def lead(org):
    return org.client(Role.TOKENOPS_LEAD)


def page(org, client, name, *args, query=""):
    answer = client.get(org.url(name, *args) + query)
    assert answer.status_code == 200, answer.content.decode()[:1500]
    return answer.content.decode()


def post(org, client, name, *args, **data):
    return client.post(org.url(name, *args), data)


def the_audit(org):
    with org.scope():
        return Audit.objects.get()


def test_the_empty_list_says_what_an_audit_is_and_offers_one(org, lead):
    assert "freezes what was used in a period" in page(org, lead, "audits:list")
    reader = page(org, org.client(Role.VIEWER), "audits:list")
    assert org.url("audits:new") not in reader


def test_a_plan_that_cannot_be_is_shown_again_with_its_field(org, lead):
    answer = post(org, lead, "audits:new", title="", period_start="2026-10-01", period_end="x")
    assert answer.status_code == 422
    assert 'id="id_title"' in answer.content.decode()
    with org.scope():
        assert Audit.objects.count() == 0


def test_the_whole_audit_in_the_browser(org, lead):
    for role in (Role.CIO, Role.CFO):
        org.person(role)
    answer = post(
        org,
        lead,
        "audits:new",
        title="October",
        period_start="2026-10-01",
        period_end="2026-11-01",
        required_roles=["cio", "cfo"],
    )
    audit = the_audit(org)
    assert answer.headers["Location"] == org.url("audits:detail", audit.id)
    assert post(org, lead, "audits:freeze", audit.id, version=audit.version).status_code == 302
    assert "$0.04" in page(org, lead, "audits:detail", audit.id)
    frozen = lead.get(org.url("audits:baseline-json", audit.id))
    with org.scope():
        digest = AuditBaseline.objects.get().sha256
    assert hashlib.sha256(frozen.content).hexdigest() == digest
    assert "reproducible" in page(org, lead, "audits:verify", audit.id)

    audit = the_audit(org)
    assert post(org, lead, "audits:checks", audit.id, version=audit.version).status_code == 302
    with org.scope():
        found = list(Finding.objects.order_by("number"))
        member = org.person(Role.MEMBER).membership.id
    assert len(found) == 2
    first = found[0]
    where = (audit.id, first.id)
    post(org, lead, "audits:assign", *where, version=first.version, owner=str(member), due_on="")
    post(
        org,
        org.client(Role.MEMBER),
        "audits:respond",
        *where,
        version=first.version + 1,
        response="A rule was missing.",
    )
    for finding in found:
        with org.scope():
            version = Finding.objects.get(id=finding.id).version
        done = {"version": version, "action": "resolve", "resolution": "Covered now."}
        assert post(org, lead, "audits:settle", audit.id, finding.id, **done).status_code == 302

    audit = the_audit(org)
    assert post(org, lead, "audits:issue", audit.id, version=audit.version).status_code == 302
    report = json.loads(lead.get(org.url("audits:report-json", audit.id, 1)).content)
    assert [f["status"] for f in report["findings"]] == ["resolved", "resolved"]
    assert report["findings"][0]["response"] == "A rule was missing."
    for role in (Role.CIO, Role.CFO):
        shown = page(org, org.client(role), "audits:detail", audit.id)
        assert f"Sign report 1 as {role.label}" in shown
        with org.scope():
            audit = Audit.objects.get()
            sha256 = audit.reports.get().sha256
        signing = {"version": audit.version, "role": role.value, "sha256": sha256}
        assert post(org, org.client(role), "audits:sign", audit.id, **signing).status_code == 302
    assert the_audit(org).status == "signed"
    text = page(org, lead, "audits:report", audit.id, 1)
    assert sha256 in text
    assert org.person(Role.CFO).user.name in text
    with org.scope():
        assert TrailEvent.objects.get(action="audit.signed").after["sha256"] == sha256


def test_a_stale_page_changes_nothing(org, lead):
    with org.scope():
        audit = make.freeze(org.actor(Role.TOKENOPS_LEAD), make.make_audit(org.actor(Role.OWNER)))
    assert post(org, lead, "audits:checks", audit.id, version=1).status_code == 409
    assert post(org, lead, "audits:checks", audit.id).status_code == 409
    with org.scope():
        assert Finding.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("audits:freeze", Role.VIEWER),
        ("audits:checks", Role.CFO),
        ("audits:issue", Role.AUDITOR),
        ("audits:sign", Role.VIEWER),
        ("audits:reopen", Role.CFO),
    ],
)
def test_who_may_not_is_refused(org, name, role):
    with org.scope():
        audit = make.make_audit(org.actor(Role.TOKENOPS_LEAD))
    answer = post(org, org.client(role), name, audit.id, version=audit.version)
    assert answer.status_code == 403
    after = the_audit(org)
    assert (after.status, after.version) == (audit.status, audit.version)
    with org.scope():
        assert Signature.objects.count() == 0


def test_what_is_not_there_yet_is_not_found(org, lead):
    with org.scope():
        audit = make.make_audit(org.actor(Role.TOKENOPS_LEAD))
    for name, args in (
        ("audits:baseline-json", ()),
        ("audits:verify", ()),
        ("audits:report", (1,)),
        ("audits:report-json", (1,)),
    ):
        assert lead.get(org.url(name, audit.id, *args)).status_code == 404


def test_the_list_filters_sorts_and_exports(org, lead):
    with org.scope():
        for title in ("October", "Again October"):
            make.make_audit(org.actor(Role.TOKENOPS_LEAD), title=title)
    found = page(org, lead, "audits:list", query="?q=again")
    assert "AUD-2026-02" in found
    assert "AUD-2026-01" not in found
    answer = lead.get(org.url("audits:list") + "?format=csv&sort=ref")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Title"] for row in rows] == ["October", "Again October"]
    assert rows[0]["Period"] == "2026-10-01/2026-11-01"


def test_a_finding_by_hand_keeps_its_money_to_the_cent(org, lead):
    with org.scope():
        actor = org.actor(Role.TOKENOPS_LEAD)
        audit = make.run_checks(actor, make.freeze(actor, make.make_audit(actor)))
    values = {"title": "Shadow tool", "seen": "A card bill.", "severity": "high", "remedy": ""}
    answer = post(org, lead, "audits:finding-new", audit.id, **values, effect="12.34")
    assert answer.status_code == 302
    with org.scope():
        assert Finding.objects.get(title="Shadow tool").effect_nanos == 12_340_000_000
    assert (
        post(org, lead, "audits:finding-new", audit.id, **values, effect="a lot").status_code == 422
    )
    with org.scope():
        assert Finding.objects.filter(title="Shadow tool").count() == 1


def test_an_owner_of_a_finding_answers_it_without_seeing_the_whole_audit(org):
    with org.scope():
        actor = org.actor(Role.TOKENOPS_LEAD)
        audit = make.run_checks(actor, make.freeze(actor, make.make_audit(actor)))
        first, other = list(Finding.objects.order_by("number"))[:2]
        answers = org.person(Role.UNIT_LEAD).membership.id
        finding = assign_finding(
            actor=actor, finding=first, version=first.version, owner_id=answers
        )
    client = org.client(Role.UNIT_LEAD)
    html = page(org, client, "audits:detail", audit.id)
    assert "1 finding waits for your answer" in html
    assert first.title in html
    assert other.title not in html
    assert "Baseline" not in html
    sent = post(
        org, client, "audits:respond", audit.id, first.id, version=finding.version, response="Done."
    )
    assert sent.status_code == 302
    assert "You have answered your findings" in page(org, client, "audits:detail", audit.id)
    stranger = org.client(Role.UNIT_LEAD, "claims")
    assert stranger.get(org.url("audits:detail", audit.id)).status_code == 404
