"""CSV imports through the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.connectors.imports import services
from apps.connectors.imports.models import ImportJob
from tests.factories.imports import COLUMNS, SIMPLE, make_import
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
URL = "/api/v1/imports/"
MAPPING = {"columns": COLUMNS, "constants": {"provider": "openai", "model": "gpt-5"}}


def finish(world, step):
    with world.a.scope():
        job = ImportJob.objects.get()
        while step(job.id, job.generation):
            pass


def test_a_file_goes_in_by_the_api(world, client):
    load_prices()
    headers = world.a.key_headers
    file = SimpleUploadedFile("usage.csv", SIMPLE + b"never,bot,1,1\n", "text/csv")
    created = client.post(URL, {"file": file}, headers=headers)
    assert created.status_code == 201
    assert created.json()["mapping"]["columns"]["time"] == "occurred_at"
    job_url = f"{URL}{created.json()['id']}/"
    early = client.post(f"{job_url}start/", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "import_not_ready")
    mapped = client.post(
        f"{job_url}mapping/",
        {"mapping": MAPPING, "source_name": "Gateway export"},
        content_type="application/json",
        headers=headers,
    )
    assert (mapped.status_code, mapped.json()["status"]) == (202, "checking")
    finish(world, services.check_slice)
    found = client.get(job_url, headers=headers).json()
    assert (found["status"], found["accepted"], found["refused"]) == ("checked", 2, 1)
    assert found["cost"]["currency"] == "USD"
    refused = client.get(f"{job_url}refused/", headers=headers)
    assert b"never,bot,1,1,4,time" in b"".join(refused.streaming_content)
    assert client.post(f"{job_url}start/", headers=headers).status_code == 202
    finish(world, services.write_slice)
    found = client.get(job_url, headers=headers).json()
    assert (found["status"], found["new"], found["source_name"]) == ("done", 2, "Gateway export")
    assert client.delete(job_url, headers=headers).status_code == 204
    assert client.get(job_url, headers=headers).json()["file_deleted_at"]


def test_problems_name_the_field(world, client):
    headers = world.a.key_headers
    answer = client.post(URL, {"file": SimpleUploadedFile("x.csv", b"")}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "file"
    missing = client.post(URL, {}, headers=headers)
    assert missing.status_code == 422


def test_another_organizations_import_does_not_exist(world, client):
    load_prices()
    with world.a.scope():
        job = make_import()
    headers = world.b.key_headers
    assert client.get(f"{URL}{job.id}/", headers=headers).status_code == 404
    assert client.post(f"{URL}{job.id}/start/", headers=headers).status_code == 404
    assert client.delete(f"{URL}{job.id}/", headers=headers).status_code == 404
    assert client.get(URL, headers=headers).json()["results"] == []


def test_saved_mappings_have_the_api_that_pages_have(world, client):
    load_prices()
    headers = world.a.key_headers
    url = f"{URL}mappings/"
    body = {"name": "Gateway", "mapping": MAPPING, "source_name": "Gateway export"}
    made = client.post(url, body, content_type="application/json", headers=headers)
    assert made.status_code == 201
    one = f"{url}{made.json()['id']}/"
    again = client.post(url, body, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    file = SimpleUploadedFile("usage.csv", SIMPLE, "text/csv")
    job = client.post(URL, {"file": file}, headers=headers).json()
    assert job["source_name"] == "Gateway export"
    use = client.post(
        f"{URL}{job['id']}/use/",
        {"saved": made.json()["id"]},
        content_type="application/json",
        headers=headers,
    )
    assert (use.status_code, use.json()["mapping"]["columns"]) == (200, COLUMNS)
    change = {**body, "name": "Gateway 2", "version": 1}
    put = client.put(one, change, content_type="application/json", headers=headers)
    assert (put.status_code, put.json()["version"]) == (200, 2)
    stale = client.put(one, change, content_type="application/json", headers=headers)
    assert stale.status_code == 409
    assert [m["name"] for m in client.get(url, headers=headers).json()["results"]] == ["Gateway 2"]
    assert client.get(one, headers=world.b.key_headers).status_code == 404
    assert client.delete(one, headers=headers).status_code == 204
    assert client.get(one, headers=headers).status_code == 404
