"""Hints to the broker: beside the request, shared, and given up for a while when it is away."""

import threading
import time
from uuid import UUID

import pytest

from apps.outbox import waking

ONE, OTHER = UUID(int=1), UUID(int=2)


class Broker:
    """Notes hints; `answers` is cleared while it does not answer, `fails` raises."""

    def __init__(self):
        self.hints: list[UUID] = []
        self.asked = threading.Event()
        self.answers = threading.Event()
        self.answers.set()
        self.fails = False

    def __call__(self, app, organization_id):
        self.asked.set()
        assert self.answers.wait(5)
        if self.fails:
            raise ConnectionError("no broker")
        self.hints.append(organization_id)


@pytest.fixture
def broker():
    broker = Broker()
    yield broker
    broker.answers.set()


def test_a_broker_that_hangs_holds_up_nobody(broker):
    broker.answers.clear()
    waker = waking.Waker(broker)
    began = time.monotonic()
    waker.wake(ONE)
    assert broker.asked.wait(5)
    waker.wake(OTHER)
    assert time.monotonic() - began < 0.1
    assert broker.hints == []
    assert not waker.flush(0)
    broker.answers.set()
    assert waker.flush(5)
    assert broker.hints == [ONE, OTHER]


def test_what_is_committed_at_once_shares_a_hint_and_the_last_is_told(broker):
    waker = waking.Waker(broker, gap=0.02)
    broker.answers.clear()
    waker.wake(ONE)
    assert broker.asked.wait(5)
    for _ in range(50):
        waker.wake(ONE)
    broker.answers.set()
    assert waker.flush(5)
    assert broker.hints == [ONE, ONE]


def test_after_a_failure_nobody_asks_for_a_while(broker):
    broker.fails = True
    waker = waking.Waker(broker, pause=60)
    waker.wake(ONE)
    assert waker.flush(5)
    broker.fails = False
    waker.wake(ONE)
    waker.wake(OTHER)
    assert waker.flush(5)
    assert broker.hints == []
    patient = waking.Waker(broker, pause=0)
    broker.fails = True
    patient.wake(ONE)
    assert patient.flush(5)
    broker.fails = False
    patient.wake(OTHER)
    assert patient.flush(5)
    assert broker.hints == [OTHER]
