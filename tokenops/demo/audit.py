"""One audit of the last full month, half way, and one of the month before that waits for its
signatures.
"""

import datetime as dt

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.audits.models import Audit, Finding
from apps.audits.selectors import may_ask_to_accept
from apps.audits.services import baseline, findings, plan, report
from apps.audits.services.acceptance import ask_to_accept
from apps.common.periods import Month, month_of
from tokenops.demo.organization import Demo

ANSWERED = 2


def ensure_audit(demo: Demo, now: dt.datetime) -> None:
    """Plan, freeze, check, assign and answer. Inside the organization's scope."""
    if Audit.objects.exists():
        return
    month = month_of(now.date()).shift(-1)
    lead = demo.role(Role.TOKENOPS_LEAD)
    _waiting_for_signatures(lead, month.shift(-1))
    audit = plan.plan_audit(
        actor=lead,
        title=f"{month.start:%B} consumption",
        purpose="First look at what is used, by whom, and who has approved it.",
        period_start=month.start,
        period_end=month.end,
    )
    baseline.freeze_baseline(actor=lead, audit=audit, version=audit.version)
    raised = findings.raise_findings(actor=lead, audit=audit, version=audit.version)
    for index, finding in enumerate(raised):
        _assign(demo, finding, answer=index < ANSWERED)
    if raised:
        _live_with(demo, raised[-1], now.date())


def _waiting_for_signatures(lead: Actor, month: Month) -> None:
    audit = plan.plan_audit(
        actor=lead,
        title=f"{month.start:%B} consumption",
        purpose="What was used before the practice began, as a base to compare with.",
        period_start=month.start,
        period_end=month.end,
    )
    baseline.freeze_baseline(actor=lead, audit=audit, version=audit.version)
    for finding in findings.raise_findings(actor=lead, audit=audit, version=audit.version):
        findings.settle_finding(
            actor=lead,
            finding=finding,
            version=finding.version,
            action="resolve",
            resolution="Accepted for the time before the practice; watched from now on.",
        )
    report.issue_report(actor=lead, audit=audit, version=audit.version)


def _live_with(demo: Demo, finding: Finding, today: dt.date) -> None:
    """Its owner would rather live with the smallest one; the people on the route decide."""
    finding.refresh_from_db()
    owner = _owner(demo, finding)
    if may_ask_to_accept(owner, finding):
        ask_to_accept(
            actor=owner,
            finding=finding,
            version=finding.version,
            reason="The supplier mends it with its release in spring; until then it costs little.",
            until=today + dt.timedelta(days=120),
        )


def _owner(demo: Demo, finding: Finding) -> Actor:
    team = next((code for code, unit in demo.units.items() if unit == finding.unit_id), None)
    return demo.lead_of(team) if team else demo.role(Role.TOKENOPS_ANALYST)


def _assign(demo: Demo, finding: Finding, *, answer: bool) -> None:
    lead = demo.role(Role.TOKENOPS_LEAD)
    owner = _owner(demo, finding)
    if owner.membership_id is None:
        return
    assigned = findings.assign_finding(
        actor=lead, finding=finding, version=finding.version, owner_id=owner.membership_id
    )
    if answer:
        findings.respond_to_finding(
            actor=owner,
            finding=assigned,
            version=assigned.version,
            response="Confirmed with the team. A Token Story follows this week.",
        )
