"""Workers that add to the same runs at once: no call lost, none twice, no deadlock."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Sum

from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.models import RollupRun, UsageRun
from apps.ledger.selectors.verify_runs import verify_runs
from tests.factories.ledger import AT, price
from tests.factories.runs import call

pytestmark = pytest.mark.django_db(transaction=True)
CALLS, RUNS, WORKERS = 240, 12, 3


def _call(number, version):
    """A call that a later version moves to another run."""
    return call(
        f"r{(number + version) % RUNS}",
        at=number,
        event_id=f"e{number}",
        agent=f"a{number % 3}",
        parent_id="r0",
        output=100 + version,
        observed_at=AT + timedelta(days=1, seconds=version),
    )


def test_overlapping_workers_leave_every_run_right(world):
    side, source = world.a, uuid7()
    with side.scope():
        price("m1")

    def worker(seed):
        mine = random.Random(seed)
        try:
            for _ in range(3):
                numbers = mine.sample(range(CALLS), 120)
                batch = [_call(n, mine.randrange(3)) for n in numbers]
                services.ingest(organization_id=side.id, source_id=source, batch=batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for future in [pool.submit(worker, seed) for seed in range(WORKERS)]:
            future.result(timeout=120)
    final = [_call(number, 9) for number in range(CALLS)]
    services.ingest(organization_id=side.id, source_id=source, batch=final)
    with side.scope():
        found = verify_runs()
        assert found.ok, found.differences[:3]
        assert UsageRun.objects.aggregate(calls=Sum("calls"))["calls"] == CALLS
        assert RollupRun.objects.aggregate(calls=Sum("calls"))["calls"] == CALLS
        assert set(UsageRun.objects.values_list("calls", flat=True)) == {CALLS // RUNS}
