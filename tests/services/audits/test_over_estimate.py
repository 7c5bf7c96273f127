"""The check that holds measured spend against the approved estimate of the same months."""

import datetime as dt
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from apps.access.roles import Role
from apps.approvals.selectors import open_request_of
from apps.approvals.services import decide
from apps.audits.enums import Check
from apps.common import clock
from apps.stories import services
from apps.stories.estimator import exactly
from apps.stories.estimator.inputs import Development, Parts, Testing
from tests.factories import audits as make
from tests.factories import stories as plans
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
FILED = datetime(2026, 9, 20, 12, tzinfo=UTC)


def approve_story(org, capability, outputs_a_month):
    """A story of one call a month whose only cost is `outputs_a_month` tokens at $15 a million."""
    plan = plans.make_plan(org.units["platform"].id, capability_id=capability.id, title="Assist")
    running = msgspec.structs.replace(
        plan.assumptions.production,
        interactions=exactly(1),
        calls=exactly(1),
        parts=Parts(output=exactly(outputs_a_month)),
        cache_hit=exactly(0),
        retry=exactly(0),
    )
    assumptions = msgspec.structs.replace(
        plan.assumptions,
        starts_on=dt.date(2026, 9, 1),
        live_on=dt.date(2026, 10, 1),
        production=running,
        development=Development(),
        testing=Testing(),
    )
    with org.scope(), clock.at(FILED):
        lead = org.actor(Role.UNIT_LEAD)
        story = services.create_draft(actor=lead, plan=replace(plan, assumptions=assumptions))
        story = services.submit(actor=lead, story_id=story.id, version=story.version)
        request = open_request_of("story", story.id)
        decide(
            actor=org.actor(Role.CFO),
            request_id=request.id,
            version=request.version,
            decision="approve",
        )


@pytest.fixture
def audited(world):
    """October: the capability used 10 records of 2,800,000 nanos, 28,000,000 in all."""
    org = world.a
    org.units  # noqa: B018 -- made before time is moved
    for role in (Role.UNIT_LEAD, Role.CFO, Role.TOKENOPS_LEAD):
        org.person(role)
    with org.scope():
        make.make_prices()
        plans.make_prices()
        capability = make_capability(unit_id=org.units["platform"].id, slug="assist", name="Assist")
        make.make_usage("assist", records=10)

    def findings(outputs_a_month):
        approve_story(org, capability, outputs_a_month)
        with org.scope():
            lead = org.actor(Role.TOKENOPS_LEAD)
            audit = make.run_checks(lead, make.freeze(lead, make.make_audit(lead)))
            return list(audit.findings.all())

    return findings


def test_spend_over_the_estimate_is_a_finding_with_the_exact_difference(audited):
    (found,) = audited(outputs_a_month=1_000)
    assert found.check_name == Check.OVER_ESTIMATE
    assert found.effect_nanos == 28_000_000 - 15_000_000
    assert "TS-0001 ran 87% over its estimate" in found.title
    assert found.evidence["measured_nanos"] == 28_000_000
    assert found.evidence["estimated_nanos"] == 15_000_000


def test_spend_within_ten_percent_is_none(audited):
    assert audited(outputs_a_month=1_700) == []  # 25,500,000; 110 % of it is 28,050,000
