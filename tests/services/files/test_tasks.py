"""The schedule, the outbox and the workers carry files from a bucket into the ledger."""

import pytest
import time_machine

from apps.common import clock
from apps.connectors import tasks
from apps.connectors.files import tasks as files
from apps.connectors.files.models import FileImport, SourceFile
from apps.connectors.imports.events import AUTOMATIC_ENDED
from apps.connectors.imports.models import ImportJob
from apps.connectors.models import PullRun
from apps.connectors.selectors import due_sources
from apps.outbox.models import OutboxMessage
from tests.factories.buckets import FakeBucket, serving
from tests.factories.files import connect, finish_imports, in_bucket
from tests.factories.pricing import load_prices
from tests.services.files.test_files import NOW
from tests.services.imports.test_bills import TOKENS

pytestmark = pytest.mark.django_db


def test_a_due_source_is_read_and_its_run_gets_the_figures_once(world, monkeypatch):
    load_prices()
    organization_id = str(world.a.organization.id)
    with serving(FakeBucket()) as bucket, time_machine.travel(NOW):
        bucket.put("focus.csv", TOKENS)
        with world.a.scope():
            source = connect(in_bucket(bucket))
            assert due_sources(clock.now()) == [source.id]
        tasks.pull(organization_id=organization_id, source_id=str(source.id))
    with world.a.scope():
        job = ImportJob.objects.get()
        assert (job.status, job.automatic, job.source_name) == ("checking", True, "Exports")
        assert SourceFile.objects.get().state == "reading"
        files.settle(organization_id=organization_id, job_id=str(job.id))
        assert FileImport.objects.get().settled_at is None
        monkeypatch.setattr("apps.connectors.files.services.settle_import", lambda _id: None)
        finish_imports()
        monkeypatch.undo()
        message = OutboxMessage.objects.get(topic=AUTOMATIC_ENDED)
        assert message.payload == {"job_id": str(job.id)}
    for _ in range(2):
        files.settle(organization_id=organization_id, job_id=str(job.id))
    with world.a.scope():
        run = PullRun.objects.get()
        assert (run.rows_new, run.cost_rows) == (7, 7)
        assert SourceFile.objects.get().state == "read"
