"""Sprints under real threads: moved, removed and filled at once, one of them wins."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, DomainError, Invalid, NotFound
from apps.sprints import rules, services
from apps.sprints.models import Sprint, SprintStory
from apps.trail.models import TrailEvent
from tests.concurrency.stories.test_races import THREADS, race
from tests.factories.stories import make_prices, make_submitted
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
FIRST = date(2027, 2, 1)


@pytest.fixture
def side(transactional_db):
    a = World().a
    a.person(Role.UNIT_LEAD)
    with time_machine.travel(NOW, tick=False):
        with a.scope():
            make_prices()
            a.story = make_submitted(a.actor(Role.UNIT_LEAD), a.units["platform"].id)
        yield a


def add(side, count=2, first=FIRST):
    wanted = rules.series(first, count, 2, "Sprint", 1)
    return services.add_sprints(
        actor=side.actor(Role.UNIT_LEAD), unit_id=side.units["platform"].id, wanted=wanted
    )


@pytest.fixture
def sprints(side):
    with side.scope():
        return add(side)


def move(side, sprint, first, version=1):
    return lambda: services.change_sprint(
        actor=side.actor(Role.UNIT_LEAD),
        sprint_id=sprint.id,
        version=version,
        name=sprint.name,
        starts_on=first,
        ends_on=first + timedelta(days=14),
    )


def remove(side, sprint, version=1):
    def removed():
        services.remove_sprint(
            actor=side.actor(Role.UNIT_LEAD), sprint_id=sprint.id, version=version
        )
        return True

    return removed


def choose(side, sprint, *, is_in):
    return lambda: (
        services.choose_story(
            actor=side.actor(Role.UNIT_LEAD),
            sprint_id=sprint.id,
            story_id=side.story.id,
            is_in=is_in,
        )
        or True
    )


def refusals(answers):
    """The refusals among answers; anything that is no refusal in words is a failure."""
    assert not [answer for answer in answers if isinstance(answer, str)], answers
    return [answer for answer in answers if isinstance(answer, DomainError)]


def test_removed_or_moved_but_never_both(side, sprints):
    first, _ = sprints
    later = FIRST + timedelta(days=70)
    answers = race(side.id, [remove(side, first), move(side, first, later)] * 2)
    assert len(refusals(answers)) == 3
    assert all(isinstance(answer, Conflict | NotFound) for answer in refusals(answers))
    with side.scope():
        removed = TrailEvent.objects.filter(action="sprint.removed").count()
        moved = TrailEvent.objects.filter(action="sprint.changed").count()
        assert removed + moved == 1
        left = list(Sprint.objects.filter(id=first.id).values_list("starts_on", "version"))
        assert left == ([] if removed else [(later, 2)])


def test_two_sprints_moved_to_the_same_days_do_not_overlap(side, sprints):
    target = FIRST + timedelta(days=70)
    answers = race(side.id, [move(side, sprint, target) for sprint in sprints])
    (refused,) = refusals(answers)
    assert isinstance(refused, Invalid)
    with side.scope():
        days = sorted(Sprint.objects.values_list("starts_on", "ends_on"))
        assert len(days) == 2
        assert days[0][1] <= days[1][0] == target


def test_a_series_is_added_once(side):
    answers = race(side.id, [lambda: add(side) for _ in range(THREADS)])
    assert len(refusals(answers)) == THREADS - 1
    with side.scope():
        assert Sprint.objects.count() == 2


def test_a_story_is_put_in_once_and_every_change_is_in_the_trail(side, sprints):
    first, _ = sprints
    answers = race(side.id, [choose(side, first, is_in=True)] * THREADS)
    assert refusals(answers) == []
    with side.scope():
        assert SprintStory.objects.get().is_in is True
        assert TrailEvent.objects.filter(action="sprint.story").count() == 1
        assert Sprint.objects.get(id=first.id).version == 2
    answers = race(side.id, [choose(side, first, is_in=False), choose(side, first, is_in=None)] * 2)
    assert refusals(answers) == []
    with side.scope():
        events = TrailEvent.objects.filter(action="sprint.story").order_by("id")
        said = [(e.before[side.story.ref], e.after[side.story.ref]) for e in events]
        assert all(one[1] == other[0] for one, other in pairwise(said))
        row = SprintStory.objects.filter(sprint=first).first()
        words = {True: "put in", False: "taken out", None: "by its dates"}
        assert said[-1][1] == words[row.is_in if row else None]
        assert Sprint.objects.get(id=first.id).version == 1 + len(said)


def test_a_story_is_not_put_into_a_sprint_that_is_removed(side, sprints):
    """Put in first: who removes has not seen it, and loads again. Removed first: there is none."""
    first, _ = sprints
    answers = race(side.id, [remove(side, first), choose(side, first, is_in=True)])
    (refused,) = refusals(answers)
    assert isinstance(refused, Conflict | NotFound)
    with side.scope():
        there = Sprint.objects.filter(id=first.id).exists()
        assert SprintStory.objects.count() == int(there)
        assert TrailEvent.objects.filter(action="sprint.removed").count() == int(not there)
        assert TrailEvent.objects.filter(action="sprint.story").count() == int(there)
