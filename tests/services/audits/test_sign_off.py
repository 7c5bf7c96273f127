"""The signatures under a report: a request of the approval engine, and its refusals."""

import pytest

from apps.access.roles import Role
from apps.approvals import selectors as approval_selectors
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalDecision, ApprovalRequest
from apps.approvals.services import create_policy
from apps.audits import selectors
from apps.audits.enums import AuditStatus
from apps.audits.models import Audit, Signature
from apps.audits.services import findings, report, sign_off
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories import audits as make

pytestmark = pytest.mark.django_db
SIGNERS = (Role.CIO, Role.CFO, Role.CTO, Role.TOKENOPS_LEAD, Role.EA)


@pytest.fixture
def org(world):
    """Organization A with five October records that belong to nobody, and who may sign."""
    for role in SIGNERS:
        world.a.person(role)
    with world.a.scope():
        make.make_prices()
        make.make_usage(records=5, api_key="stray-key")
        yield world.a


def issue(org, **fields):
    """A report of an audit that the TokenOps lead leads, every finding answered."""
    lead = org.actor(Role.TOKENOPS_LEAD)
    audit = make.run_checks(lead, make.freeze(lead, make.make_audit(lead, **fields)))
    for f in audit.findings.all():
        findings.settle_finding(
            actor=lead, finding=f, version=f.version, action="dismiss", resolution="Known."
        )
    report.issue_report(actor=lead, audit=audit, version=audit.version)
    return Audit.objects.get(id=audit.id)


def sign(org, audit, role, as_role=None, **changes):
    audit = Audit.objects.get(id=audit.id)
    values = {"version": audit.version, "role": role.value,
              "sha256": audit.reports.latest("number").sha256}  # fmt: skip
    return sign_off.sign_report(actor=org.actor(as_role or role), audit=audit, **(values | changes))


def decide(org, audit, role, decision="approve", **more):
    request = selectors.sign_off_of(audit)
    return approvals.decide(
        actor=org.actor(role), request_id=request.id, version=request.version,
        decision=decision, **more,
    )  # fmt: skip


def names(steps):
    return [step.name for step in steps]


def test_issuing_asks_for_the_signatures_in_order(org):
    audit = issue(org)
    request = selectors.sign_off_of(audit)
    steps = approval_selectors.steps_of(request)
    assert (audit.status, request.subject_type, request.status) == ("signing", "audit", "pending")
    assert request.revision_id == audit.reports.get().id
    assert request.facts == {
        "amount_lifetime_nanos": 14_000_000, "kind": "critical", "own_steps": 2,
    }  # fmt: skip
    assert names(steps) == ["Signature of the CIO", "Signature of the CFO"]
    assert [s.is_distinct for s in steps] == [True, True]
    assert [p.name for p in steps[0].people] == [str(org.person(Role.CIO).membership)]
    assert request.flags == [{"tone": "bad", "text": "Worst: critical"}]
    waiting = approval_selectors.waiting_for(org.actor(Role.CIO))
    assert [r.id for r in waiting] == [request.id]
    assert not approval_selectors.waiting_for(org.actor(Role.CFO)).exists()
    assert OutboxMessage.objects.filter(topic="approval.requested").count() == 1


def test_the_approval_is_the_signature(org):
    audit = issue(org)
    decide(org, audit, Role.CIO)
    first = Signature.objects.get()
    answer = ApprovalDecision.objects.get()
    assert (first.role, first.decision_id, first.capacity) == ("cio", answer.id, "")
    assert Audit.objects.get().status == AuditStatus.SIGNING
    given = sign(org, audit, Role.CFO)
    audit = Audit.objects.get()
    sha256 = audit.reports.get().sha256
    assert (given.role, given.sha256) == ("cfo", sha256)
    assert (audit.status, audit.signed_at is not None) == (AuditStatus.SIGNED, True)
    assert selectors.sign_off_of(audit).status == "approved"
    event = TrailEvent.objects.get(action="audit.signed")
    assert event.after == {"report": 1, "sha256": sha256, "signatures": 2}


@pytest.mark.parametrize(
    ("role", "as_role", "changes", "error"),
    [
        (Role.CIO, Role.CFO, {}, Forbidden),
        (Role.CIO, Role.VIEWER, {}, Forbidden),
        (Role.CTO, Role.CTO, {}, Invalid),
        (Role.CFO, Role.CFO, {}, Conflict),
        (Role.CIO, Role.CIO, {"sha256": "0" * 64}, Conflict),
        (Role.CIO, Role.CIO, {"version": 1}, Conflict),
    ],
)
def test_a_wrong_signature_is_refused(org, role, as_role, changes, error):
    audit = issue(org)
    with pytest.raises(error):
        sign(org, audit, role, as_role, **changes)
    assert Signature.objects.count() == ApprovalDecision.objects.count() == 0
    assert Audit.objects.get().version == audit.version


def test_who_led_the_audit_or_signed_before_does_not_sign(org):
    audit = issue(org, required_roles=["tokenops_lead", "cio", "cfo"])
    with pytest.raises(Forbidden, match="You cannot decide this"):
        decide(org, audit, Role.TOKENOPS_LEAD)
    assert [s.role for s in selectors.roles_to_sign(
        org.actor(Role.OWNER), audit, selectors.sign_off_of(audit)
    )] == ["tokenops_lead"]  # fmt: skip
    decide(org, audit, Role.OWNER)
    given = Signature.objects.get()
    assert (given.role, given.capacity) == (
        "tokenops_lead", "as Owner: nobody holds the role",
    )  # fmt: skip
    with pytest.raises(Conflict, match="signed already"):
        sign(org, audit, Role.TOKENOPS_LEAD)


def test_two_roles_of_one_person_are_signed_by_two_people(org):
    from tests.services.organizations.test_people import bind

    cio = org.person(Role.CIO)
    bind(org, Role.OWNER, cio, Role.CFO)
    audit = issue(org)
    decide(org, audit, Role.CIO)
    with pytest.raises(Forbidden, match="another person"):
        decide(org, audit, Role.CIO)
    assert Signature.objects.count() == 1
    decide(org, audit, Role.CFO)
    assert Audit.objects.get().status == AuditStatus.SIGNED


def test_a_deputy_signs_for_the_role_only_with_the_right_to_sign(org):
    audit = issue(org)
    for deputy in (Role.EA, Role.CTO):
        request = selectors.sign_off_of(audit)
        by = Role.CIO if deputy is Role.EA else Role.EA
        approvals.delegate_request(
            actor=org.actor(by), request_id=request.id, version=request.version,
            to_id=org.person(deputy).membership.id,
        )  # fmt: skip
        if deputy is Role.EA:
            with pytest.raises(Forbidden):
                decide(org, audit, Role.EA)
            assert Signature.objects.count() == 0
    decide(org, audit, Role.CTO)
    given = Signature.objects.get()
    assert (given.role, given.capacity) == ("cio", f"for {org.person(Role.CIO).membership}")


def test_taking_an_answer_back_takes_the_signature_with_it(org):
    audit = issue(org)
    decide(org, audit, Role.CIO)
    decide(org, audit, Role.CFO)
    request = selectors.sign_off_of(audit)
    approvals.undo_decision(
        actor=org.actor(Role.CFO), request_id=request.id, version=request.version
    )
    audit = Audit.objects.get()
    stored = audit.reports.get()
    assert (audit.status, audit.signed_at) == (AuditStatus.SIGNING, None)
    assert [s.role for s in selectors.standing_signatures(stored)] == ["cio"]
    assert [(s.role, s.stands) for s in selectors.signatures(stored).order_by("id")] == [
        ("cio", True), ("cfo", False),
    ]  # fmt: skip
    again = sign(org, audit, Role.CFO)
    assert again.attempt == 2
    assert Audit.objects.get().status == AuditStatus.SIGNED


def test_an_audit_that_was_reopened_keeps_its_answer(org):
    audit = issue(org)
    decide(org, audit, Role.CIO)
    decide(org, audit, Role.CFO)
    audit.refresh_from_db()
    report.reopen_audit(
        actor=org.actor(Role.TOKENOPS_LEAD), audit=audit, version=audit.version, reason="A key."
    )
    request = selectors.sign_off_of(audit)
    with pytest.raises(Conflict, match="moved on"):
        approvals.undo_decision(
            actor=org.actor(Role.CFO), request_id=request.id, version=request.version
        )
    assert Audit.objects.get().status == AuditStatus.RESPONDING


@pytest.mark.parametrize("decision", ["reject", "request_changes"])
def test_declining_sends_the_audit_back_and_can_be_undone(org, decision):
    audit = issue(org)
    decide(org, audit, Role.CIO, decision, note="The gateway is missing.")
    audit.refresh_from_db()
    assert audit.status == AuditStatus.RESPONDING
    event = TrailEvent.objects.get(action="audit.reopened")
    assert event.reason == "The gateway is missing."
    request = selectors.sign_off_of(audit)
    approvals.undo_decision(
        actor=org.actor(Role.CIO), request_id=request.id, version=request.version
    )
    assert Audit.objects.get().status == AuditStatus.SIGNING
    decide(org, audit, Role.CIO, decision, note="The gateway is missing.")
    audit.refresh_from_db()
    findings.add_finding(
        actor=org.actor(Role.TOKENOPS_LEAD), audit=audit, title="Gateway", seen="Late.",
        severity="low",
    )  # fmt: skip
    request = selectors.sign_off_of(audit)
    with pytest.raises(Conflict, match="finding has changed"):
        approvals.undo_decision(
            actor=org.actor(Role.CIO), request_id=request.id, version=request.version
        )


def test_a_withdrawn_sign_off_sends_the_audit_back(org):
    audit = issue(org)
    request = selectors.sign_off_of(audit)
    approvals.withdraw(actor=org.actor(Role.TOKENOPS_LEAD), request_id=request.id, version=1)
    assert Audit.objects.get().status == AuditStatus.RESPONDING


def test_a_policy_adds_its_steps_and_no_rule_signs(org):
    """The CTO reviews audits with critical findings; the automatic lane is passed over."""
    owner = org.actor(Role.OWNER)
    rule = {"lane": "auto", "when": [{"fact": "kind", "op": "eq", "value": "critical"}],
            "guardrails": {"max_month_nanos": 1}}  # fmt: skip
    create_policy(
        actor=owner, name="All small", subject_type="", priority=1, document=rule, note="Try."
    )
    review = {
        "steps": [{"name": "Review", "roles": ["cto"]}],
        "when": [{"fact": "amount_lifetime_nanos", "op": "ge", "value": 14_000_000}],
    }
    create_policy(
        actor=owner, name="Audits", subject_type="audit", priority=5, document=review, note="Try."
    )
    audit = issue(org)
    request = selectors.sign_off_of(audit)
    assert (request.lane, request.policy.name) == ("people", "Audits")
    steps = approval_selectors.steps_of(request)
    assert names(steps) == ["Review", "Signature of the CIO", "Signature of the CFO"]
    decide(org, audit, Role.CTO)
    assert Signature.objects.count() == 0
    decide(org, audit, Role.CIO)
    decide(org, audit, Role.CFO)
    assert [s.role for s in Signature.objects.order_by("id")] == ["cio", "cfo"]
    assert Audit.objects.get().status == AuditStatus.SIGNED
    assert ApprovalRequest.objects.get().status == "approved"


def test_the_decision_page_shows_what_is_signed(org):
    audit = issue(org)
    request = selectors.sign_off_of(audit)
    answer = org.client(Role.CIO).get(org.url("approvals:detail", request_id=request.id))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert audit.reports.get().sha256 in text
    assert "Signature of the CIO, you" in text
    assert "and signs it for the CIO" in text
    assert "Approve with a lower cap" not in text
    shown = org.client(Role.CFO).get(org.url("audits:detail", audit.id)).content.decode()
    assert "Sign report 1 as CFO" not in shown
    assert str(org.person(Role.CIO).membership) in shown
