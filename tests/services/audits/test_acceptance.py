"""Living with a finding: an exception that others decide, for as long as it holds."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import selectors as approval_selectors
from apps.approvals import services as approvals
from apps.approvals import subjects
from apps.approvals.models import ApprovalRequest
from apps.asks.models import Ask
from apps.audits import selectors
from apps.audits.models import Finding
from apps.audits.services import acceptance, findings, report
from apps.common.errors import Conflict, Forbidden, Invalid
from tests.factories import audits as make

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
UNTIL = date(2026, 12, 31)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def org(world):
    with world.a.scope():
        yield people_and_usage(world.a)


def people_and_usage(side):
    for role in (Role.CIO, Role.CFO, Role.TOKENOPS_LEAD, Role.UNIT_LEAD, Role.AUDITOR):
        side.person(role)
    make.make_prices()
    make.make_usage(records=5, api_key="stray-key")
    return side


@pytest.fixture
def audit(org):
    return audited(org)


def audited(org):
    """An audit with its one finding assigned to the lead of a team."""
    lead = org.actor(Role.TOKENOPS_LEAD)
    found = make.run_checks(lead, make.freeze(lead, make.make_audit(lead)))
    finding = found.findings.get()
    findings.assign_finding(
        actor=lead,
        finding=finding,
        version=finding.version,
        owner_id=org.person(Role.UNIT_LEAD).membership.id,
    )
    Finding.objects.filter(id=finding.id).update(unit_id=org.units["platform"].id)
    return found


def finding_of(audit):
    return Finding.objects.select_related("audit", "exception").get(audit_id=audit.id)


def ask(org, audit, role=Role.UNIT_LEAD, **changes):
    finding = finding_of(audit)
    values = {"version": finding.version, "reason": "It is mended in March.", "until": UNTIL}
    return acceptance.ask_to_accept(actor=org.actor(role), finding=finding, **(values | changes))


def decide(org, role=Role.CFO, decision="approve", **more):
    request = ApprovalRequest.objects.get(status="pending")
    return approvals.decide(
        actor=org.actor(role), request_id=request.id, version=request.version,
        decision=decision, **more,
    )  # fmt: skip


def issue(org, audit):
    audit.refresh_from_db()
    return report.issue_report(
        actor=org.actor(Role.TOKENOPS_LEAD), audit=audit, version=audit.version
    )


def test_what_is_decided_holds_until_its_last_day(org, audit):
    asked = ask(org, audit)
    request = ApprovalRequest.objects.get(subject_type="exception")
    assert (asked.exception.ref, asked.exception.rule) == ("EX-0001", "finding")
    assert (request.amount_nanos, request.amount_period) == (asked.effect_nanos, "once")
    assert request.facts["kind"] == "finding"
    assert request.facts["amount_lifetime_nanos"] == asked.effect_nanos == 14_000_000
    assert list(selectors.my_findings(org.actor(Role.UNIT_LEAD))) == []
    (card,) = subjects.panels_for(org.actor(Role.CFO), request)
    assert card.context["finding"] == finding_of(audit)
    with pytest.raises(Conflict) as caught:
        issue(org, audit)
    assert caught.value.code == "findings_open"
    decide(org)
    assert selectors.audit_by_id(org.actor(Role.CIO), audit.id).open_count == 0
    with time_machine.travel(NOW + timedelta(days=39), tick=False):
        assert finding_of(audit).is_accepted_on(date(2027, 1, 1)) is False
        assert selectors.audit_by_id(org.actor(Role.CIO), audit.id).open_count == 1
        with pytest.raises(Conflict):
            issue(org, audit)
    (row,) = json.loads(issue(org, audit).document)["findings"]
    assert row["accepted"] == {
        "by": "CFO Acme", "exception": "EX-0001", "until": "2026-12-31",
    }  # fmt: skip


def test_whoever_asks_does_not_decide_and_a_rule_never_does_alone(org, audit):
    ask(org, audit)
    request = ApprovalRequest.objects.get(subject_type="exception")
    for role in (Role.UNIT_LEAD, Role.AUDITOR):
        assert approval_selectors.blocked_reason(org.actor(role), request)
        with pytest.raises(Forbidden):
            decide(org, role)
    assert not finding_of(audit).is_accepted_on(NOW.date())


@pytest.mark.parametrize("decision", ["reject", "request_changes"])
def test_a_refusal_leaves_the_finding_to_be_answered(org, audit, decision):
    ask(org, audit)
    decide(org, decision=decision, note="Mend it.")
    assert not finding_of(audit).is_accepted_on(NOW.date())
    assert [f.id for f in selectors.my_findings(org.actor(Role.UNIT_LEAD))] == [
        finding_of(audit).id
    ]
    ask(org, audit, reason="With a plan now.")
    assert finding_of(audit).exception.ref == "EX-0002"


def test_an_answer_that_is_undone_takes_the_acceptance_with_it(org, audit):
    ask(org, audit)
    done = decide(org)
    assert finding_of(audit).is_accepted_on(NOW.date())
    approvals.undo_decision(
        actor=org.actor(Role.CFO), request_id=done.request.id, version=done.request.version
    )
    assert not finding_of(audit).is_accepted_on(NOW.date())


def test_only_who_answers_for_it_asks_and_what_is_wrong_writes_nothing(org, audit):
    for role in (Role.AUDITOR, Role.TOKENOPS_LEAD):
        if selectors.may_respond(org.actor(role), finding_of(audit)):
            continue
        with pytest.raises(Forbidden):
            ask(org, audit, role)
    for changes, field in (
        ({"until": None}, "ends_on"),
        ({"until": date(2026, 11, 22)}, "ends_on"),
        ({"until": date(2029, 1, 1)}, "ends_on"),
        ({"reason": " "}, "reason"),
    ):
        with pytest.raises(Invalid) as caught:
            ask(org, audit, **changes)
        assert [e.field for e in caught.value.errors] == [field]
    with pytest.raises(Conflict) as caught:
        ask(org, audit, version=1)
    assert caught.value.code == "stale_finding"
    assert not Ask.objects.exists()
    assert finding_of(audit).exception is None
    ask(org, audit)
    with pytest.raises(Conflict) as caught:
        ask(org, audit)
    assert caught.value.code == "already_asked"
    finding = finding_of(audit)
    findings.settle_finding(
        actor=org.actor(Role.TOKENOPS_LEAD), finding=finding, version=finding.version,
        action="resolve", resolution="Mended.",
    )  # fmt: skip
    decide(org, decision="reject", note="It is mended.")
    with pytest.raises(Conflict):
        ask(org, audit)
    assert Ask.objects.count() == 1


def test_the_pages_and_the_api(world):
    org = world.a
    with org.scope():
        audit = audited(people_and_usage(org))
        finding = finding_of(audit)
    page = org.url("audits:detail", audit.id)
    one = org.url("audits:accept", audit.id, finding.id)
    lead = org.client(Role.UNIT_LEAD)
    assert "Ask to live with it" not in org.client(Role.AUDITOR).get(page).content.decode()
    values = {"version": finding.version, "reason": "In March.", "until": "2026-12-31"}
    assert org.client(Role.AUDITOR).post(one, values).status_code == 403
    foreign = world.b.url("audits:accept", audit.id, finding.id)
    assert world.b.client(Role.UNIT_LEAD).post(foreign, values).status_code == 404
    headers = {"X-TokenOps-Organization": org.slug}
    url = f"/api/v1/audits/{audit.id}/findings/{finding.id}/"
    body = {"version": finding.version, "action": "accept", "text": "In March."}
    refused = lead.post(url, body, "application/json", headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "ends_on")
    with org.scope():
        assert not Ask.objects.exists()
    asked = lead.post(one, values)
    assert asked["Location"] == f"{page}#finding-1"
    again = lead.post(url, {**body, "until": "2026-12-31"}, "application/json", headers=headers)
    assert again.status_code == 409
    with org.scope():
        request = ApprovalRequest.objects.get(subject_type="exception")
    decision = org.client(Role.CFO).get(org.url("approvals:detail", request.id)).content.decode()
    assert "The finding" in decision
    assert finding.seen[:20] in decision
    with org.scope():
        decide(org)
    shown = org.client(Role.CIO).get(page).content.decode()
    assert "Lived with" in shown
    assert "CFO Acme decided to live with it until 31 Dec 2026" in shown
    detail = org.client(Role.CIO).get(f"/api/v1/audits/{audit.id}/", headers=headers).json()
    assert [f["accepted_until"] for f in detail["findings"]] == ["2026-12-31"]
