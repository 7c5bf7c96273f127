"""POST /api/v1/usage/records: durable before the answer, one verdict per record."""

import gzip
import json
from datetime import timedelta

import pytest
from django.db import connection

from apps.access.permissions import P
from apps.access.roles import Role
from apps.common import clock
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.ledger.models import IngestBatch, UsageRecord
from apps.ledger.services import fold
from tests.factories.organizations import make_api_key
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
URL = "/api/v1/usage/records"
CANARY = "canary-91c2-the-customers-secret"


def usage(number=1, **fields):
    return {
        "event_id": f"call-{number}",
        "occurred_at": (clock.now() - timedelta(hours=1)).isoformat(),
        "provider": "openai",
        "model": "gpt-5",
        "input_uncached": 1_000,
        "output": 100,
        **fields,
    }


@pytest.fixture
def push(world, client):
    def send(records, *, kind="application/json", headers=None, url=URL, **extra):
        body = records if isinstance(records, bytes) else json.dumps(records).encode()
        given = world.a.key_headers if headers is None else headers
        return client.post(url, body, content_type=kind, headers={**given, **extra})

    return send


def test_good_records_are_in_the_inbox_when_the_answer_comes(world, push):
    answer = push([usage(1), usage(2, output=-5), usage(3)])
    assert answer.status_code == 202
    found = answer.json()
    assert (found["accepted"], found["rejected"]) == (2, 1)
    assert found["errors"] == [
        {
            "index": 1,
            "field": "output",
            "message": "`output` is negative.",
            "fix": "Send a whole number of tokens or calls, 0 or more, without quotes.",
        }
    ]
    with world.a.scope():
        batch = IngestBatch.objects.get(id=found["batch_id"])
        assert (batch.accepted, batch.status) == (2, "received")
        assert Source.objects.get(id=batch.source_id).kind == SourceKind.RECORDS_API


def test_a_repeated_body_is_stored_once(world, push):
    records = [usage(1), usage(2)]
    first, second = push(records).json(), push(records).json()
    assert first["batch_id"] == second["batch_id"]
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    with world.a.scope():
        assert IngestBatch.objects.count() == 1


def test_ndjson_and_gzip_say_the_same_as_an_array(world, push):
    load_prices()
    records = [usage(1), usage(2)]
    lines = "\n".join(json.dumps(r) for r in records).encode()
    kind = "application/x-ndjson"
    answers = [
        push(records),
        push(lines, kind=kind),
        push(gzip.compress(lines), kind=kind, **{"Content-Encoding": "gzip"}),
        push(gzip.compress(json.dumps(records).encode()), **{"Content-Encoding": "gzip"}),
    ]
    assert [a.status_code for a in answers] == [202] * 4
    assert {a.json()["accepted"] for a in answers} == {2}
    assert [a.json()["duplicate"] for a in answers] == [False, False, True, True]
    fold(organization_id=world.a.id)
    with world.a.scope():
        assert IngestBatch.objects.filter(status="done").count() == 2
        assert UsageRecord.objects.count() == 2


def test_what_was_accepted_reaches_the_ledger(world, push):
    load_prices()
    push([usage(1), usage(2)])
    assert fold(organization_id=world.a.id) == 1
    with world.a.scope():
        batch = IngestBatch.objects.get()
        assert batch.status == "done"
        assert batch.result["new"] == 2


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"  ", "application/json", 400, "empty_body"),
        (b"[{", "application/json", 400, "malformed_json"),
        (b'{"a": 1}', "text/plain", 415, "unsupported_media_type"),
        (b"[" + b"{}," * 10_000 + b"{}]", "application/json", 413, "too_many_records"),
        (b"x" * (21 << 20), "application/json", 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_and_writes_nothing(
    world, push, body, kind, status, code
):
    answer = push(body, kind=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    with world.a.scope():
        assert not IngestBatch.objects.exists()
        assert not Source.objects.exists()


def test_damaged_and_exploding_gzip_are_problems(push):
    whole = gzip.compress(json.dumps([usage()]).encode())
    cut = push(whole[:-4], **{"Content-Encoding": "gzip"})
    assert (cut.status_code, cut.json()["code"]) == (400, "damaged_gzip")
    bomb = push(gzip.compress(b"\0" * (64 << 20)), **{"Content-Encoding": "gzip"})
    assert (bomb.status_code, bomb.json()["code"]) == (413, "body_too_large")
    other = push(whole, **{"Content-Encoding": "br"})
    assert (other.status_code, other.json()["code"]) == (415, "unsupported_encoding")


def test_when_every_record_is_refused_the_answer_is_422_and_nothing_is_stored(world, push):
    answer = push([usage(output=-1), {"a": 1}])
    found = answer.json()
    assert answer.status_code == 422
    assert (found["accepted"], found["rejected"], found["batch_id"]) == (0, 2, None)
    assert [error["index"] for error in found["errors"]] == [0, 1]
    with world.a.scope():
        assert not IngestBatch.objects.exists()


def test_a_key_belongs_to_one_organization(world, push):
    answer = push([usage()], **{"X-TokenOps-Organization": world.b.organization.slug})
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_organization")
    same = push([usage()], **{"X-TokenOps-Organization": world.a.organization.slug})
    assert same.status_code == 202
    with world.b.scope():
        assert not IngestBatch.objects.exists()


def test_only_a_key_that_may_write_usage_is_let_in(world, push, client):
    with world.a.scope():
        _, secret = make_api_key("Reader", scopes=[P.USAGE_VIEW])
    assert push([usage()], headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    assert push([usage()], headers={"Authorization": "Bearer tok_wrong"}).status_code == 401
    assert push([usage()], headers={}).status_code == 401
    browser = world.a.client(Role.VIEWER)
    header = {"X-TokenOps-Organization": world.a.organization.slug}
    refused = browser.post(URL, "[]", content_type="application/json", headers=header)
    assert refused.status_code == 403
    assert client.get(URL, headers=world.a.key_headers).status_code == 405


def test_two_named_sources_keep_their_events_apart(world, push):
    assert push([usage()], url=f"{URL}?source=Gateway%20EU").status_code == 202
    assert push([usage()]).status_code == 202
    assert push([usage()], url=f"{URL}?source=%3Cscript%3E").status_code == 422
    with world.a.scope():
        names = Source.objects.order_by("name").values_list("name", flat=True)
        assert list(names) == ["Gateway EU", "Records API"]


def test_content_never_reaches_the_database(world, push):
    records = [
        usage(1),
        usage(2, prompt=CANARY),
        usage(3, messages=[{"role": "user", "content": CANARY}]),
        usage(4, tags={"prompt": CANARY}),
        usage(5, output=CANARY),
        usage(6, **{CANARY: 1}),
        usage(7, note=CANARY),
    ]
    answer = push(records)
    assert answer.json()["accepted"] == 1
    assert CANARY not in json.dumps(answer.json()["errors"][:-2])
    fold(organization_id=world.a.id)
    with world.a.scope():
        for table, text in everything():
            assert CANARY not in text, table


def everything():
    """Every row of every table of the site as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind IN ('r', 'p') AND nspname = 'public' AND NOT relispartition "
            "AND has_table_privilege(c.oid, 'SELECT')"
        )
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (text,) in cursor.fetchall():
                yield table, text
            if table == "ingest_batch":
                cursor.execute("SELECT payload FROM ingest_batch")
                for (payload,) in cursor.fetchall():
                    raw = bytes(payload)
                    if raw[:2] == b"\x1f\x8b":
                        raw = gzip.decompress(raw)
                    yield table, raw.decode()
