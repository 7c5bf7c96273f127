"""One of everything else: source, rule, budgets, audits with findings and a report, key, offer."""

from datetime import timedelta

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.audits.services import baseline, findings, plan, report
from apps.common import clock
from apps.common.periods import month_of
from apps.connectors.providers.base import UnitLine
from apps.connectors.services import pull_source
from apps.connectors.services.alarms import raise_alarms
from apps.connectors.services.store import store_units
from apps.organizations.services import invite_person
from apps.webhooks import services as webhooks
from tests.factories.attribution import make_rule, when
from tests.factories.budgets import make_budget
from tests.factories.connectors import Provider, make_source
from tests.factories.organizations import make_api_key
from tests.factories.webhooks import make_webhook
from tests.world import OrganizationWorld


def build_records(org: OrganizationWorld) -> None:
    """Objects of the apps whose pages need one, in organization A."""
    today = clock.today()
    units = org.units
    with org.scope():
        source = make_source(
            "openai", name="OpenAI organization", history_from=today - timedelta(days=30)
        )
        day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        images = UnitLine(day.date(), "images", "images", 12, 12, model="gpt-image-1")
        store_units(source, [images], day, day + timedelta(days=1), day)
        raise_alarms(source, {"/v1/organization/costs": {("data[].colour", "unknown")}}, day)
        make_rule(when("project", "claims-triage"), name="Claims", unit_id=units["claims"].id)
        start = today.replace(day=1)
        make_budget("All AI spend", starts_on=start, amount_nanos=30_000 * 10**9)
        make_budget(
            "Claims",
            scope="unit",
            unit_id=units["claims"].id,
            starts_on=start,
            amount_nanos=900 * 10**9,
        )
        make_api_key("Gateway")
        endpoint, _ = make_webhook(system_actor("tests"), actions=["story.*"])
        webhooks.send_test(actor=system_actor("tests"), endpoint=endpoint)
        invite_person(
            actor=system_actor("tests"), email="new@acme.example", role=Role.VIEWER, unit_id=None
        )
        _audit(org)
    pull_source(
        organization_id=org.organization.id,
        source_id=source.id,
        check_only=True,
        transport=Provider(now=clock.now()),
    )


def _audit(org: OrganizationWorld) -> None:
    """An audit of last month: frozen, checked, one finding assigned, report issued."""
    lead = org.actor(Role.TOKENOPS_LEAD)
    month = month_of(clock.today()).shift(-1)
    audit = plan.plan_audit(
        actor=lead,
        title="Consumption of last month",
        period_start=month.start,
        period_end=month.end,
    )
    baseline.freeze_baseline(actor=lead, audit=audit, version=audit.version)
    raised = findings.raise_findings(actor=lead, audit=audit, version=audit.version)
    owner = org.actor(Role.TOKENOPS_ANALYST)
    for finding in raised[:1]:
        findings.assign_finding(
            actor=lead, finding=finding, version=finding.version, owner_id=owner.membership_id
        )
    second = plan.plan_audit(
        actor=lead,
        title="Platform, last month",
        unit_id=org.units["platform"].id,
        period_start=month.start,
        period_end=month.end,
    )
    baseline.freeze_baseline(actor=lead, audit=second, version=second.version)
    found = findings.raise_findings(actor=lead, audit=second, version=second.version)
    for finding in found:
        _settle(lead, finding, owner)
    second.refresh_from_db()
    report.issue_report(actor=lead, audit=second, version=second.version)


def _settle(lead, finding, owner) -> None:
    moved = findings.assign_finding(
        actor=lead, finding=finding, version=finding.version, owner_id=owner.membership_id
    )
    moved = findings.respond_to_finding(
        actor=owner, finding=moved, version=moved.version, response="A story follows."
    )
    findings.settle_finding(
        actor=lead, finding=moved, version=moved.version, action="resolve", resolution="Seen."
    )
