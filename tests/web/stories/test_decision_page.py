"""The decision page of a story on one screen: what it asks of the database, whatever there is."""

from datetime import UTC, datetime

import msgspec
import pytest
import time_machine
from django.test import Client

from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from apps.approvals.services import decide
from apps.common import clock
from apps.common.periods import month_of
from apps.stories.models import TokenStory
from apps.stories.selectors import accuracy
from tests.factories.approvals import set_route
from tests.factories.budgets import make_budget
from tests.factories.ledger import take, usage
from tests.factories.stories import make_assumptions, make_prices, make_submitted

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NANOS = 1_000_000_000


@pytest.fixture
def side(world):
    """Three stories that have run for months, below budgets of the company and of their team."""
    side = world.a
    for role in (Role.CFO, Role.CIO):
        side.person(role)
    with time_machine.travel(NOW, tick=False):
        with side.scope():
            make_prices()
            set_route(
                {"name": "Money", "roles": ["cfo", "cio"]}, {"name": "Again", "roles": ["cio"]}
            )
            begun = month_of(clock.today()).shift(-4).start
            unit = side.units["platform"].id
            make_budget(starts_on=begun, amount_nanos=90_000 * NANOS)
            make_budget(scope="unit", unit_id=unit, starts_on=begun, amount_nanos=40_000 * NANOS)
            for _ in range(3):
                approved(side, unit, begun)
        yield side


def approved(side, unit, begun):
    plan = msgspec.structs.replace(
        make_assumptions(), starts_on=begun, live_on=month_of(begun).shift(1).start
    )
    story = make_submitted(side.actor(Role.UNIT_LEAD), unit, assumptions=plan)
    for version, role in ((1, Role.CFO), (2, Role.CIO)):
        decide(
            actor=side.actor(role), request_id=story.request_id or request_of(story).id,
            version=version, decision="approve",
        )  # fmt: skip
    at = datetime(begun.year, begun.month, 1, 8, tzinfo=UTC)
    TokenStory.objects.filter(id=story.id).update(approved_at=at)
    day = month_of(clock.today()).shift(-1).start
    take(
        [
            usage(
                occurred_at=datetime(day.year, day.month, 9, tzinfo=UTC),
                provider="atlas", model="medium", output=10_000_000, story=story.ref,
            )
        ]
    )  # fmt: skip


def request_of(story):
    return ApprovalRequest.objects.filter(subject_id=story.id).latest("opened_at")


def asked(side):
    with side.scope():
        story = make_submitted(side.actor(Role.UNIT_LEAD), side.units["platform"].id)
        return request_of(story)


def test_one_screen_takes_at_most_forty_questions(side, django_assert_max_num_queries):
    new = asked(side)
    browser: Client = side.client(Role.CIO)
    urls = [side.url("approvals:detail", new.id), side.url("approvals:list")]
    for url in urls:
        html = browser.get(url).content.decode()
        assert "What approving $4,000 a month commits" in html
        assert "How similar stories turned out" in html
        assert "measured</p>" in html
        with django_assert_max_num_queries(39):
            browser.get(url)
    with side.scope():
        decide(actor=side.actor(Role.CFO), request_id=new.id, version=1, decision="approve")
    with django_assert_max_num_queries(40):
        browser.get(urls[0])


def test_its_calibration_reads_a_sample_of_the_approved_stories(side, monkeypatch):
    monkeypatch.setattr(accuracy, "SAMPLE", 2)
    with side.scope():
        story = TokenStory.objects.order_by("number").first()
        everything = accuracy.records()
        sample = accuracy.alike(story.kind, story.pattern)
    assert len(everything) == 3
    assert len(sample) == 2
