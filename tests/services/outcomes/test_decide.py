"""Deciding about a capability: who may, what is kept, what is refused; reminders."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.money import NANOS
from apps.notifications.models import Notification
from apps.outcomes.enums import Due
from apps.outcomes.models import WorthDecision
from apps.outcomes.selectors.worth import worth_of
from apps.outcomes.services import may_decide, record_decision, remind_reviews
from apps.portfolio.services import change_capability, retire_capability
from apps.trail.models import TrailEvent
from tests.services.outcomes.conftest import NOW

pytestmark = pytest.mark.django_db

REVIEW = NOW.date() + dt.timedelta(days=30)


def decide(running, actor=None, at=NOW, **more):
    values = {
        "verdict": "redesign",
        "reason": "Each answer costs more than the call.",
        "owner_id": running.desk.author.membership_id,
        "review_on": REVIEW,
        "seen": 0,
        **more,
    }
    with clock.at(at):
        return record_decision(
            actor=actor or running.cio, capability_id=running.capability.id, **values
        )


def test_a_decision_is_kept_with_the_figures_of_its_day_and_the_owner_is_told(running):
    running.use(2_500)
    made = decide(running)
    assert (made.number, made.verdict, made.review_on) == (1, "redesign", REVIEW)
    assert (made.standing, made.basis) == ("not_worth", "partly")
    assert (made.cost_nanos, made.value_nanos) == (2_500 * NANOS, 2_000 * NANOS)
    assert (made.story_ref, made.owner_name) == (running.story.ref, running.desk.author.name)
    event = TrailEvent.objects.get(action="capability.worth_decided")
    assert event.object_id == running.capability.id
    assert (event.after["verdict"], event.reason) == ("redesign", made.reason)
    told = Notification.objects.get(kind="story.worth_decided")
    assert told.membership_id == running.desk.author.membership_id


def test_the_newest_one_counts_and_none_is_ever_changed(running):
    decide(running)
    decide(running, verdict="keep", seen=1)
    with clock.at(NOW):
        worth = worth_of(running.cio, running.capability.id)
    assert (worth.decision.number, worth.decision.verdict) == (2, "keep")
    with pytest.raises(DatabaseError), transaction.atomic():
        WorthDecision.objects.update(verdict="retire")
    assert WorthDecision.objects.count() == 2


def test_who_has_seen_an_older_decision_is_refused(running):
    decide(running)
    for seen in (0, 2):
        with pytest.raises(Conflict) as refused:
            decide(running, seen=seen)
        assert refused.value.code == "stale_decision"
    assert WorthDecision.objects.count() == 1


def test_without_the_permission_to_decide_here_nothing_is_written(running, world):
    roles = (Role.UNIT_LEAD, Role.MEMBER, Role.AUDITOR, Role.ADMIN)
    elsewhere = world.a.person(Role.CFO, unit="claims").actor
    for actor in (*(world.a.actor(role) for role in roles), elsewhere, world.a.key_actor):
        with pytest.raises(Forbidden):
            decide(running, actor)
    assert not WorthDecision.objects.exists()
    assert not TrailEvent.objects.filter(action="capability.worth_decided").exists()


def test_nobody_decides_about_a_capability_of_their_own(running):
    owner = running.desk.org.actor(Role.CTO)
    change_capability(
        actor=running.desk.org.actor(Role.OWNER),
        capability_id=running.capability.id,
        version=running.capability.version,
        owner_membership_id=owner.membership_id,
    )
    with clock.at(NOW):
        worth = worth_of(owner, running.capability.id)
        assert not may_decide(owner, worth)
        assert may_decide(running.cio, worth)
    with pytest.raises(Forbidden) as refused:
        decide(running, owner)
    assert refused.value.code == "own_capability"
    assert not WorthDecision.objects.exists()


def test_wrong_input_is_named_and_nothing_is_kept(running):
    wrong = [
        ({"verdict": "perhaps"}, "verdict"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"owner_id": None}, "owner"),
        ({"review_on": NOW.date()}, "review_on"),
        ({"review_on": NOW.date() + dt.timedelta(days=732)}, "review_on"),
    ]
    for more, field in wrong:
        with pytest.raises(Invalid) as refused:
            decide(running, **more)
        assert [error.field for error in refused.value.errors] == [field]
    assert not WorthDecision.objects.exists()


def reminders():
    return Notification.objects.filter(kind="story.worth_due").count()


def test_a_due_review_reminds_its_owner_once_until_somebody_decides_again(running):
    decide(running)
    day = NOW + dt.timedelta(days=30)
    with clock.at(day - dt.timedelta(days=1)):
        assert remind_reviews() == 0
    for _ in range(2):
        with clock.at(day):
            assert remind_reviews() == 1
            assert worth_of(running.cio, running.capability.id).due is Due.DUE
    assert reminders() == 1
    decide(running, at=day, seen=1, review_on=REVIEW + dt.timedelta(days=30))
    with clock.at(day):
        assert remind_reviews() == 0
    assert reminders() == 1


def test_a_retired_capability_is_not_looked_at_again(running):
    decide(running, verdict="retire")
    retire_capability(
        actor=running.desk.org.actor(Role.OWNER),
        capability_id=running.capability.id,
        version=running.capability.version,
        reason="As decided.",
    )
    with clock.at(NOW + dt.timedelta(days=60)):
        assert remind_reviews() == 0
    assert reminders() == 0
