"""Entitlements under real threads: minted once, ended once, told once, and use adds up."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalDecision, ApprovalRequest
from apps.asks.models import Ask
from apps.common.errors import Conflict, DomainError
from apps.entitlements import services
from apps.entitlements.enums import Within
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.use import use
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.concurrency.stories.test_races import THREADS, race
from tests.factories.ledger import take, usage
from tests.services.entitlements.conftest import NOW, Desk
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
TOKENS = 1_100
"""Of one call."""


@pytest.fixture
def desk(transactional_db):
    a = World().a
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.TOKENOPS_LEAD):
        a.person(role)
    with time_machine.travel(NOW, tick=False):
        yield Desk(a)


def done(answers):
    assert not [answer for answer in answers if isinstance(answer, str)], answers
    return [answer for answer in answers if not isinstance(answer, DomainError)]


def decide(desk, ask, role, decision="approve"):
    return lambda: approvals.decide(
        actor=desk.org.actor(role),
        request_id=ask.request_id,
        version=1,
        decision=decision,
        note="" if decision == "approve" else "Not now.",
    )


def end(desk, row, version=1):
    return lambda: services.end_entitlement(
        actor=desk.org.actor(Role.TOKENOPS_LEAD),
        entitlement_id=row.id,
        version=version,
        reason="No longer needed.",
    )


def undo(desk, ask):
    with desk.org.scope():
        version = ApprovalRequest.objects.get(id=ask.request_id).version
    return lambda: approvals.undo_decision(
        actor=desk.org.actor(Role.CFO), request_id=ask.request_id, version=version
    )


def granted(desk, **values):
    ask = desk.ask(**values)
    desk.answer(ask)
    with desk.org.scope():
        return ask, Entitlement.objects.get()


def calls(desk, count, day):
    """So many calls of a model beyond the tier, each of TOKENS, on a day of November."""

    def work():
        at = datetime(2026, 11, day, 8, tzinfo=UTC)
        batch = [
            usage(occurred_at=at, model="big", capability=desk.capability.slug)
            for _ in range(count)
        ]
        return take(batch).new

    return work


def test_of_many_deciders_one_mints_it(desk):
    ask = desk.ask()
    roles = [Role.CFO, Role.CIO]
    answers = race(desk.org.id, [decide(desk, ask, role) for role in roles * 2])
    assert len(done(answers)) == 1
    assert all(isinstance(a, Conflict) for a in answers if isinstance(a, Exception))
    with desk.org.scope():
        assert Entitlement.objects.count() == ApprovalDecision.objects.count() == 1
        assert TrailEvent.objects.filter(action="entitlement.granted").count() == 1


def test_granted_or_declined_but_never_both(desk):
    ask = desk.ask()
    answers = race(
        desk.org.id,
        [decide(desk, ask, Role.CFO), decide(desk, ask, Role.CIO, "reject")],
    )
    assert len(done(answers)) == 1
    with desk.org.scope():
        approved = Ask.objects.get().status == "approved"
        assert Entitlement.objects.count() == int(approved)


def test_it_is_ended_once(desk):
    _, row = granted(desk)
    answers = race(desk.org.id, [end(desk, row) for _ in range(THREADS)])
    assert len(done(answers)) == 1
    with desk.org.scope():
        row.refresh_from_db()
        assert (row.ended_on, row.version) == (date(2026, 11, 20), 2)
        assert TrailEvent.objects.filter(action="entitlement.ended").count() == 1
        assert Notification.objects.filter(kind="approval.entitlement_ended").count() == 1


def test_ended_and_undone_at_once_leave_what_the_trail_says(desk):
    for _ in range(3):
        ask, row = granted(desk)
        answers = race(desk.org.id, [end(desk, row), undo(desk, ask)])
        assert done(answers)
        with desk.org.scope():
            row.refresh_from_db()
            undone = Ask.objects.get(id=ask.id).status == "asked"
            taken = TrailEvent.objects.filter(action="entitlement.taken_back", object_id=row.id)
            ended = TrailEvent.objects.filter(action="entitlement.ended", object_id=row.id)
            assert taken.count() == int(undone)
            assert row.ended_on == (row.starts_on if undone else date(2026, 11, 20))
            assert row.version == 1 + taken.count() + ended.count()
            Entitlement.objects.all().delete()


def test_its_end_is_told_once_by_any_number_of_workers(desk):
    granted(desk, ends_on=date(2026, 11, 25))
    assert sum(race(desk.org.id, [services.remind] * THREADS)) == 1
    with desk.org.scope():
        assert Notification.objects.filter(kind="approval.entitlement_ends").count() == 1


def test_told_or_ended_an_ended_one_is_not_told_of(desk):
    _, row = granted(desk, ends_on=date(2026, 11, 25))
    answers = race(desk.org.id, [end(desk, row), services.remind])
    told = answers[1]
    assert not isinstance(answers[0], Exception), answers
    with desk.org.scope():
        assert told in (0, 1)
        assert Notification.objects.filter(kind="approval.entitlement_ends").count() == told
        row.refresh_from_db()
        assert (row.reminded_at is not None, row.ended_on) == (told == 1, date(2026, 11, 20))


def test_use_while_it_ends_is_counted_whole_and_by_the_day(desk):
    """Calls of its last day and of the day it ends arrive while it is ended."""
    _, row = granted(desk)
    jobs = [end(desk, row), *(calls(desk, 5, day) for day in (19, 20) * 2)]
    answers = race(desk.org.id, jobs)
    assert answers[1:] == [5, 5, 5, 5]
    with desk.org.scope():
        found = use(date(2026, 11, 1), date(2026, 12, 1), None)
        totals = {within: found.total(within).tokens for within in Within}
        assert totals == {
            Within.TIER: 0,
            Within.ENTITLED: 10 * TOKENS,
            Within.OUTSIDE: 10 * TOKENS,
        }
        assert found.by_entitlement[row.id].tokens == 10 * TOKENS


def test_an_approval_is_undone_or_in_use(desk):
    """Calls arrive while the approval is undone: it is taken back whole, or it stays whole."""
    ask, row = granted(desk)
    answers = race(desk.org.id, [undo(desk, ask), *(calls(desk, 2, 20) for _ in range(3))])
    assert answers[1:] == [2, 2, 2]
    undone = not isinstance(answers[0], Exception)
    assert undone or "in use" in str(answers[0])
    with desk.org.scope():
        row.refresh_from_db()
        assert Ask.objects.get().status == ("asked" if undone else "approved")
        assert row.ended_on == (row.starts_on if undone else None)
        found = use(date(2026, 11, 1), date(2026, 12, 1), None)
        entitled, outside = (found.total(w).tokens for w in (Within.ENTITLED, Within.OUTSIDE))
        assert (entitled, outside) == ((0, 6 * TOKENS) if undone else (6 * TOKENS, 0))
