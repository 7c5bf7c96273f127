"""From a file to the ledger: what is refused and why, what is known again, what is restated."""

import gc
import gzip
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection, transaction

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from apps.connectors.imports import passes, selectors, services, storage
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportChunk, ImportJob, ImportMapping
from apps.connectors.imports.rules.mapping import Mapping, check
from apps.connectors.imports.rules.targets import guess
from apps.connectors.imports.services import upload
from apps.connectors.models import Source
from apps.ledger import services as ledger
from apps.ledger.models import UsageRun
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.imports import (
    COLUMNS,
    CONSTANTS,
    SIMPLE,
    make_import,
    make_upload,
    map_and_check,
    write,
)
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
HEAD = b"time,key,input,output\n"


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        ("time,a\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"time,a\nM\xfcller,2\n", "not UTF-8: line 2"),
        (b"time,a\n" + b"1,2\n" * 100_000 + b"\xff,3\n", "not UTF-8: line 100,002"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (gzip.compress(gzip.compress(SIMPLE, mtime=0), mtime=0), "compressed twice"),
        (gzip.compress(SIMPLE, mtime=0)[:-9], "ends too early"),
        (b"\x1f\x8bnonsense", "damaged"),
        (b"PAR1nonsensePAR1", "Parquet file cannot be read"),
        (b"time,time\n1,2\n", "occurs twice"),
        (b"time,,b\n1,2,3\n", "no name"),
        (b"2026-11-01,10,20\n2026-11-02,1,2\n", "holds data"),
        (b"time,a\r1,2\r", "CR alone"),
        (b",".join(b"c%d" % n for n in range(201)) + b"\n", "200 columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(world, data, words):
    with world.a.scope():
        with pytest.raises(Invalid) as refused:
            make_upload(data)
        (error,) = refused.value.errors
        assert words in error.message
        assert error.fix


def test_a_piece_that_is_read_in_part_is_freed_at_once(world):
    """A slice ends within a piece: what it held is gone without the garbage collector, which a few
    objects of a MiB each never wake."""
    with world.a.scope():
        job = make_upload(SIMPLE * 50)
        gc.collect()
        gc.disable()
        try:
            rows = storage.Rows(job.id, 0, ",")
            assert next(iter(rows)) == ["time", "key", "input", "output"]
            assert rows.offset == len(HEAD)
            del rows
            assert gc.collect() == 0
        finally:
            gc.enable()


def test_a_file_over_the_limit_is_refused(world, monkeypatch):
    monkeypatch.setattr(upload, "max_bytes", lambda: 1_000)
    with world.a.scope(), pytest.raises(TooLarge):
        make_upload(SIMPLE * 100)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SIMPLE,
        SIMPLE.replace(b"\n", b"\r\n"),
        SIMPLE.replace(b",", b";"),
        SIMPLE.replace(b",", b"\t"),
        SIMPLE.rstrip(b"\n"),
        SIMPLE.replace(b"\n", b"\n\n"),
        SIMPLE.replace(b"bot", b'"bot"'),
        SIMPLE.replace(b",100,", b",100.0,").replace(b":00Z", b":00.0000000Z"),
    ],
)
def test_other_ways_of_writing_the_same_file_are_the_same_rows(world, data):
    with world.a.scope():
        make_import(SIMPLE)
        job = map_and_check(make_upload(data))
        assert (job.rows, job.accepted, job.refused) == (2, 2, 0)
        assert job.tokens == {"input_uncached": 300, "output": 30}


def test_refused_rows_come_back_with_their_reasons(world):
    data = HEAD + b"\n".join(
        [
            b"2026-11-01T10:00:00Z,bot,100,10",
            b"yesterday,bot,100,10",
            b"2026-11-01T10:00:00Z,bot,-5,10",
            b"2026-11-01T10:00:00Z,bot,NaN,10",
            b"2026-11-01T10:00:00Z,bot,1.5,10",
            b"2026-11-01T10:00:00Z,bot,100",
            b"2999-01-01T10:00:00Z,bot,100,10",
            b",bot,100,10",
            b"2026-11-01T10:00:00Z," + b"x" * 256 + b",1,1",
            b"2026-11-01T12:00:00Z,bot,,",
        ]
    )
    with world.a.scope():
        job = map_and_check(make_upload(data))
        assert (job.rows, job.accepted, job.refused) == (10, 2, 8)
        assert [(s["row"], s["field"]) for s in job.samples] == [
            (3, "time"),
            (4, "input"),
            (5, "input"),
            (6, "input"),
            (7, ""),
            (8, "time"),
            (9, "time"),
            (10, "key"),
        ]
        rows = list(selectors.refused_rows(job))
        assert [row[4] for row in rows] == ["3", "4", "5", "6", "7", "8", "9", "10"]
        assert rows[0][:4] == ["yesterday", "bot", "100", "10"]
        assert all(row[6] and row[7] for row in rows)
        job = write(job)
        assert (job.new, job.status) == (2, JobStatus.DONE)


def test_a_corrected_file_restates_and_never_doubles(world):
    with world.a.scope():
        make_import(SIMPLE)
        job = make_import(SIMPLE.replace(b",200,20", b",250,20"))
        assert (job.new, job.changed, job.unchanged) == (0, 1, 1)


def test_rows_alike_are_counted_each_and_known_again_in_any_order(world):
    row = b"2026-11-01T10:00:00Z,bot,%d,1\n"
    with world.a.scope():
        first = make_import(HEAD + row % 5 + row % 5 + row % 7)
        assert (first.accepted, first.new) == (3, 3)
        assert first.tokens == {"input_uncached": 17, "output": 3}
        again = make_import(HEAD + row % 7 + row % 5 + row % 5)
        assert (again.new, again.changed, again.unchanged) == (0, 0, 3)


def test_another_mapping_of_a_known_header_keeps_the_keys(world):
    with world.a.scope():
        make_import(SIMPLE)
        job = make_import(SIMPLE, columns={**COLUMNS, "key": ""})
        assert (job.new, job.changed) == (0, 2)
        assert job.key_columns == ["time", "key"]
        assert ImportMapping.objects.count() == 1


def test_ids_of_the_file_are_the_keys_and_a_repeat_is_refused(world, monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 2)
    data = b"id,time,input\na,2026-11-01T10:00:00Z,1\nb,2026-11-01T10:00:00Z,2\na,2026-11-01,3\n"
    columns = {"id": "event_id", "time": "occurred_at", "input": "input_total"}
    with world.a.scope():
        job = map_and_check(make_upload(data), columns=columns)
        assert (job.accepted, job.refused) == (2, 1)
        assert job.tokens == {"input_uncached": 3}
        assert [row[3] for row in selectors.refused_rows(job)] == ["4"]
        assert write(job).new == 2


def test_totals_are_split_into_disjoint_kinds(world):
    data = b"time,input,cached,output,reasoning\n2026-11-01T10:00:00Z,100,30,50,20\n"
    columns = {
        "time": "occurred_at",
        "input": "input_total",
        "cached": "cache_read",
        "output": "output_total",
        "reasoning": "reasoning",
    }
    with world.a.scope():
        job = map_and_check(make_upload(data), columns=columns)
        assert job.tokens == {
            "input_uncached": 70,
            "cache_read": 30,
            "output": 30,
            "reasoning": 20,
        }
        wrong = map_and_check(make_upload(data.replace(b"100,30", b"20,30")), columns=columns)
        assert wrong.samples[0]["message"] == "The parts are more than the total."


def test_cents_zones_and_tags_are_understood(world):
    data = b"time,env,spend\n2026-11-01 10:00,prod,123.5\n"
    columns = {"time": "occurred_at", "env": "tag:env", "spend": "cost"}
    with world.a.scope():
        job = map_and_check(
            make_upload(data), columns=columns, cost_unit="cents", timezone="Europe/Berlin"
        )
        assert job.cost_nanos == 1_235_000_000
        (row,) = job.preview
        assert row["occurred_at"] == "2026-11-01T10:00:00+01:00"
        assert row["tags"] == {"env": "prod"}


def test_content_columns_are_emptied_at_the_door(world):
    data = b'time,Prompt,input\n2026-11-01T10:00:00Z,"canary, ""secret""\nline",5\n'
    with world.a.scope():
        job = make_upload(data)
        assert job.dropped_columns == ["Prompt"]
        stored = b"".join(c for c in map(bytes, ImportChunk.objects.values_list("data", flat=True)))
        assert b"canary" not in storage._unpacked(stored)
        job = map_and_check(job, columns={"time": "occurred_at", "input": "input_total"})
        assert (job.accepted, job.tokens) == (1, {"input_uncached": 5})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"columns": {"input": "input_total"}}, "columns"),
        ({"columns": {"time": "occurred_at"}}, "columns"),
        ({"columns": {**COLUMNS, "nope": "user"}}, "columns"),
        ({"columns": {**COLUMNS, "key": "colour"}}, "columns"),
        ({"columns": {**COLUMNS, "key": "output"}}, "columns"),
        ({"constants": {"provider": "openai"}}, "model"),
        ({"constants": {"provider": "openai", "model": "m", "api_key": "x"}}, "api_key"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"granularity": "week"}, "granularity"),
        ({"currency": "usd"}, "currency"),
    ],
)
def test_a_wrong_mapping_is_refused_by_field(world, fields, field):
    with world.a.scope():
        job = make_upload()
        with pytest.raises(Invalid) as refused:
            map_and_check(job, **fields)
        assert field in [error.field for error in refused.value.errors]
        assert ImportJob.objects.get(id=job.id).status == JobStatus.UPLOADED


def test_a_worker_that_dies_repeats_one_slice_and_loses_nothing(world, monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 1)
    with world.a.scope():
        job = map_and_check(make_upload())
        job = services.start_import(actor=world.a.actor(Role.OWNER), job_id=job.id)
        assert services.write_slice(job.id, job.generation)
        ImportJob.objects.filter(id=job.id).update(offset=0)
        while services.write_slice(job.id, job.generation):
            pass
        job.refresh_from_db()
        assert (job.new, job.unchanged, job.status) == (2, 1, JobStatus.DONE)


def test_work_for_an_older_mapping_stops_by_itself(world):
    with world.a.scope():
        job = map_and_check(make_upload())
        assert not services.check_slice(job.id, job.generation - 1)
        assert not services.write_slice(job.id, job.generation)


def test_a_start_needs_a_checked_file_with_good_rows(world):
    actor = world.a.actor(Role.OWNER)
    with world.a.scope():
        with pytest.raises(Conflict):
            services.start_import(actor=actor, job_id=make_upload().id)
        bad = map_and_check(make_upload(HEAD + b"x,y,1,2\n"))
        with pytest.raises(Conflict):
            services.start_import(actor=actor, job_id=bad.id)
        assert not Source.objects.exists()


def test_permission_scope_evidence_and_messages(world):
    with world.a.scope():
        with pytest.raises(Forbidden):
            services.upload_file(
                actor=world.a.actor(Role.VIEWER), filename="x.csv", pieces=[SIMPLE]
            )
        job = make_import()
        actions = TrailEvent.objects.filter(object_id=job.id).values_list("action", flat=True)
        assert set(actions) == {"import.uploaded", "import.started", "import.finished"}
        topics = OutboxMessage.objects.filter(key=f"import:{job.id}").order_by("id")
        assert [m.topic for m in topics] == ["imports.check", "imports.write"]
    with world.b.scope():
        with pytest.raises(NotFound):
            services.start_import(actor=world.b.actor(Role.OWNER), job_id=job.id)
        assert not ImportChunk.objects.exists()


def test_a_deleted_file_keeps_its_figures(world):
    with world.a.scope():
        job = make_import()
        services.delete_file(actor=world.a.actor(Role.OWNER), job_id=job.id)
        assert not ImportChunk.objects.exists()
        job.refresh_from_db()
        assert (job.new, job.rows) == (2, 2)
        with pytest.raises(Conflict):
            list(selectors.refused_rows(job))


def test_rows_may_say_which_run_their_call_belongs_to(world):
    data = (
        b"time,id,input_tokens,run_id,agent,retry,outcome,user_text_tokens\n"
        b"2026-11-01T10:00:00Z,c1,100,r1,planner,no,Success,40\n"
        b"2026-11-01T10:00:01Z,c2,100,r1,,yes,,\n"
        b"2026-11-01T10:00:02Z,c3,100,,planner,,,\n"
        b"2026-11-01T10:00:03Z,c4,100,r1,,maybe,,\n"
    )
    columns = guess(data.split(b"\n")[0].decode().split(","))
    assert columns["agent"] == "run.agent"
    with world.a.scope():
        job = make_import(data, columns=columns)
        assert (job.accepted, job.refused) == (3, 1)
        run = UsageRun.objects.get()
        assert (run.run_id, run.calls, run.retries, run.user_text) == ("r1", 2, 1, 40)


def test_run_columns_need_the_runs_id_and_single_calls():
    columns = {**COLUMNS, "agent": "run.agent"}
    header = [*columns]
    with pytest.raises(Invalid, match="needs the run's id"):
        check(Mapping(columns=columns, constants=CONSTANTS), header)
    with pytest.raises(Invalid, match="belong to no run"):
        check(Mapping(columns=columns, constants=CONSTANTS, granularity="hour"), header)


def test_a_big_file_may_take_its_time_and_only_its_own_transaction(world):
    def limit():
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_timeout")
            return cursor.fetchone()[0]

    with world.a.scope():
        before = limit()
        with transaction.atomic():
            make_upload()
            assert limit() == "15min"
            transaction.set_rollback(True)
        assert limit() == before


def test_rows_of_a_pruned_month_are_refused_in_the_file_and_never_lost(world):
    """The ledger takes no record of a month whose single records are gone: the check says so."""
    actor = world.a.actor(Role.CFO)
    data = (
        b"time,key,input,output\n2025-12-31T23:30:00Z,bot,1,1\n"
        b"2026-01-05T10:00:00Z,bot,100,10\n2026-11-01T10:00:00Z,bot,200,20\n"
    )
    with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC), tick=False):
        with world.a.scope():
            job = map_and_check(make_upload(data))
            january = date(2026, 1, 1)
            settling = ledger.settle_period(actor=actor, month=january, version=0)
            ledger.close_period(
                actor=actor, month=january, version=settling.version, note="Books done"
            )
            ledger.set_retention(actor=actor, months=6, version=0)
        ledger.prune(organization_id=world.a.id)
        with world.a.scope():
            with pytest.raises(Conflict) as refused:
                write(job)
            assert refused.value.code == "check_outdated"
            job = map_and_check(job)
            assert (job.accepted, job.refused) == (2, 1)
            (row,) = selectors.refused_rows(job)
            assert row[:4] == ["2026-01-05T10:00:00Z", "bot", "100", "10"]
            assert row[4:6] == ["3", "time"]
            assert row[6].startswith("The single records of January 2026 were removed")
            job = write(job)
            assert (job.new, job.refused, job.status) == (2, 1, "done")
