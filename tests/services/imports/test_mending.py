"""Refused rows: downloaded, mended, imported beside the accepted ones, and never twice."""

import csv
import gzip
import io
from datetime import date
from uuid import uuid4

import numpy as np
import pytest

from apps.access.roles import Role
from apps.common.errors import Invalid
from apps.common.web import csvout
from apps.connectors.imports import passes, selectors, services
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules import mending
from apps.connectors.models import Source
from apps.ledger.query import Query, run
from tests.factories.imports import make_upload, map_and_check, write
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import TOKENS, billed, check, ledger, parquet

pytestmark = pytest.mark.django_db
HEAD = b"time,key,input,output\n"
GOOD = [
    b"2026-11-01T10:00:00Z,bot,100,10\n",
    b"2026-11-01T10:00:00Z,bot,300,30\n",
    b"2026-11-01T10:00:00Z,bot,200,20\n",
    b"2026-11-01T11:00:00Z,=bot,5,5\n",
]


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()


def downloaded(job: ImportJob) -> bytes:
    return b"".join(csvout.encode(selectors.refused_header(job), selectors.refused_rows(job)))


def tokens() -> int:
    return run(Query(start=date(2026, 1, 1), end=date(2027, 1, 1))).total.tokens.total


def figures(job: ImportJob) -> tuple[int, int, int, int]:
    return job.new, job.changed, job.unchanged, job.bill_written


@pytest.mark.parametrize("slice_rows", [2, 20_000])
def test_mended_rows_go_in_beside_those_alike_and_never_twice(world, monkeypatch, slice_rows):
    monkeypatch.setattr(passes, "SLICE_ROWS", slice_rows)
    bad = [
        GOOD[0],
        GOOD[1].replace(b"300", b"3OO"),
        GOOD[2].replace(b"2026-11-01T10", b"yesterday"),
        GOOD[3].replace(b",5,5", b",-5,5"),
    ]
    with world.a.scope():
        job = write(map_and_check(make_upload(HEAD + b"".join(bad)), source_name="Console"))
        assert (job.new, job.refused) == (1, 3)
        refused = downloaded(job)
        mended = refused.replace(b"3OO", b"300").replace(b"yesterday", b"2026-11-01T10")
        mended = mended.replace(b",-5,5", b",5,5")
        for want in ((3, 0, 0, 0), (0, 0, 3, 0)):
            again = make_upload(mended, "usage-refused.csv")
            assert (again.mends, again.source_name) == (job.id, "Console")
            again = write(map_and_check(again, source_name="Another name"))
            assert figures(again) == want
            assert tokens() == 100 + 10 + 300 + 30 + 200 + 20 + 5 + 5
        whole = write(map_and_check(make_upload(HEAD + b"".join(GOOD)), source_name="Console"))
        assert (whole.new, tokens()) == (0, 670)
        assert Source.objects.count() == 1


def test_rows_that_are_still_wrong_come_back_and_are_mended_in_turn(world):
    bad = GOOD[0] + GOOD[1].replace(b"300", b"3OO") + GOOD[2].replace(b"200", b"2OO")
    with world.a.scope():
        first = write(map_and_check(make_upload(HEAD + bad)))
        half = downloaded(first).replace(b"3OO", b"300")
        second = write(map_and_check(make_upload(half)))
        assert (second.new, second.refused) == (1, 1)
        rest = downloaded(second)
        assert rest.split(b"\r\n")[0].count(b"tokenops_row") == 1
        third = write(map_and_check(make_upload(rest.replace(b"2OO", b"200"))))
        assert (third.new, third.changed, tokens()) == (1, 0, 660)


@pytest.mark.parametrize("packed", [bytes, gzip.compress, parquet])
def test_a_bill_of_any_kind_is_whole_once_its_refused_rows_are_mended(world, packed):
    broken = TOKENS.replace(b"3.00,3.00,3.00,3.00", b'"3,00",3.00,3.00,3.00', 1)
    broken = broken.replace(
        b"2026-11-03T11:00:00Z,Usage,Correction", b"2026-13-03T11:00:00Z,Usage,Correction", 1
    )
    with world.a.scope():
        job = write(check(make_upload(packed(broken), "focus")))
        assert (job.refused, figures(job)) == (2, (6, 0, 0, 6))
        refused = downloaded(job)
        assert b"'-0.0500" not in refused
        mended = refused.replace(b'"3,00"', b"3.00").replace(b"2026-13", b"2026-11")
        for want in ((1, 0, 0, 1), (0, 0, 1, 0)):
            assert figures(write(check(make_upload(mended)))) == want
            assert (ledger().cost_nanos, billed()) == (3_863_000_000, 515_933_000_000)
        assert figures(write(check(make_upload(packed(TOKENS), "focus")))) == (0, 0, 7, 0)
        assert (ledger().cost_nanos, billed()) == (3_863_000_000, 515_933_000_000)


def test_ids_of_the_files_own_are_the_keys_of_mended_rows_too(world):
    data = b"id,time,input\na,2026-11-01T10:00:00Z,1\na,2026-11-01T10:00:00Z,2\nb,never,3\n"
    columns = {"id": "event_id", "time": "occurred_at", "input": "input_total"}
    with world.a.scope():
        job = write(map_and_check(make_upload(data), columns=columns))
        assert (job.new, job.refused) == (1, 2)
        rows = list(csv.DictReader(io.StringIO(downloaded(job).decode("utf-8-sig"))))
        assert [row["tokenops_row"] for row in rows] == ["3", "4"]
        mended = downloaded(job).replace(b"\na,", b"\nc,").replace(b"never", b"2026-11-01T10:00Z")
        done = write(map_and_check(make_upload(mended), columns=columns))
        assert (done.new, done.changed, tokens()) == (2, 0, 6)


def test_refused_rows_of_an_import_that_is_gone_are_not_guessed(world):
    with world.a.scope():
        job = map_and_check(make_upload(HEAD + b"never,bot,1,1\n"))
        refused = downloaded(job)
        known = ImportJob.objects.count()
    others = refused.replace(str(job.id).encode(), str(uuid4()).encode())
    with world.a.scope():
        for data in (others, refused.replace(str(job.id).encode(), b"x")):
            with pytest.raises(Invalid, match="no longer kept"):
                make_upload(data)
        services.delete_file(actor=world.a.actor(Role.OWNER), job_id=job.id)
        with pytest.raises(Invalid, match="no longer kept"):
            make_upload(refused)
    with world.b.scope(), pytest.raises(Invalid, match="no longer kept"):
        make_upload(refused)
    with world.a.scope():
        assert ImportJob.objects.count() == known


def test_cells_come_back_as_they_were_and_identities_are_counted():
    assert [mending.restored(c) for c in ("'=1", "'@x", "'tis", "-5")] == ["=1", "@x", "'tis", "-5"]
    wanted = np.array([2, 5, 9], np.uint64)
    pieces = [np.array([5, 5, 7, 10], np.uint64), np.array([2, 1], np.uint64)]
    assert mending.counts(wanted, pieces).tolist() == [1, 2, 0]
