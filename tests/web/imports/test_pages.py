"""The import's pages: upload, columns, check, start, result."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.connectors.imports import services
from apps.connectors.imports.models import ImportJob, SavedMapping
from tests.factories.imports import SIMPLE, make_import, make_upload, map_and_check
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import TOKENS, check

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(world):
    load_prices()
    return world.a.client(Role.TOKENOPS_LEAD)


def run(job, step):
    job.refresh_from_db()
    while step(job.id, job.generation):
        pass


def test_a_file_goes_through_all_pages(world, browser):
    file = SimpleUploadedFile("usage.csv", SIMPLE, "text/csv")
    answer = browser.post(world.a.url("imports:new"), {"file": file}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Columns of usage.csv" in page
    with world.a.scope():
        job = ImportJob.objects.get()
    data = {
        "col_0": "occurred_at",
        "col_1": "api_key",
        "col_2": "input_total",
        "col_3": "output",
        "provider": "openai",
        "model": "gpt-5",
        "granularity": "event",
        "timezone": "UTC",
        "cost_unit": "units",
        "currency": "USD",
        "source_name": "CSV files",
        "key_columns": ["time", "key"],
    }
    answer = browser.post(world.a.url("imports:mapping", job.id), data, follow=True)
    assert 'hx-trigger="every 2s"' in answer.content.decode()
    with world.a.scope():
        run(job, services.check_slice)
    detail = world.a.url("imports:detail", job.id)
    page = browser.get(detail).content.decode()
    assert "Import 2 rows" in page
    assert "330" in page
    assert "hx-trigger" not in page
    browser.post(world.a.url("imports:start", job.id))
    with world.a.scope():
        run(job, services.write_slice)
    part = browser.get(detail, headers={"HX-Request": "true", "HX-Target": "import-state"})
    assert "2 new, 0 changed" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "usage.csv" in browser.get(world.a.url("imports:list")).content.decode()


def test_an_unreadable_file_comes_back_with_the_reason(world, browser):
    for data, words in ((b"", "empty"), ("time\n".encode("utf-16"), "UTF-16")):
        file = SimpleUploadedFile("x.csv", data, "text/csv")
        answer = browser.post(world.a.url("imports:new"), {"file": file})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    with world.a.scope():
        assert not ImportJob.objects.exists()


def test_a_wrong_mapping_comes_back_with_what_was_typed(world, browser):
    with world.a.scope():
        job = make_upload()
    answer = browser.post(
        world.a.url("imports:mapping", job.id),
        {
            "col_2": "input_total",
            "granularity": "event",
            "timezone": "UTC",
            "cost_unit": "units",
            "currency": "USD",
            "source_name": "Mine",
        },
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "No column is mapped to the time." in page
    assert "The provider is missing." in page
    assert 'value="Mine"' in page


def test_refused_rows_download_with_reasons(world, browser):
    with world.a.scope():
        job = map_and_check(make_upload(SIMPLE + b"never,bot,1,1\n"))
    answer = browser.get(world.a.url("imports:refused", job.id))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == (
        "time,key,input,output,tokenops_row,tokenops_field,tokenops_reason,tokenops_fix,"
        "tokenops_import"
    )
    assert lines[1].startswith("never,bot,1,1,4,time,The time is not an ISO 8601 instant.")
    assert len(lines) == 2


def test_a_start_that_cannot_be_is_a_conflict(world, browser):
    with world.a.scope():
        job = make_upload()
    assert browser.post(world.a.url("imports:start", job.id)).status_code == 409
    assert browser.get(world.a.url("imports:start", job.id)).status_code == 405


def test_other_organizations_and_roles_stay_outside(world, browser):
    with world.a.scope():
        job = make_import()
    mallory = world.b.client()
    for name in ("detail", "mapping", "refused", "delete"):
        assert mallory.get(world.b.url(f"imports:{name}", job.id)).status_code == 404
        assert mallory.get(world.a.url(f"imports:{name}", job.id)).status_code == 404
    assert mallory.post(world.b.url("imports:start", job.id)).status_code == 404
    viewer = world.a.client(Role.VIEWER)
    assert viewer.get(world.a.url("imports:detail", job.id)).status_code == 403


def test_a_file_is_deleted_and_the_figures_stay(world, browser):
    with world.a.scope():
        job = make_import()
    answer = browser.post(world.a.url("imports:delete", job.id), follow=True)
    assert answer.status_code == 200
    page = browser.get(world.a.url("imports:detail", job.id)).content.decode()
    assert "2 new" in page
    assert "Import again" not in page


def test_a_known_export_is_recognised_and_its_bill_is_explained(world, browser):
    file = SimpleUploadedFile("focus.csv", TOKENS, "text/csv")
    page = browser.post(world.a.url("imports:new"), {"file": file}, follow=True).content.decode()
    assert "Recognised: FOCUS cost and usage" in page
    assert "Each row is one charge of a bill." in page
    with world.a.scope():
        job = check(ImportJob.objects.get())
    page = browser.get(world.a.url("imports:detail", job.id)).content.decode()
    assert "7 rows stay on the bill" in page
    assert "Corrections of earlier bills" in page
    assert "Import 14 rows" in page
    assert "$3.86" in page
    turned = browser.get(world.a.url("imports:mapping", job.id) + "?kind=usage").content.decode()
    assert "Token counts are in columns of their own." in turned


def test_a_mapping_is_saved_used_changed_and_deleted(world, browser):
    with world.a.scope():
        job = map_and_check(make_upload())
        fresh = make_upload(SIMPLE.replace(b"key", b"who"))
    keep = world.a.url("imports:mapping_keep", job.id)
    page = browser.post(keep, {"name": "Gateway"}, follow=True).content.decode()
    assert "Gateway is saved." in page
    assert "Usage: tokens in columns" in page
    assert browser.post(keep, {"name": "Gateway"}).status_code == 409
    with world.a.scope():
        saved = SavedMapping.objects.get()
    use = world.a.url("imports:mapping_use", fresh.id)
    assert browser.post(use, {"saved": str(saved.id)}).status_code == 422
    assert browser.post(use, {"saved": "x"}).status_code == 422
    assert browser.post(use, {"saved": str(fresh.id)}).status_code == 404
    edit = world.a.url("imports:mapping_edit", saved.id)
    page = browser.get(edit).content.decode()
    assert "Edit Gateway" in page
    data = {
        "name": "Gateway 2", "version": 1, "source_name": "Gateway", "provider": "openai",
        "model": "gpt-5", "granularity": "event", "timezone": "UTC", "cost_unit": "units",
        "currency": "USD", "col_0": "occurred_at", "col_1": "api_key", "col_2": "input_total",
        "col_3": "output",
    }  # fmt: skip
    assert "Gateway 2" in browser.post(edit, data, follow=True).content.decode()
    delete = world.a.url("imports:mapping_delete", saved.id)
    assert "no longer suggested" in browser.get(delete).content.decode()
    assert "The mapping is deleted." in browser.post(delete, follow=True).content.decode()
    with world.a.scope():
        assert not SavedMapping.objects.exists()
