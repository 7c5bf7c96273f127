"""Workers with overlapping batches: nothing lost, nothing twice, no deadlock, every cell right."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import msgspec
import pytest
from django.db import connection

from apps.access.actors import system_actor
from apps.attribution.services import RuleDraft, create_rule
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.models import UsageRecord
from apps.ledger.query import Query, run
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import intake
from tests.factories.ledger import AT, price, usage

pytestmark = pytest.mark.django_db(transaction=True)
YEAR = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}


def _parallel(*jobs):
    def run_job(job):
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout=120) for future in [pool.submit(run_job, j) for j in jobs]]


def _event(number, version=0):
    return usage(
        event_id=f"e{number}",
        occurred_at=AT + timedelta(minutes=number % 900),
        api_key_id=f"k{number % 7}",
        user=f"u{number % 5}",
        output=100 + version,
        observed_at=AT + timedelta(days=1, seconds=version),
    )


def test_overlapping_batches_in_any_order_leave_each_record_once(world):
    side, source = world.a, uuid7()
    with side.scope():
        price("m1")
    rng = random.Random(7)

    def worker(seed):
        mine = random.Random(seed)

        def job():
            results = []
            for _ in range(6):
                numbers = mine.sample(range(600), 300)
                batch = [_event(n, version=mine.randrange(3)) for n in numbers]
                results.append(
                    services.ingest(organization_id=side.id, source_id=source, batch=batch)
                )
            return results

        return job

    results = _parallel(*(worker(rng.random()) for _ in range(3)))
    new = sum(result.new for each in results for result in each)
    final = [_event(n, version=9) for n in range(600)]
    last = services.ingest(organization_id=side.id, source_id=source, batch=final)
    with side.scope():
        assert UsageRecord.objects.count() == new + last.new == 600
        assert set(UsageRecord.objects.values_list("output", flat=True)) == {109}
        assert verify_rollups().ok
        assert run(Query(**YEAR)).total.records == 600


def test_rules_change_and_months_close_while_workers_ingest(world):
    side, source = world.a, uuid7()
    with side.scope():
        price("m1")
        units = [side.units["core"].id, side.units["apps"].id]

    def ingesting(start):
        def job():
            for batch in range(5):
                numbers = range(start + batch * 60, start + batch * 60 + 100)
                services.ingest(
                    organization_id=side.id,
                    source_id=source,
                    batch=[_event(n) if n % 3 else _late(n) for n in numbers],
                )

        return job

    def governing():
        for number in range(4):
            with side.scope():
                create_rule(
                    actor=system_actor("tests"),
                    draft=RuleDraft(
                        name=f"rule {number}",
                        conditions=[
                            {"field": "api_key", "operator": "equals", "values": [f"k{number}"]}
                        ],
                        unit_id=units[number % 2],
                    ),
                    position=1,
                )
            services.reattribute(organization_id=side.id)
            if number == 1:
                with side.scope():
                    month = date(2026, 10, 1)
                    actor = system_actor("tests")
                    settling = services.settle_period(actor=actor, month=month, version=0)
                    services.close_period(
                        actor=actor, month=month, version=settling.version, note="x"
                    )

    _parallel(ingesting(0), ingesting(150), governing)
    services.reattribute(organization_id=side.id)
    with side.scope():
        assert UsageRecord.objects.count() == 490
        found = verify_rollups()
        assert found.ok, found.differences[:3]
        assert run(Query(**YEAR)).total.records == 490


def _late(number):
    return usage(
        event_id=f"late{number}",
        occurred_at=AT - timedelta(days=20, minutes=number),
        api_key_id=f"k{number % 7}",
        observed_at=AT,
    )


def test_two_folders_share_one_inbox(world):
    import json

    side, source = world.a, uuid7()
    with side.scope():
        for batch in range(12):
            rows = [
                {
                    "occurred_at": "2026-11-03T10:00:00Z",
                    "provider": "acme",
                    "model": "m1",
                    "event_id": str(batch * 50 + n),
                    "output": 1,
                }
                for n in range(100)
            ]
            services.accept_batch(source_id=source, body=json.dumps(rows).encode())

    def fold():
        return services.fold(organization_id=side.id)

    folded = _parallel(fold, fold)
    assert sum(folded) == 12
    with side.scope():
        assert UsageRecord.objects.count() == 650
        assert verify_rollups().ok


def test_a_worker_that_claims_leaves_the_other_batches_to_another(world, monkeypatch):
    side, source = world.a, uuid7()
    encode = msgspec.json.Encoder().encode
    with side.scope():
        for number in range(4):
            services.accept_batch(source_id=source, body=encode([_event(number)]))
    monkeypatch.setattr(intake, "FOLD_RECORDS", 2)
    claimed, may_end = threading.Event(), threading.Event()

    def first():
        with side.scope():
            mine = {batch.id for batch in intake._claim(side.id)}
            claimed.set()
            assert may_end.wait(30)
        return mine

    def second():
        assert claimed.wait(30)
        try:
            return {batch.id for batch in intake._claim(side.id)}
        finally:
            may_end.set()

    one, other = _parallel(first, second)
    assert (len(one), len(other)) == (2, 2)
    assert not one & other
