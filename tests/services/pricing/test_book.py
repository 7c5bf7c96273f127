"""The price book of an organization: list prices with negotiated ones on top."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.common.tokens import TokenCounts
from apps.outbox.models import OutboxMessage
from apps.pricing import selectors, services
from apps.pricing.models import NegotiatedRate
from apps.pricing.rules import CostStatus
from apps.trail.models import TrailEvent
from tests.factories.pricing import load_prices, make_rate

pytestmark = pytest.mark.django_db
MILLION = TokenCounts(input_uncached=1_000_000)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()


def cost(provider="openai", model="gpt-5", at=NOON, counts=MILLION, **kw):
    price = selectors.price_book().resolve(provider, model, at, **kw)
    return price and price.cost_nanos(counts)


def test_a_rate_applies_from_its_first_day_until_the_day_before_its_end(world):
    with world.a.scope():
        make_rate(starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 21))
        assert cost(at=datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC)) == 1_250_000_000
        assert cost(at=datetime(2026, 11, 20, tzinfo=UTC)) == 1_125_000_000
        assert cost(at=datetime(2026, 11, 21, tzinfo=UTC)) == 1_250_000_000


def test_rates_are_the_organizations_own(world):
    with world.a.scope():
        make_rate()
        assert cost() == 1_125_000_000
    with world.b.scope():
        assert cost() == 1_250_000_000


def test_the_most_specific_rate_decides(world):
    with world.a.scope():
        make_rate()
        make_rate(model="gpt-5", discount_percent=Decimal(20))
        make_rate(model="gpt-5", account="acct-1", discount_percent=Decimal(50))
        assert cost() == 1_000_000_000
        assert cost(account="acct-1") == 625_000_000
        assert cost(model="gpt-5-mini") == 225_000_000


def test_fixed_prices_replace_only_what_they_name(world):
    with world.a.scope():
        make_rate(
            kind="fixed", discount_percent=None, model="gpt-5", rates={"output": Decimal("8")}
        )
        assert cost(counts=TokenCounts(output=1_000_000)) == 8_000_000_000
        assert cost() == 1_250_000_000


def test_a_rate_prices_a_model_that_the_book_does_not_know(world):
    with world.a.scope():
        assert cost(provider="acme", model="house-7b") is None
        make_rate(
            provider="acme",
            model="house-7b",
            kind="fixed",
            discount_percent=None,
            rates={"input_uncached": Decimal("0.1")},
        )
        assert cost(provider="acme", model="house-7b") == 100_000_000
        assert cost(provider="acme", model="house-7b", counts=TokenCounts(output=1)) is None


def test_a_price_change_of_the_day_is_seen_by_the_next_call(world):
    with world.a.scope():
        book = selectors.price_book()
        assert selectors.price_book() is book
        rate = make_rate(starts_on=date(2027, 1, 1))
        assert selectors.price_book() is not book
        services.withdraw_rate(
            actor=world.a.actor(Role.OWNER), rate_id=rate.id, version=rate.version
        )
        assert cost(at=datetime(2027, 2, 1, tzinfo=UTC)) == 1_250_000_000


def test_two_rates_of_one_scope_never_share_a_day(world):
    with world.a.scope():
        make_rate(ends_on=date(2026, 6, 1))
        make_rate(starts_on=date(2026, 6, 1))
        with pytest.raises(Invalid) as refused:
            make_rate(starts_on=date(2026, 5, 31), ends_on=date(2026, 6, 1))
        assert refused.value.errors[0].field == "starts_on"
        assert NegotiatedRate.objects.count() == 2


def test_a_rate_that_has_begun_is_ended_not_rewritten(world):
    with world.a.scope():
        actor = world.a.actor(Role.CFO)
        rate = make_rate()
        terms = services.RateTerms("x", "openai", "discount", date(2026, 1, 1))
        with pytest.raises(Conflict):
            services.change_rate(actor=actor, rate_id=rate.id, version=1, terms=terms)
        with pytest.raises(Conflict):
            services.withdraw_rate(actor=actor, rate_id=rate.id, version=1)
        with pytest.raises(Invalid):
            services.end_rate(actor=actor, rate_id=rate.id, version=1, ends_on=date(2026, 2, 1))
        ended = services.end_rate(actor=actor, rate_id=rate.id, version=1, ends_on=date(2099, 1, 1))
        assert ended.version == 2
        with pytest.raises(Conflict):
            services.end_rate(actor=actor, rate_id=rate.id, version=1, ends_on=date(2098, 1, 1))


def test_every_change_leaves_evidence_and_a_message(world):
    with world.a.scope():
        rate = make_rate()
        event = TrailEvent.objects.get(object_id=rate.id)
        assert event.action == "price.rate_added"
        assert event.after["discount_percent"] == "10"
        assert OutboxMessage.objects.filter(topic="prices.changed").count() == 1


def test_only_who_manages_prices_may_change_them(world):
    with world.a.scope(), pytest.raises(Forbidden):
        services.negotiate_rate(
            actor=world.a.actor(Role.VIEWER),
            terms=services.RateTerms("x", "openai", "discount", date(2026, 1, 1)),
        )
    with world.a.scope():
        rate = make_rate()
        assert NegotiatedRate.objects.count() == 1
    with world.b.scope(), pytest.raises(NotFound):
        services.end_rate(
            actor=world.b.actor(Role.OWNER),
            rate_id=rate.id,
            version=1,
            ends_on=date(2099, 1, 1),
        )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"provider": ""}, "provider"),
        ({"name": " "}, "name"),
        ({"discount_percent": None}, "discount_percent"),
        ({"discount_percent": Decimal("100.01")}, "discount_percent"),
        ({"discount_percent": Decimal("12.345")}, "discount_percent"),
        ({"tier": "warp"}, "tier"),
        ({"ends_on": date(2026, 1, 1)}, "ends_on"),
        ({"kind": "fixed"}, "rates"),
        ({"kind": "fixed", "rates": {"output": Decimal("-1")}}, "output"),
        ({"kind": "fixed", "rates": {"output": Decimal("NaN")}}, "output"),
    ],
)
def test_a_wrong_rate_is_refused_by_field(world, fields, field):
    with world.a.scope(), pytest.raises(Invalid) as refused:
        make_rate(**fields)
    assert field in [error.field for error in refused.value.errors]


def test_the_band_of_a_planned_use_is_that_of_one_call(world):
    with world.a.scope():
        one = services.estimate_cost(
            provider="openai",
            model="gpt-5.5",
            counts=TokenCounts(input_uncached=300_000),
            at=NOON,
        )
        many = services.estimate_cost(
            provider="openai",
            model="gpt-5.5",
            counts=TokenCounts(input_uncached=300_000),
            requests=3,
            at=NOON,
        )
        assert (one.cost_nanos, many.cost_nanos) == (3_000_000_000, 1_500_000_000)
        assert one.status == CostStatus.EXACT


def test_an_unknown_model_has_no_price_and_says_why(world):
    with world.a.scope():
        found = services.estimate_cost(provider="openai", model="no-such", counts=MILLION)
        assert found.cost_nanos is None
        assert found.status == CostStatus.UNPRICED
        assert "does not know" in found.reason


def test_price_changes_are_listed_with_before_and_after(world):
    changes = selectors.price_changes(since=date(2025, 1, 1))
    assert changes
    assert all(change.before != change.after for change in changes)
    assert [c.on for c in changes] == sorted((c.on for c in changes), reverse=True)


def test_the_catalogue_lists_each_model_once_with_todays_price(world):
    rows = list(selectors.model_catalogue().filter(provider__key="openai", key="gpt-5"))
    assert [row.now_output for row in rows] == [Decimal(10)]
    total = selectors.model_catalogue().count()
    assert total == selectors.model_catalogue().values("id").distinct().count()
