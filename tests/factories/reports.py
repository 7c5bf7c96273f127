"""The figures of a league table: what two windows of thirty days hold, and schedules of it."""

import datetime as dt
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.common import clock
from apps.common.money import NANOS
from apps.portfolio.models import Capability
from apps.reports import services
from apps.reports.models import ReportSchedule
from apps.stories import services as stories
from tests.factories.ledger import price, take
from tests.factories.portfolio import make_capability
from tests.factories.runs import call
from tests.factories.stories import make_prices, make_submitted
from tests.factories.usage import spend
from tests.world import OrganizationWorld

APPROVED = datetime(2026, 9, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""A Monday. The last 30 whole days began on 24 October, those before on 24 September."""
INSIDE, BEFORE = dt.date(2026, 11, 18), dt.date(2026, 10, 10)


def seed_league(org: OrganizationWorld) -> dict[str, Capability]:
    """At NOW, outside a scope: in `platform` a chat with a story (1,000 calls a month less) that
    cost $2,500 after $2,000, and an agent with two runs; in `claims` a bot; use of nobody."""
    platform, claims = org.units["platform"].id, org.units["claims"].id
    lead, cfo = org.actor(Role.UNIT_LEAD), org.actor(Role.CFO)
    with org.scope():
        make_prices()
        price("m1")
        with clock.at(APPROVED):
            chat = make_capability("Cäfé chat", unit_id=platform)
            story = make_submitted(
                lead,
                platform,
                capability_id=chat.id,
                value_per="month",
                value_change=Decimal(-1000),
                value_unit="calls",
                value_money_nanos=2 * NANOS,
                value_adoption=Decimal(100),
            )
            request = ApprovalRequest.objects.get(id=story.request_id)
            approvals.decide(
                actor=cfo, request_id=request.id, version=request.version, decision="approve"
            )
            stories.start_delivery(actor=lead, story_id=story.id)
            stories.go_live(actor=lead, story_id=story.id)
        agent = make_capability("Agent", unit_id=platform, stage="pilot")
        bot = make_capability("Bot", unit_id=claims)
        spend(INSIDE, 2_500 * NANOS, tokens=1_000_000, capability=chat.slug)
        spend(BEFORE, 2_000 * NANOS, tokens=800_000, capability=chat.slug)
        spend(INSIDE, 100 * NANOS, capability=bot.slug)
        spend(INSIDE, 10 * NANOS)
        start = datetime.combine(INSIDE, dt.time(10), tzinfo=UTC)
        base: dict[str, Any] = {"start": start, "capability": agent.slug, "workflow": "triage"}
        take([call("r1", **base), call("r1", at=5, **base), call("r2", at=9, **base)])
    return {"chat": chat, "agent": agent, "bot": bot}


def make_schedule(actor: Actor, *recipients: Any, kind: str = "league", **changes: Any):
    """A schedule for every Monday at seven, in the open scope; to the actor unless to others."""
    ids = [one.membership.id for one in recipients] or [actor.membership_id]
    values = {"name": "Workflows", "cadence": "weekly", "hour": 7, "recipients": ids, **changes}
    made: ReportSchedule = services.create_schedule(
        actor=actor, kind=kind, wanted=services.Wanted(**values)
    )
    return made
