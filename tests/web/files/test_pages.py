"""Pages of sources that read files."""

import pytest

from apps.access.roles import Role
from apps.connectors.files.models import FileLocation, SourceFile
from apps.connectors.models import PullRun, Source
from tests.factories.buckets import ACCESS_KEY, REGION, SECRET, FakeBucket, serving
from tests.factories.files import connect, in_bucket, read
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import TOKENS

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket():
    load_prices()
    with serving(FakeBucket()) as found:
        found.put("exports/focus.csv", TOKENS)
        found.put("exports/odd.csv", b"when,what\n2026-11-01,5\n")
        yield found


def form(fake, **fields):
    return {
        "name": "Azure costs", "place": "bucket", "content": "auto", "schedule_minutes": 60,
        "endpoint": fake.url, "bucket": fake.name, "region": REGION, "path_prefix": "exports/",
        "access_key": ACCESS_KEY, "secret": SECRET, "history_from": "2026-08-01", **fields,
    }  # fmt: skip


def test_a_bucket_is_connected_read_and_explained(world, bucket, time_machine_at):
    browser = world.a.client(Role.OWNER)
    page = browser.get(world.a.url("files:new")).content.decode()
    assert "No folder of this server may be read yet." in page
    answer = browser.post(world.a.url("files:new"), form(bucket), follow=True)
    assert "is connected and looks for files now" in answer.content.decode()
    with world.a.scope():
        source = Source.objects.get()
    run = read(world.a, source)
    page = browser.get(world.a.url("connectors:run", run.id)).content.decode()
    assert "Files listed" in page
    assert "Imports of this run" in page
    assert "odd.csv: The header belongs to no export that is known." in page
    page = browser.get(world.a.url("files:list", source.id)).content.decode()
    assert "focus.csv" in page
    assert "Could not be read" in page
    page = browser.get(world.a.url("connectors:detail", source.id)).content.decode()
    assert "Bucket exports, below exports/" in page
    assert "has read its files" in page
    assert SECRET not in page
    lines = browser.get(world.a.url("files:list", source.id) + "?format=csv")
    assert b"focus.csv" in b"".join(lines.streaming_content)


def test_a_wrong_place_comes_back_with_what_was_typed(world, bucket):
    browser = world.a.client(Role.OWNER)
    wrong = form(bucket, endpoint="http://10.0.0.1", bucket="No/Name")
    answer = browser.post(world.a.url("files:new"), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This is not the name of a bucket." in page
    assert 'value="Azure costs"' in page
    assert SECRET not in page
    with world.a.scope():
        assert not Source.objects.exists()


def test_settings_are_changed_and_all_files_read_again(world, bucket, time_machine_at):
    browser = world.a.client(Role.OWNER)
    with world.a.scope():
        source = connect(in_bucket(bucket, prefix="exports/"))
    read(world.a, source)
    with world.a.scope():
        source.refresh_from_db()
    edit = world.a.url("files:edit", source.id)
    assert 'value="exports/"' in browser.get(edit).content.decode()
    changed = form(bucket, name="Costs", version=source.version, secret="")
    assert "Saved." in browser.post(edit, changed, follow=True).content.decode()
    assert browser.post(edit, changed).status_code == 409
    again = world.a.url("files:again", source.id)
    assert "reads every file" in browser.get(again).content.decode()
    browser.post(again)
    with world.a.scope():
        assert set(SourceFile.objects.values_list("state", flat=True)) == {"waiting"}
        assert FileLocation.objects.get().prefix == "exports/"
    days = browser.post(world.a.url("connectors:read_again", source.id), {"from_day": "2026-11-01"})
    assert days.status_code == 409


def test_who_may_not_stays_outside(world, bucket):
    with world.a.scope():
        source = connect(in_bucket(bucket))
    viewer = world.a.client(Role.VIEWER)
    assert viewer.get(world.a.url("files:new")).status_code == 403
    assert viewer.post(world.a.url("files:again", source.id)).status_code == 403
    mallory = world.b.client()
    for name in ("list", "edit", "again"):
        assert mallory.get(world.b.url(f"files:{name}", source.id)).status_code == 404
    with world.a.scope():
        assert not PullRun.objects.exists()
