"""Why a cost changed, over the API."""

from datetime import timedelta

import pytest

from apps.common.ids import uuid7
from tests.factories.ledger import AT, price, take, usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(world, client):
    with world.a.scope():
        price("m1")
        price("m2", input_per_mtok="0.5", output_per_mtok="2")
        later = AT + timedelta(days=10)
        take(
            [
                *(usage() for _ in range(3)),
                *(usage(occurred_at=later) for _ in range(2)),
                usage(occurred_at=later, input_uncached=100, cache_read=900),
                usage(occurred_at=later, model="m2", output=700),
                usage(occurred_at=later, model="m9"),
            ],
            uuid7(),
        )

    def send(**params):
        return client.get("/api/v1/usage/change/", params, headers=world.a.key_headers)

    return send


def test_parts_sum_to_the_change(get):
    data = get(start="2026-11-08", end="2026-11-15").json()
    assert (data["before"]["start"], data["before"]["end"]) == ("2026-11-01", "2026-11-08")
    # 3 x 2,800,000; then 2 x 2,800,000 + 1,180,000 + 1,900,000
    assert data["before"]["cost"]["nanos"] == 8_400_000
    assert data["now"]["cost"]["nanos"] == 8_680_000
    assert data["change"]["nanos"] == 280_000
    parts = {part["part"]: part["effect"]["nanos"] for part in data["parts"]}
    assert list(parts) == ["volume", "tokens_per_request", "model_mix", "caching", "unit_price"]
    assert sum(parts.values()) == 280_000
    assert parts["caching"] < 0 < parts["volume"]
    assert parts["unit_price"] == 0
    assert data["new_models"] == ["m2"]
    assert data["now"]["unpriced_tokens"] == 1_100


def test_any_two_periods_and_filters(get):
    asked = {"before_start": "2026-11-13", "before_end": "2026-11-14"}
    data = get(start="2026-11-03", end="2026-11-04", model="m1", **asked).json()
    assert data["change"]["nanos"] == 8_400_000 - (2 * 2_800_000 + 1_180_000)
    same = get(start="2026-11-03", end="2026-11-04", model="m7").json()
    assert [part["effect"]["nanos"] for part in same["parts"]] == [0] * 5


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "start"),
        ({"start": "2026-11-03", "end": "2026-11-03"}, "end"),
        ({"start": "2026-11-03", "end": "2026-11-04", "before_start": "2026-11-03"}, "before_end"),
        ({"start": "2026-11-03", "end": "2026-11-04", "unit": "x"}, "unit"),
    ],
)
def test_questions_without_an_answer_name_the_field(get, params, field):
    answer = get(**params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
