"""Models to plan with, from a seeded catalogue."""

import pytest

from apps.stories.estimator import MixShare
from apps.stories.selectors import models_used
from apps.stories.selectors.estimating import alternatives, estimate_now
from apps.stories.selectors.prices import price_table
from tests.factories.pricing import load_prices
from tests.factories.stories import make_assumptions

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded(world, monkeypatch):
    load_prices()
    monkeypatch.setattr(models_used, "_cached", None)
    with world.a.scope():
        yield world.a


def test_suggestions_have_a_price_in_and_out(seeded):
    found = models_used.suggestions()
    assert found
    assert all(option.price_in >= 0 and option.price_out >= 0 for option in found)
    assert len({option.key for option in found}) == len(found)


def test_other_models_are_compared_on_the_same_work(seeded):
    option = models_used.suggestions()[0]
    a = make_assumptions(mix=(MixShare(option.provider, option.model),))
    result = estimate_now(a)
    found = models_used.candidates(a)
    table = price_table([(provider, model) for provider, model, _ in found])
    rows = alternatives(a, result, found, table)
    assert rows[0].chosen
    assert rows[0].cost == result.month.cost.likely
    assert all(row.cost > 0 for row in rows)


def test_the_form_opens_with_a_seeded_catalogue(seeded, world):
    from apps.access.roles import Role

    option = models_used.suggestions()[0]
    page = world.a.client(Role.OWNER).get(world.a.url("stories:new"), {"blank": "1"})
    assert page.status_code == 200
    assert f'<option value="{option.key}">' in page.text
