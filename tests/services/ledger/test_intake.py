"""The durable inbox: accepted before the answer, folded once, whatever dies in between."""

import gzip
import json
from datetime import timedelta

import pytest
from django.db import transaction

from apps.common import clock
from apps.common.errors import Invalid, TooLarge
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.models import IngestBatch, UsageRecord
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import intake
from apps.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db


def body(count=3, start=0, **fields):
    rows = [
        {
            "occurred_at": "2026-11-03T10:00:00Z",
            "provider": "acme",
            "model": "m1",
            "event_id": f"b{start + number}",
            "output": 5,
            **fields,
        }
        for number in range(count)
    ]
    return json.dumps(rows).encode()


def records(side):
    with side.scope():
        return UsageRecord.objects.count()


def test_accepted_then_folded_once(world):
    side, source = world.a, uuid7()
    with side.scope():
        first = services.accept_batch(source_id=source, body=body())
        assert (first.accepted, first.refused, first.duplicate) == (3, 0, False)
        again = services.accept_batch(source_id=source, body=gzip.compress(body()), encoding="gzip")
        assert (again.duplicate, again.batch_id) == (True, first.batch_id)
        assert OutboxMessage.objects.filter(topic="ledger.inbox").count() == 1
        assert UsageRecord.objects.count() == 0
    assert services.fold(organization_id=side.id) == 1
    assert services.fold(organization_id=side.id) == 0
    with side.scope():
        batch = IngestBatch.objects.get()
        assert (batch.status, bytes(batch.payload), batch.result["new"]) == ("done", b"", 3)
        assert verify_rollups().ok
    assert records(side) == 3


def test_refused_records_are_explained_and_the_others_kept(world):
    side = world.a
    rows = [*json.loads(body(2)), {**json.loads(body(1))[0], "output": -1}]
    rows += [{**json.loads(body(1))[0], "occurred_at": "2099-01-01T00:00:00Z"}]
    with side.scope():
        found = services.accept_batch(source_id=uuid7(), body=json.dumps(rows).encode())
    assert (found.accepted, found.refused) == (2, 2)
    assert [(e.index, e.field) for e in found.errors] == [(2, "output"), (3, "occurred_at")]
    assert services.fold(organization_id=side.id) == 1
    assert records(side) == 2


def test_a_body_of_refusals_is_an_error_and_stores_nothing(world):
    with world.a.scope():
        with pytest.raises(Invalid) as caught:
            services.accept_batch(source_id=uuid7(), body=body(output=-1))
        assert caught.value.errors[0].field == "records[0].output"
        with pytest.raises(Invalid):
            services.accept_batch(source_id=uuid7(), body=b"{")
        with pytest.raises(TooLarge):
            services.accept_batch(source_id=uuid7(), body=body(3), limit=2)
        assert not IngestBatch.objects.exists()
        assert not OutboxMessage.objects.filter(topic="ledger.inbox").exists()


def test_a_worker_that_dies_loses_nothing_and_repeats_nothing(world, monkeypatch):
    side, source = world.a, uuid7()
    with side.scope():
        services.accept_batch(source_id=source, body=body())

    class Killed(BaseException):
        pass

    def die(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("apps.ledger.services.coverage.touch", die)
        with pytest.raises(Killed), transaction.atomic():
            services.fold(organization_id=side.id)
    assert records(side) == 0
    with side.scope():
        IngestBatch.objects.update(claimed_until=clock.now() + timedelta(minutes=5))
    assert services.fold(organization_id=side.id) == 0
    with side.scope():
        IngestBatch.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
    assert services.fold(organization_id=side.id) == 1
    assert records(side) == 3


def test_a_batch_that_fails_holds_up_no_other(world):
    side, source = world.a, uuid7()
    with side.scope():
        for start in (0, 10, 20):
            services.accept_batch(source_id=source, body=body(start=start))
        bad = IngestBatch.objects.order_by("id")[1]
        IngestBatch.objects.filter(id=bad.id).update(payload=b"damaged")
    assert services.fold(organization_id=side.id) == 2
    assert records(side) == 6
    for _ in range(intake.MAX_ATTEMPTS):
        with side.scope():
            IngestBatch.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
        services.fold(organization_id=side.id)
    with side.scope():
        bad.refresh_from_db()
        assert bad.status == "failed"
        assert "JSON" in bad.failure
        assert intake.waiting() == 0
