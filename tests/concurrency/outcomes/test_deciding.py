"""Deciders of the same capability at once: one decision, the others are told."""

import datetime as dt

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Conflict
from apps.outcomes.models import WorthDecision
from apps.outcomes.services import record_decision
from tests.concurrency.stories.test_races import race
from tests.factories.portfolio import make_capability
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_decision_wins(transactional_db):
    org = World().a
    roles = (Role.CFO, Role.CIO, Role.CTO, Role.TOKENOPS_LEAD)
    actors = [org.actor(role) for role in roles]
    with org.scope():
        capability = make_capability("Claims chat")

    def decide(actor):
        return record_decision(
            actor=actor,
            capability_id=capability.id,
            verdict="keep",
            reason="It pays.",
            owner_id=actor.membership_id,
            review_on=clock.today() + dt.timedelta(days=30),
            seen=0,
        )

    answers = race(org.id, [lambda a=actor: decide(a) for actor in actors])
    assert sum(isinstance(answer, WorthDecision) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == len(actors) - 1
    with org.scope():
        assert WorthDecision.objects.count() == 1
