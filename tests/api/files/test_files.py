"""Sources of files over the API."""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.connectors.models import Source
from tests.factories.buckets import ACCESS_KEY, REGION, SECRET, FakeBucket, serving
from tests.factories.files import read
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import TOKENS

pytestmark = pytest.mark.django_db
URL = "/api/v1/sources/"
JSON = "application/json"


def test_a_bucket_is_connected_changed_and_read_by_the_api(world, client):
    load_prices()
    headers = world.a.key_headers
    with serving(FakeBucket()) as bucket, time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC)):
        bucket.put("focus.csv", TOKENS)
        body = {
            "name": "Costs", "place": "bucket", "endpoint": bucket.url, "bucket": bucket.name,
            "region": REGION, "access_key": ACCESS_KEY, "secret": SECRET,
        }  # fmt: skip
        made = client.post(f"{URL}files/", body, content_type=JSON, headers=headers)
        assert (made.status_code, made.json()["kind"]) == (201, "files")
        assert SECRET not in made.content.decode()
        one = f"{URL}{made.json()['id']}/"
        with world.a.scope():
            source = Source.objects.get()
        run = read(world.a, source)
        found = client.get(f"{URL}runs/{run.id}/files/", headers=headers).json()
        assert (found["listed"], found["fresh"], found["taken"]) == (1, 1, 1)
        files = client.get(f"{one}files/?state=read", headers=headers).json()["results"]
        assert [(f["key"], f["versions"]) for f in files] == [("focus.csv", 1)]
        place = client.get(f"{one}place/", headers=headers).json()
        assert (place["bucket"], place["secret_hint"]) == (bucket.name, "…EKEY")
        change = {**body, "secret": "", "prefix": "x/", "version": place["version"]}
        put = client.put(f"{one}place/", change, content_type=JSON, headers=headers)
        assert (put.status_code, put.json()["prefix"]) == (200, "x/")
        stale = client.put(f"{one}place/", change, content_type=JSON, headers=headers)
        assert stale.status_code == 409
        assert client.post(f"{one}files/", headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"bucket": "No/"}, "bucket"), ({"place": "tape"}, "place"), ({"colour": "x"}, "colour")],
)
def test_problems_name_the_field_and_nothing_is_written(world, client, fields, field):
    body = {"name": "Costs", "place": "bucket", "bucket": "exports", "access_key": "a",
            "secret": "secret-key"}  # fmt: skip
    answer = client.post(
        f"{URL}files/", {**body, **fields}, content_type=JSON, headers=world.a.key_headers
    )
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    with world.a.scope():
        assert not Source.objects.exists()
