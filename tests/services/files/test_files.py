"""Places of files: what is new is read once, what changed restates, what is gone leaves."""

import gzip
import json
from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.connectors.enums import RunKind, RunStatus, SourceStatus
from apps.connectors.files import selectors, services
from apps.connectors.files.models import FileRun, SourceFile
from apps.connectors.imports import passes
from apps.connectors.imports.models import ImportChunk, ImportJob
from apps.connectors.models import PullRun, Source
from apps.connectors.selectors import comparison_days
from apps.connectors.services.roles import change_role
from apps.trail.models import TrailEvent
from tests.factories.buckets import FakeBucket, serving
from tests.factories.files import connect, finish_imports, in_bucket, read
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import TOKENS, billed, ledger, parquet
from tests.services.imports.test_presets import FAILED, invocation

pytestmark = pytest.mark.django_db
LOGS = "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/2026/11/03/10/"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD, *ROWS = TOKENS.splitlines(keepends=True)


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def bucket():
    with serving(FakeBucket()) as found:
        yield found


def states(source):
    return dict(SourceFile.objects.filter(source=source).values_list("key", "state"))


def figures(run):
    found = FileRun.objects.get(run=run)
    return found.listed, found.fresh, found.changed, found.taken


def test_invocation_logs_of_a_bucket_are_read_once_across_pages(world, bucket):
    bucket.page = 3
    for number in range(7):
        lines = [invocation(number * 2), invocation(number * 2 + 1), invocation(99, **FAILED)]
        bucket.put(f"{LOGS}{number}.json.gz", gzip.compress(b"\n".join(lines)))
    bucket.put(f"{LOGS}data/1f0c_input.json.gz", gzip.compress(b'{"messages": "canary"}'))
    bucket.put("AWSLogs/amazon-bedrock-logs-permission-check", b"")
    with world.a.scope():
        source = connect(in_bucket(bucket))
    run = read(world.a, source)
    with world.a.scope():
        assert run.status == RunStatus.SUCCEEDED
        assert figures(run) == (7, 7, 0, 7)
        assert (run.rows_read, run.rows_new, run.rows_refused) == (14, 14, 0)
        assert ledger().tokens.total == 14 * (812 + 95_500 + 40 + 236)
        assert set(states(source).values()) == {"read"}
        assert ImportJob.objects.count() == 1
        assert not ImportChunk.objects.exists()
    assert bucket.listings == 3
    assert len(bucket.reads) == 7
    again = read(world.a, source)
    with world.a.scope():
        assert figures(again) == (7, 0, 0, 0)
        assert ImportJob.objects.count() == 1
    assert len(bucket.reads) == 7


def test_a_changed_object_is_read_again_and_only_the_difference_written(world, bucket):
    bucket.put(f"{LOGS}a.json", invocation(1) + b"\n" + invocation(2))
    bucket.put(f"{LOGS}b.json", invocation(3))
    with world.a.scope():
        source = connect(in_bucket(bucket))
    read(world.a, source)
    bucket.put(
        f"{LOGS}a.json", invocation(1) + b"\n" + invocation(2, output={"outputTokenCount": 9})
    )
    run = read(world.a, source)
    with world.a.scope():
        assert figures(run) == (2, 0, 1, 1)
        assert (run.rows_new, run.rows_changed, run.rows_unchanged) == (0, 1, 1)
        assert bucket.reads.count(f"{LOGS}a.json") == 2
        assert bucket.reads.count(f"{LOGS}b.json") == 1


def test_a_month_in_parts_is_one_bill_that_later_deliveries_replace(world, bucket, monkeypatch):
    """Azure: each run of the export in a folder of its own, its manifest last."""
    monkeypatch.setattr(passes, "SLICE_ROWS", 4)
    month = "costs/daily/20261101-20261130/"
    early, late = datetime(2026, 11, 20, 6, tzinfo=UTC), datetime(2026, 11, 22, 11, tzinfo=UTC)
    bucket.put(f"{month}run1/part_0_0001.csv", HEAD + b"".join(ROWS[:7]), early)
    bucket.put(f"{month}run1/part_1_0001.csv", HEAD + b"".join(ROWS[7:]), early)
    bucket.put(f"{month}run1/manifest.json", b"{}", early)
    with world.a.scope():
        source = connect(in_bucket(bucket, prefix="costs/"))
    run = read(world.a, source)
    with world.a.scope():
        assert (run.rows_new, run.cost_rows) == (7, 7)
        assert (ledger().cost_nanos, billed()) == (3_863_000_000, 515_933_000_000)
    changed = [ROWS[0], *ROWS[2:6], ROWS[9].replace(b"12.00", b"13.00")]
    bucket.put(f"{month}run2/part_0_0001.csv", HEAD + b"".join(changed), late)
    run = read(world.a, source)
    with world.a.scope():
        assert run.rows_read == 0, "without its manifest a delivery is not whole"
    bucket.put(f"{month}run2/manifest.json", json.dumps({"blobCount": 1}).encode(), late)
    run = read(world.a, source)
    with world.a.scope():
        assert (run.rows_new, run.rows_changed, run.rows_unchanged) == (0, 0, 5)
        assert run.rows_withdrawn == 2 + 6
        assert ledger().cost_nanos == 3_863_000_000 - 50_000_000
        assert billed() == 13_000_000_000 + 3_813_000_000
    settled = read(world.a, source)
    with world.a.scope():
        assert settled.rows_read == 0
        assert ImportJob.objects.count() == 2


def test_a_period_of_parquet_parts_overwritten_in_place(world, bucket):
    """AWS Data Exports: the parts of a billing period are replaced."""
    base = "focus/data/BILLING_PERIOD=2026-11/focus-"
    bucket.put(f"{base}00001.snappy.parquet", parquet(HEAD + b"".join(ROWS[:7])))
    bucket.put(f"{base}00002.snappy.parquet", parquet(HEAD + b"".join(ROWS[7:])))
    with world.a.scope():
        source = connect(in_bucket(bucket, content="focus"))
    run = read(world.a, source)
    with world.a.scope():
        assert (run.rows_new, run.cost_rows) == (7, 7)
        total = ledger().cost_nanos + billed()
    bucket.put(f"{base}00001.snappy.parquet", parquet(TOKENS))
    del bucket.objects[f"{base}00002.snappy.parquet"]
    run = read(world.a, source)
    with world.a.scope():
        assert (run.rows_new, run.rows_unchanged, run.cost_rows, run.rows_withdrawn) == (0, 7, 0, 0)
        assert ledger().cost_nanos + billed() == total


def test_only_the_bill_when_another_source_counts_the_usage(world, bucket):
    bucket.put("focus.csv.gz", gzip.compress(TOKENS))
    with world.a.scope():
        source = connect(in_bucket(bucket, bill_only=True))
    run = read(world.a, source)
    with world.a.scope():
        assert (run.rows_new, run.cost_rows) == (0, 14)
        assert not ledger().cost_nanos
        assert billed() == 515_933_000_000


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(world, bucket):
    bucket.put("a.csv", b"when,what\n2026-11-01,5\n")
    bucket.put("b.parquet", b"PAR1 no")
    bucket.put("c.csv", TOKENS)
    bucket.put("notes.pdf", b"%PDF")
    with world.a.scope():
        source = connect(in_bucket(bucket))
    run = read(world.a, source)
    with world.a.scope():
        assert run.status == RunStatus.SUCCEEDED
        assert states(source) == {"a.csv": "failed", "b.parquet": "failed", "c.csv": "read"}
        assert "belongs to no export" in SourceFile.objects.get(key="a.csv").error
        found = FileRun.objects.get(run=run)
        assert (found.failed, found.ignored, len(run.notes)) == (2, 1, 2)
        actor = world.a.actor(Role.OWNER)
        assert services.read_files_again(actor=actor, source_id=source.id) == 3
    assert len(bucket.reads) == 3
    read(world.a, source)
    assert len(bucket.reads) == 6


def test_an_object_that_changes_between_listing_and_reading_waits(world, bucket, monkeypatch):
    bucket.put("c.csv", TOKENS)
    with world.a.scope():
        source = connect(in_bucket(bucket))
    listed = bucket.listing

    def then_change(*args):
        answer = listed(*args)
        bucket.put("c.csv", TOKENS + ROWS[0])
        return answer

    monkeypatch.setattr(bucket, "listing", then_change)
    run = read(world.a, source)
    with world.a.scope():
        assert "changed while it was read" in run.notes[0]
    monkeypatch.setattr(bucket, "listing", listed)
    assert read(world.a, source).rows_new == 8


def test_trouble_is_tried_again_then_told_and_a_wrong_key_stops_the_source(world, bucket):
    bucket.put("c.csv", TOKENS)
    bucket.fail["c.csv"] = [503, 503]
    with world.a.scope():
        source = connect(in_bucket(bucket))
        wrong = connect(in_bucket(bucket, secret="another-secret"), name="Wrong")
        missing = connect(in_bucket(bucket, bucket="nowhere"), name="Missing")
    assert read(world.a, source).rows_new == 7
    for broken, code in ((wrong, "credential_refused"), (missing, "not_found")):
        run = read(world.a, broken)
        assert (run.status, run.error_code) == (RunStatus.FAILED, code)
        assert "another-secret" not in run.error
    with world.a.scope():
        wrong.refresh_from_db()
        missing.refresh_from_db()
        assert (wrong.status, missing.status) == (SourceStatus.BLOCKED, SourceStatus.ACTIVE)
        assert missing.failures == 1


def test_a_connection_test_reads_one_page_and_no_file(world, bucket):
    bucket.put("c.csv", TOKENS)
    with world.a.scope():
        source = connect(in_bucket(bucket))
    run = read(world.a, source, check_only=True)
    with world.a.scope():
        assert (run.kind, run.status) == (RunKind.CHECK, RunStatus.SUCCEEDED)
        assert not SourceFile.objects.exists()
    assert bucket.reads == []


@pytest.fixture
def folder(world, tmp_path, settings):
    settings.IMPORT_FOLDERS = [str(tmp_path)]
    mine = tmp_path / world.a.organization.slug / "exports"
    mine.mkdir(parents=True)
    return mine


def test_a_folder_is_read_and_links_out_of_it_are_not_followed(world, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "other.csv").write_bytes(TOKENS)
    (folder / "deep").mkdir()
    (folder / "deep" / "focus.csv").write_bytes(TOKENS)
    (folder / "link.csv").symlink_to(secret / "other.csv")
    (folder / "links").symlink_to(secret)
    with world.a.scope():
        source = connect(services.Where(place="folder", folder="/exports/"))
    run = read(world.a, source)
    with world.a.scope():
        assert states(source) == {"deep/focus.csv": "read"}
        assert run.rows_new == 7
    (folder / "deep" / "focus.csv").write_bytes(HEAD + ROWS[0])
    run = read(world.a, source)
    with world.a.scope():
        assert (run.rows_unchanged, run.rows_withdrawn) == (1, 13)


def test_a_folder_outside_the_listed_ones_is_refused(world, folder, tmp_path, settings):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / world.a.organization.slug / "out").symlink_to(tmp_path / "elsewhere")
    with world.a.scope():
        for wrong in ("../elsewhere", "exports/../../elsewhere"):
            with pytest.raises(Invalid) as refused:
                connect(services.Where(place="folder", folder=wrong), name=wrong)
            assert refused.value.errors[0].field == "folder"
        source = connect(services.Where(place="folder", folder="out"), name="Out")
        settings.IMPORT_FOLDERS = []
        with pytest.raises(Invalid):
            connect(services.Where(place="folder", folder="exports"), name="None")
        assert Source.objects.count() == 1
        settings.IMPORT_FOLDERS = [str(tmp_path)]
    run = read(world.a, source)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "no_folder")


def test_another_organization_reads_only_its_own_folder(world, folder):
    (folder / "focus.csv").write_bytes(TOKENS)
    with world.b.scope():
        source = connect(services.Where(place="folder", folder="exports"))
    assert read(world.b, source).error_code == "no_folder"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"bucket": "No/Bucket"}, "bucket"),
        ({"endpoint": "http://10.0.0.1"}, "endpoint"),
        ({"endpoint": "https://169.254.169.254"}, "endpoint"),
        ({"access_key": ""}, "access_key"),
        ({"secret": ""}, "secret"),
        ({"region": "Mars!"}, "region"),
        ({"content": "poems"}, "content"),
        ({"content": "saved"}, "saved"),
        ({"place": "tape"}, "place"),
    ],
)
def test_a_wrong_place_is_refused_by_field(world, bucket, fields, field):
    with world.a.scope():
        with pytest.raises(Invalid) as refused:
            connect(in_bucket(bucket, **fields))
        assert field in [error.field for error in refused.value.errors]
        assert not Source.objects.exists()


def test_settings_change_by_version_and_leave_evidence_without_the_secret(world, bucket):
    actor = world.a.actor(Role.OWNER)
    with world.a.scope():
        source = connect(in_bucket(bucket))
        values = {"actor": actor, "source_id": source.id, "schedule_minutes": 360}
        where = in_bucket(bucket, prefix="new/", secret="")
        changed = services.change_files(**values, version=1, name="Costs", where=where)
        assert (changed.name, changed.version, changed.schedule_minutes) == ("Costs", 2, 360)
        assert selectors.location_of(actor, source.id).prefix == "new/"
        with pytest.raises(Conflict):
            services.change_files(**values, version=1, name="Costs", where=where)
        viewer = world.a.actor(Role.VIEWER)
        with pytest.raises(Forbidden):
            services.change_files(**{**values, "actor": viewer}, version=2, name="x", where=where)
        with pytest.raises(Forbidden):
            services.connect_files(actor=viewer, name="Mine", where=where)
        trail = TrailEvent.objects.filter(object_id=source.id)
        assert [event.action for event in trail.order_by("id")] == [
            "source.added",
            "source.changed",
        ]
        assert "EXAMPLEKEY" not in json.dumps([event.after for event in trail])
    with world.b.scope(), pytest.raises(NotFound):
        selectors.location_of(world.b.actor(Role.OWNER), source.id)


def test_a_run_that_dies_took_whole_files_or_none(world, bucket, monkeypatch):
    bucket.put("a.csv", TOKENS)
    with world.a.scope():
        source = connect(in_bucket(bucket))
        real = services.reading.known.mark

        def die(*args, **kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr(services.reading.known, "mark", die)
    with pytest.raises(KeyboardInterrupt):
        read(world.a, source)
    with world.a.scope():
        assert not ImportJob.objects.exists()
        monkeypatch.setattr(services.reading.known, "mark", real)
        Source.objects.filter(id=source.id).update(lease_until=None, lease_run=None)
    assert read(world.a, source).rows_new == 7
    with world.a.scope():
        assert PullRun.objects.filter(status=RunStatus.LOST).count() == 1
        finish_imports()
        assert ledger().cost_nanos == 3_863_000_000


def test_files_that_are_compared_count_from_the_day_they_are_to(world, bucket):
    """Usage never reaches the ledger, lines of the bill stay; another role reads the files again
    and counts each call once."""
    bucket.put("export.json.gz", gzip.compress(b"\n".join(invocation(n) for n in range(3))))
    one = 812 + 95_500 + 40 + 236
    with world.a.scope():
        with pytest.raises(Invalid):
            connect(in_bucket(bucket), role="both")
        source = connect(in_bucket(bucket), role="comparison")
    run = read(world.a, source)
    with world.a.scope():
        assert run.rows_new == 3
        assert ledger().tokens.total == 0
        days = comparison_days(date(2026, 1, 1), NOW.date())
        assert sum(day.counts.total for day in days) == 3 * one
        source.refresh_from_db()
        change_role(
            actor=world.a.actor(Role.ADMIN), source_id=source.id, version=source.version,
            role="record", since=date(2026, 1, 1), reason="Nobody else counts it.",
        )  # fmt: skip
        assert comparison_days(date(2026, 1, 1), NOW.date()) == []
        assert services.read_files_again(actor=world.a.actor(Role.ADMIN), source_id=source.id) == 1
    read(world.a, source)
    with world.a.scope():
        assert ledger().tokens.total == 3 * one
