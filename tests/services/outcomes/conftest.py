"""A capability that runs: its approved story says 1,000 calls a month less, worth $2 each."""

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.common import clock
from apps.common.money import NANOS
from apps.portfolio.models import Capability
from apps.stories import services as stories
from apps.stories.models import TokenStory
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend
from tests.services.stories.conftest import Desk, desk

__all__ = ["desk"]

APPROVED = datetime(2026, 9, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class Running:
    """The capability with its story, and what a test does with it."""

    desk: Desk
    capability: Capability
    story: TokenStory
    cio: Actor

    def use(self, dollars: int, *, tokens: int = 1_000_000, days: int = 5, **more: Any) -> None:
        at = NOW.date() - dt.timedelta(days=days)
        spend(at, dollars * NANOS, tokens=tokens, capability=self.capability.slug, **more)

    def report(self, change: str) -> None:
        with clock.at(NOW - dt.timedelta(days=1)):
            stories.report_value(
                actor=self.desk.author,
                story_id=self.story.id,
                measured_change=Decimal(change),
                measured_on=NOW.date() - dt.timedelta(days=2),
                note="October against May.",
            )


def monthly(**changes: Any) -> dict[str, Any]:
    return {
        "value_per": "month",
        "value_change": Decimal(-1000),
        "value_unit": "calls",
        "value_money_nanos": 2 * NANOS,
        "value_adoption": Decimal(100),
        **changes,
    }


@pytest.fixture
def running(desk: Desk, world: Any) -> Running:
    with clock.at(APPROVED):
        capability = make_capability("Claims chat", unit_id=desk.unit_id)
        story = desk.approved(**monthly(capability_id=capability.id))
        stories.start_delivery(actor=desk.author, story_id=story.id)
        story = stories.go_live(actor=desk.author, story_id=story.id)
    return Running(desk, capability, story, world.a.actor(Role.CIO))
