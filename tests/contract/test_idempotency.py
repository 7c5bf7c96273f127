"""Which calls are the same call, where bodies are not plain JSON."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import encode_multipart

from apps.connectors.imports.models import ImportJob
from apps.ledger.models import IngestBatch

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "one"}


def upload(client, world, text: bytes, boundary: str):
    body = encode_multipart(boundary, {"file": SimpleUploadedFile("usage.csv", text, "text/csv")})
    return client.generic(
        "POST",
        "/api/v1/imports/",
        body,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={**world.a.key_headers, **KEY},
    )


def test_a_form_is_the_same_call_whatever_its_boundary(world, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024  # files do not count
    table = b"time,input\n" + b"2026-11-01T10:00:00Z,100\n" * 200
    first = upload(client, world, table, "one-boundary")
    again = upload(client, world, table, "another-boundary")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    other = upload(client, world, table + b"2026-11-01T11:00:00Z,100\n", "one-boundary")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    with world.a.scope():
        assert ImportJob.objects.get().size == len(table)


def test_a_chunked_body_is_not_taken_for_another_one(world, client):
    answer = client.generic(
        "POST",
        "/api/v1/usage/records",
        b"",
        content_type="application/json",
        headers={**world.a.key_headers, **KEY, "Transfer-Encoding": "chunked"},
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert "leave out Idempotency-Key" in answer.json()["fix"]
    with world.a.scope():
        assert not IngestBatch.objects.exists()


def test_a_body_over_the_limit_says_so(world, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post(
        "/api/v1/units/",
        {"name": "x" * 200},
        content_type="application/json",
        headers={**world.a.key_headers, **KEY},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
