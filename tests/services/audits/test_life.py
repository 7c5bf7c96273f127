"""An audit from plan to signature, with every refusal."""

import json
from datetime import date, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals.selectors import requests_of_subject
from apps.audits import rules, selectors
from apps.audits.enums import AuditStatus, Check, FindingStatus
from apps.audits.models import Audit, AuditBaseline, AuditReport, Finding
from apps.audits.services import baseline, findings, plan, report, sign_off
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.trail.models import TrailEvent
from tests.factories import audits as make
from tests.factories.ledger import take, usage
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
    return org.actor(Role.TOKENOPS_LEAD)


def actions():
    return list(TrailEvent.objects.order_by("id").values_list("action", flat=True))


def test_planning_numbers_audits_by_year(org, lead):
    with org.scope():
        first, second = make.make_audit(lead), make.make_audit(lead)
        assert (first.ref, second.ref) == ("AUD-2026-01", "AUD-2026-02")
        assert first.required_roles == ["cio", "cfo"]
        assert first.status == AuditStatus.PLANNED
        assert actions()[-1] == "audit.planned"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"period_end": date(2026, 10, 1)}, "period_end"),
        ({"period_start": date(2031, 1, 1), "period_end": date(2031, 2, 1)}, "period_start"),
        ({"required_roles": ["cfo"]}, "required_roles"),
        ({"required_roles": ["cfo", "auditor"]}, "required_roles"),
        ({"required_roles": ["cfo", "cfo"]}, "required_roles"),
        ({"required_roles": ["cfo", "emperor"]}, "required_roles"),
    ],
)
def test_a_bad_plan_names_its_field_and_writes_nothing(org, lead, changes, field):
    values = {"title": "October", "period_start": make.START, "period_end": make.END}
    with org.scope(), pytest.raises(Invalid) as refused:
        plan.plan_audit(actor=lead, **(values | changes))
    assert [error.field for error in refused.value.errors] == [field]
    with org.scope():
        assert Audit.objects.count() == 0


def test_only_who_runs_audits_plans_one(org):
    with org.scope(), pytest.raises(Forbidden):
        make.make_audit(org.actor(Role.CFO))
    with org.scope():
        assert Audit.objects.count() == 0


def test_the_baseline_freezes_exact_figures_under_a_hash(org, lead):
    with org.scope():
        audit = make.freeze(lead, make.make_audit(lead))
        frozen = audit.baselines.get()
        document = json.loads(frozen.document)
        assert frozen.spend_nanos == 15 * make.RECORD_NANOS == 42_000_000
        assert frozen.tokens == 15 * 1_100
        assert frozen.sha256 == rules.sha256(frozen.document)
        assert document["figures"]["total"]["cost_nanos"] == 42_000_000
        assert document["figures"]["total"]["tokens"]["input_uncached"] == 15_000
        by_capability = {
            row["labels"][0]: row["cost_nanos"] for row in document["figures"]["by_capability"]
        }
        assert by_capability["Assist"] == 28_000_000
        assert sum(by_capability.values()) == 42_000_000
        event = TrailEvent.objects.get(action="audit.baseline_frozen")
        assert event.after["sha256"] == frozen.sha256
        assert selectors.verify_baseline(audit, frozen).reproducible


def test_the_baseline_stays_when_the_ledger_moves(org, lead):
    with org.scope():
        audit = make.freeze(lead, make.make_audit(lead))
        make.make_usage("assist", records=1)
        check = selectors.verify_baseline(audit, audit.baselines.get())
        assert check.intact
        assert "total" in check.moved
        assert not check.reproducible
        assert audit.baselines.get().spend_nanos == 42_000_000


def test_freezing_twice_or_from_an_old_page_is_a_conflict(org, lead):
    with org.scope():
        audit = make.make_audit(lead)
        old = audit.version
        make.freeze(lead, audit)
    for version in (old, old + 1):
        with org.scope(), pytest.raises(Conflict):
            fresh = Audit.objects.get()
            baseline.freeze_baseline(actor=lead, audit=fresh, version=version)
    with org.scope():
        assert AuditBaseline.objects.count() == 1


def test_checks_find_what_nobody_owns_and_nobody_approved(org, lead):
    with org.scope():
        take([usage(occurred_at=make.IN_OCTOBER, model="m9", capability="assist")])
        audit = make.run_checks(lead, make.freeze(lead, make.make_audit(lead)))
        found = {f.check_name: f for f in audit.findings.all()}
        assert set(found) == {Check.UNATTRIBUTED, Check.NO_STORY, Check.UNPRICED}
        assert found[Check.UNATTRIBUTED].effect_nanos == 5 * make.RECORD_NANOS
        assert found[Check.UNATTRIBUTED].evidence["rows"][0]["label"] == "stray-key"
        assert found[Check.UNATTRIBUTED].severity == "critical"
        assert found[Check.NO_STORY].effect_nanos == 10 * make.RECORD_NANOS
        assert found[Check.NO_STORY].unit_id == org.units["platform"].id
        assert found[Check.UNPRICED].effect_nanos is None
        assert [f.number for f in audit.findings.all()] == [1, 2, 3]
        assert audit.status == AuditStatus.RESPONDING


def test_a_clean_period_raises_nothing(org, lead):
    with org.scope():
        audit = plan.plan_audit(
            actor=lead,
            title="September",
            period_start=date(2026, 9, 1),
            period_end=date(2026, 10, 1),
        )
        assert make.run_checks(lead, make.freeze(lead, audit)).findings.count() == 0


@pytest.fixture
def finding(org, lead):
    with org.scope():
        make.run_checks(lead, make.freeze(lead, make.make_audit(lead)))
        return Finding.objects.select_related("audit").get(check_name=Check.UNATTRIBUTED)


def test_a_finding_is_assigned_answered_and_settled(org, lead, finding):
    member = org.person(Role.MEMBER)
    with org.scope():
        findings.assign_finding(
            actor=lead,
            finding=finding,
            version=finding.version,
            owner_id=member.membership.id,
        )
        assert finding.due_on == clock.today() + timedelta(days=14)
        findings.respond_to_finding(
            actor=org.actor(Role.MEMBER),
            finding=finding,
            version=finding.version,
            response="It is ours.",
        )
        assert (finding.status, finding.response) == (FindingStatus.RESPONDED, "It is ours.")
        findings.settle_finding(
            actor=lead,
            finding=finding,
            version=finding.version,
            action="resolve",
            resolution="A rule now covers the key.",
        )
        assert finding.status == FindingStatus.RESOLVED
        assert finding.version == 4
        assert actions().count("audit.finding_changed") == 3


def test_only_the_owner_or_a_lead_of_the_unit_answers(org, lead, finding):
    with org.scope():
        findings.assign_finding(
            actor=lead,
            finding=finding,
            version=finding.version,
            owner_id=org.person(Role.CTO).membership.id,
        )
    with org.scope(), pytest.raises(Forbidden):
        findings.respond_to_finding(
            actor=org.actor(Role.MEMBER), finding=finding, version=finding.version, response="No"
        )
    with org.scope():
        assert Finding.objects.get(id=finding.id).response == ""


@pytest.mark.parametrize(
    ("action", "status"),
    [("respond", FindingStatus.OPEN), ("reopen", FindingStatus.OPEN), ("assign", "resolved")],
)
def test_an_illegal_move_is_a_conflict_and_writes_nothing(org, lead, finding, action, status):
    with org.scope():
        Finding.objects.filter(id=finding.id).update(status=status)
        finding.refresh_from_db()
    with org.scope(), pytest.raises(Conflict):
        findings._move(lead, finding, action, finding.version)
    with org.scope():
        assert Finding.objects.get(id=finding.id).version == finding.version


def test_every_move_of_the_tables_starts_and_ends_in_known_states():
    for table, states in (
        (rules.AUDIT_TRANSITIONS, set(AuditStatus.values)),
        (rules.FINDING_TRANSITIONS, set(FindingStatus.values)),
    ):
        for sources, target in table.values():
            assert {str(s) for s in sources} | {str(target)} <= states


def settle_all(org, lead, audit):
    for f in audit.findings.all():
        findings.settle_finding(
            actor=lead, finding=f, version=f.version, action="dismiss", resolution="Known."
        )


def test_no_report_while_a_finding_waits(org, lead, finding):
    with org.scope(), pytest.raises(Conflict, match="findings have no answer"):
        audit = Audit.objects.get()
        report.issue_report(actor=lead, audit=audit, version=audit.version)
    with org.scope():
        assert AuditReport.objects.count() == 0


@pytest.fixture
def issued(org, lead, finding):
    with org.scope():
        audit = Audit.objects.get()
        settle_all(org, lead, audit)
        for role in (Role.CIO, Role.CFO):
            org.person(role)
        report.issue_report(actor=lead, audit=audit, version=audit.version)
        return audit


def test_reopening_makes_a_new_issue_and_keeps_the_old_one(org, lead, issued):
    with org.scope():
        audit = Audit.objects.get()
        first = audit.reports.get()
        sign_off.sign_report(
            actor=org.actor(Role.CIO), audit=audit, version=audit.version, role="cio",
            sha256=first.sha256,
        )  # fmt: skip
        report.reopen_audit(actor=lead, audit=audit, version=audit.version, reason="A key moved.")
        findings.add_finding(
            actor=lead, audit=audit, title="Late key", seen="Found later.", severity="low"
        )
        late = audit.findings.latest("number")
        findings.settle_finding(
            actor=lead, finding=late, version=late.version, action="resolve", resolution="Done."
        )
        second = report.issue_report(actor=lead, audit=audit, version=audit.version)
        assert (first.number, second.number) == (1, 2)
        assert first.sha256 != second.sha256
        assert list(second.signatures.all()) == []
        assert first.signatures.count() == 1
        asked = list(requests_of_subject("audit", audit.id).values_list("status", "revision_id"))
        assert asked == [("pending", second.id), ("voided", first.id)]


def test_the_report_says_everything_it_needs(org, issued):
    with org.scope():
        stored = issued.reports.get()
        document = json.loads(stored.document)
        assert stored.sha256 == rules.sha256(stored.document)
        assert document["baseline"]["spend_nanos"] == 42_000_000
        assert [f["status"] for f in document["findings"]] == ["dismissed", "dismissed"]
        assert document["audit"]["ref"] == "AUD-2026-01"


def test_an_audit_of_a_unit_sees_that_unit_only(org, lead):
    with org.scope():
        audit = make.make_audit(lead, unit_id=org.units["claims"].id)
        make.freeze(lead, audit)
        assert audit.baselines.get().spend_nanos == 0
        other = make.make_audit(lead, unit_id=org.units["engineering"].id)
        make.freeze(lead, other)
        assert other.baselines.get().spend_nanos == 28_000_000


def test_a_document_is_the_same_bytes_every_time(org, lead):
    with org.scope(), time_machine.travel(clock.now(), tick=False):
        one, two = (make.freeze(lead, make.make_audit(lead)).baselines.get() for _ in range(2))
        first, second = (json.loads(b.document)["figures"] for b in (one, two))
        assert rules.canonical(first) == rules.canonical(second)
