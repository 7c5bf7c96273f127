"""What others paid for: each of these mistakes is impossible here, or this file fails."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.access.actors import system_actor
from apps.common.ids import uuid7
from apps.ledger.models import RollupAxis, UsageRecord
from apps.ledger.query import Query, run
from apps.ledger.selectors.verify import verify_rollups
from apps.organizations.services import retire_unit
from apps.pricing.models import NegotiatedRate
from tests.factories.ledger import AT, price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
YEAR = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        yield world.a


def total(**query):
    return run(Query(**YEAR, **query)).total


def test_3_cached_tokens_are_billed_once(side):
    take([usage(input_uncached=1_000, cache_read=4_000, output=0)])
    assert total().tokens.input == 5_000
    assert total().cost_nanos == 1_000 * 2_000 + 4_000 * 200


def test_5_an_unknown_model_is_never_free(side):
    take([usage(model="brand-new")])
    record = UsageRecord.objects.get()
    assert record.cost_nanos is None
    found = total()
    assert (found.cost_nanos, found.unpriced_tokens, found.unpriced_requests) == (None, 1_100, 1)


def test_6_history_keeps_the_price_it_was_charged(side):
    source, batch = uuid7(), [usage()]
    take(batch, source)
    NegotiatedRate.objects.update(input_uncached=Decimal(50))
    from apps.pricing.models import PricingState

    PricingState.objects.update(version=99)
    assert take(batch, source).changed == 0
    assert total().cost_nanos == 2_800_000
    take([usage()], source)
    assert total().cost_nanos == 2_800_000 + 50_800_000


def test_7_a_changed_grouping_does_not_double_history(side):
    source, hour = uuid7(), AT.replace(minute=0)
    window = (hour, hour + timedelta(hours=1))
    plain = {"granularity": "hour", "occurred_at": hour}
    take([usage(**plain, input_uncached=3_000)], source, complete_window=window)
    by_user = [usage(**plain, user=name, input_uncached=1_500, output=50) for name in ("a", "b")]
    result = take(by_user, source, complete_window=window)
    assert (result.new, result.withdrawn) == (2, 1)
    assert total().tokens.total == 3_100
    assert verify_rollups().ok


def test_8_a_retired_team_keeps_its_past(side):
    team = side.units["claims"]
    make_capability("Claims", slug="claims", unit_id=team.id)
    take([usage(capability="claims")])
    from apps.portfolio.models import Capability

    Capability.objects.update(unit_id=side.units["root"].id)
    retire_unit(actor=system_actor("tests"), unit_id=team.id)
    row = run(Query(**YEAR, group_by=("unit",))).rows[0]
    assert (row.labels, row.cost_nanos) == (("Claims",), 2_800_000)


def test_9_two_questions_one_total(side):
    take([usage(user=f"u{i}", api_key_id=f"k{i % 3}", input_uncached=i) for i in range(20)])
    questions = (
        {},
        {"grain": "day"},
        {"grain": "hour", "start": date(2026, 11, 1), "end": date(2026, 11, 20)},
        {"group_by": ("user",)},
        {"group_by": ("user", "api_key")},
        {"group_by": ("unit", "model"), "grain": "week"},
        {"unit_ids": None, "filters": {"confidence": ["none"]}},
    )
    figures = {
        (found.cost_nanos, found.tokens.total, found.requests)
        for found in (run(Query(**{**YEAR, **asked})).total for asked in questions)
    }
    assert figures == {(190 * 2_000 + 20 * 800_000, 190 + 2_000, 20)}


def test_10_a_retry_is_not_counted_twice(side):
    source, batch = uuid7(), [usage(), usage()]
    for _ in range(3):
        take(batch, source)
    cell = RollupAxis.objects.get(axis=0)
    assert (cell.records, cell.requests, cell.cost_nanos) == (2, 2, 5_600_000)
