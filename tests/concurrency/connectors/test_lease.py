"""One run at a time: workers that race for a source, and a beat that asks too often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection

from apps.connectors import tasks
from apps.connectors.enums import RunStatus
from apps.connectors.models import PullRun
from apps.connectors.services import pull_source
from apps.ledger.models import UsageRecord
from tests.factories.connectors import Provider, make_source

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def test_racing_workers_read_once(world):
    org = world.a
    with org.scope():
        source = make_source("openai", history_from=date(2026, 11, 22))
    organization_id, barrier = org.organization.id, Barrier(WORKERS)
    provider = Provider()

    def work(_):
        try:
            barrier.wait()
            return pull_source(
                organization_id=organization_id, source_id=source.id, transport=provider
            )
        finally:
            connection.close()

    with time_machine.travel(provider.now, tick=False), ThreadPoolExecutor(WORKERS) as pool:
        outcomes = list(pool.map(work, range(WORKERS)))
    ran = [outcome for outcome in outcomes if outcome.run_id is not None]
    assert ran
    assert [(o.status, o.error) for o in ran] == [(RunStatus.SUCCEEDED, "")] * len(ran)
    with org.scope():
        assert PullRun.objects.filter(status=RunStatus.SUCCEEDED).count() == len(ran)
        assert PullRun.objects.count() == len(ran)
        first = PullRun.objects.order_by("id").first()
        assert UsageRecord.objects.count() == first.rows_new


def test_due_sources_are_enqueued_once_each(world):
    with world.a.scope():
        source = make_source("openai")
    with patch.object(tasks.pull, "delay") as delay:
        tasks.pull_due_of(organization_id=str(world.a.organization.id))
        tasks.pull_due_of(organization_id=str(world.b.organization.id))
    delay.assert_called_once_with(
        organization_id=str(world.a.organization.id), source_id=str(source.id)
    )
