"""The outbox: with the change or not at all, at least once, in order per key."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from apps.common import clock
from apps.common.ids import uuid7
from apps.organizations.models import Organization
from apps.outbox import registry, rules, services, waking
from apps.outbox.models import OutboxMessage, State
from apps.tenancy import doors
from apps.tenancy.scope import current_organization_id, tenant_scope


@pytest.fixture
def organization(transactional_db):
    organization_id = uuid7()
    with tenant_scope(organization_id):
        Organization.objects.create(
            id=organization_id, name="Outbox", slug=f"outbox-{organization_id.hex[-8:]}"
        )
    return organization_id


@pytest.fixture
def seen(monkeypatch):
    """A topic whose handler notes what it gets and fails while `seen.failing` is set."""

    class Seen(list):
        failing = False

    notes = Seen()

    def note(message):
        assert current_organization_id() is None
        if notes.failing:
            raise RuntimeError("receiver is down")
        notes.append(message.payload["n"])

    monkeypatch.setitem(registry._handlers, "test.topic", [note])
    monkeypatch.setattr(waking, "wake", lambda organization_id: None)
    return notes


def put(organization_id, n, key="k"):
    with tenant_scope(organization_id):
        return services.enqueue("test.topic", key=key, payload={"n": n})


def states(organization_id):
    with tenant_scope(organization_id):
        return list(OutboxMessage.objects.order_by("id").values_list("state", "attempts"))


def test_messages_of_a_key_arrive_in_order_and_once(organization, seen):
    for n in range(5):
        put(organization, n)
    assert services.dispatch(organization) == 5
    assert seen == [0, 1, 2, 3, 4]
    assert services.dispatch(organization) == 0
    assert states(organization) == [(State.DONE, 1)] * 5


def test_a_message_dies_with_its_transaction(organization, seen):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        put(organization, 1)
        _ = 1 / 0
    assert services.dispatch(organization) == 0
    assert states(organization) == []


def test_a_failed_message_waits_longer_each_time_and_holds_its_key_back(organization, seen):
    put(organization, 1)
    put(organization, 2)
    put(organization, 9, key="other")
    seen.failing = True
    with time_machine.travel(clock.now(), tick=False) as traveller:
        assert services.dispatch(organization) == 0
        assert states(organization) == [(State.WAITING, 1), (State.WAITING, 0), (State.WAITING, 1)]
        seen.failing = False
        assert services.dispatch(organization) == 0
        traveller.shift(rules.delay_after(1))
        assert services.dispatch(organization) == 3
    assert sorted(seen) == [1, 2, 9]
    assert seen.index(1) < seen.index(2)


def test_back_off_doubles_up_to_an_hour():
    assert [rules.delay_after(n).total_seconds() for n in (1, 2, 3, 11, 12, 40)] == [
        2,
        4,
        8,
        2048,
        3600,
        3600,
    ]


def test_a_message_that_always_fails_is_kept_as_dead_and_can_be_retried(organization, seen):
    message = put(organization, 1)
    seen.failing = True
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(rules.MAX_ATTEMPTS):
            services.dispatch(organization)
            traveller.shift(timedelta(hours=2))
        with tenant_scope(organization):
            dead = OutboxMessage.objects.get()
            assert (dead.state, dead.attempts) == (State.DEAD, rules.MAX_ATTEMPTS)
            assert dead.last_error == "RuntimeError: receiver is down"
            assert services.retry(message) is True
            assert services.retry(message) is False
        seen.failing = False
        assert services.dispatch(organization) == 1
    assert seen == [1]


def test_a_killed_dispatcher_gives_its_message_back(organization, seen):
    put(organization, 1)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        assert len(services.claim(organization, 10)) == 1
        assert services.dispatch(organization) == 0
        traveller.shift(rules.LEASE + timedelta(seconds=1))
        assert services.dispatch(organization) == 1
    assert seen == [1]


def test_dispatchers_side_by_side_deliver_each_message_once(organization, seen):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    for n in range(60):
        put(organization, n, key=f"k{n % 12}")

    def work():
        try:
            return services.dispatch(organization, limit=3, rounds=200)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        delivered = sum(f.result(60) for f in [pool.submit(work) for _ in range(4)])
    delivered += services.dispatch(organization)
    assert delivered == 60
    assert sorted(seen) == list(range(60))
    for k in range(12):
        of_key = [n for n in seen if n % 12 == k]
        assert of_key == sorted(of_key)


def test_the_door_names_organizations_with_due_messages(organization, seen):
    assert organization not in doors.organizations_with_due_outbox(100)
    put(organization, 1)
    assert organization in doors.organizations_with_due_outbox(100)
    services.dispatch(organization)
    assert organization not in doors.organizations_with_due_outbox(100)
