"""Workers that start and send the same at once: one issue, one e-mail each."""

import threading
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.db import connection

from apps.access.roles import Role
from apps.reports import services
from apps.reports.models import ReportDelivery, ReportIssue
from apps.reports.services.sending import Busy
from apps.tenancy.scope import tenant_scope
from tests.factories.reports import NOW, make_schedule
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def at_once(jobs):
    """Each job in its own thread and connection, begun together; their answers."""
    answers = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def work(place, job):
        try:
            gate.wait(20)
            answers[place] = job()
        except Busy:
            answers[place] = "busy"
        except Exception as error:
            answers[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_racing_workers_send_once(transactional_db):
    org = World().a
    cfo, cto = org.person(Role.CFO), org.person(Role.CTO)
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False), org.scope():
        make_schedule(cfo.actor, cfo, cto)

    def start():
        with tenant_scope(org.id):
            return services.start_due()

    with time_machine.travel(NOW, tick=False):
        assert sorted(at_once([start] * WORKERS)) == [0] * (WORKERS - 1) + [1]
        with org.scope():
            assert ReportIssue.objects.count() == 1
            ids = list(ReportDelivery.objects.values_list("id", flat=True))
        assert len(ids) == 2
        jobs = [lambda i=i: services.deliver(org.id, i) for i in ids for _ in range(WORKERS)]
        answers = at_once(jobs)
    assert set(answers) <= {None, "busy"}
    assert sorted(message.to[0] for message in mail.outbox) == [cfo.user.email, cto.user.email]
    with org.scope():
        assert set(ReportDelivery.objects.values_list("state", "attempts")) == {("sent", 1)}
