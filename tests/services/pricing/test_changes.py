"""Price-change events and the marks they leave on charts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.pricing.changes import marks, price_events
from apps.pricing.models import AIModel
from tests.conftest import as_owner
from tests.factories.pricing import load_prices, make_rate

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 5)
WINDOW = (date(2026, 10, 1), date(2026, 10, 10))


@pytest.fixture
def cheaper(world):
    """gpt-5 gets cheaper by a fifth on a day."""
    load_prices()
    with as_owner():
        model = AIModel.objects.get(provider__key="openai", key="gpt-5")
        old = model.prices.get(tier="standard", is_current=True, ends_on=None, over_tokens=0)
        values = {
            field.name: getattr(old, field.name)
            for field in old._meta.fields
            if field.name not in ("id", "model")
        }
        values["output"] = old.output * Decimal("0.8")
        values["reasoning"] = values["audio_output"] = values["image_output"] = values["output"]
        old.ends_on = DAY
        old.save()
        model.prices.create(
            id="00000000-0000-7000-8000-000000000001", **{**values, "starts_on": DAY}
        )
    return world.a


def test_a_dated_list_price_and_a_rate_are_events(cheaper, client):
    with cheaper.scope():
        make_rate(starts_on=DAY + timedelta(days=2))
        found = price_events(*WINDOW)
        assert [(e.on, e.label) for e in found] == [
            (DAY + timedelta(days=2), "openai: rate begins"),
            (DAY, "gpt-5 output −20%"),
        ]
        assert marks(*WINDOW, {"gpt-5"}, set()) == [found[1]]
        assert marks(*WINDOW, {"gpt-5"}, {"openai"}) == [found[1], found[0]]
        assert marks(*WINDOW, {"other"}, set()) == []
        assert price_events(DAY + timedelta(days=3), WINDOW[1]) == []
    answer = client.get(
        "/api/v1/price-changes/",
        {"start": "2026-10-01", "end": "2026-10-10"},
        headers=cheaper.key_headers,
    )
    rows = answer.json()["results"]
    assert [(row["origin"], row["kind"]) for row in rows] == [
        ("negotiated", "Rate begins"),
        ("list", "Output"),
    ]
    assert Decimal(rows[1]["after"]) == Decimal(8)
