"""Rates imported, entered and used by the query service."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.ledger.query import Query, run
from apps.pricing.fx import services
from apps.pricing.fx.models import ExchangeRate, RateFile
from apps.trail.models import TrailEvent
from tests.factories.ledger import AT, price, take, usage

pytestmark = pytest.mark.django_db
TABLE = b"Date,USD,JPY,\n2026-11-04,1.25,160,\n2026-11-03,1.28,N/A,\n"


@pytest.fixture
def cfo(world):
    return world.a.actor(Role.CFO)


def test_a_file_is_previewed_then_imported_once(world, cfo):
    with world.a.scope():
        found = services.upload_rates(actor=cfo, filename="hist.csv", content=TABLE)
        assert ExchangeRate.objects.count() == 0
        assert services.apply_rates(actor=cfo, file_id=found.id).added == 3
        with pytest.raises(Conflict):
            services.apply_rates(actor=cfo, file_id=found.id)
        with pytest.raises(Conflict):
            services.discard_rates(actor=cfo, file_id=found.id)
        assert bytes(RateFile.objects.get().content) == b""
        again = services.import_rates(actor=cfo, content=TABLE.replace(b"1.25", b"1.26"))
        assert (len(again.new), again.same, len(again.other)) == (0, 2, 1)
        assert ExchangeRate.objects.get(quote="USD", day=date(2026, 11, 4)).rate == Decimal("1.25")
        assert TrailEvent.objects.filter(action="fx.rates_imported").count() == 1


def test_entering_and_withdrawing_a_rate_leaves_evidence(world, cfo):
    rate = {"base": "eur", "quote": "USD", "day": date(2026, 11, 4), "rate": Decimal("1.3")}
    with world.a.scope():
        found = services.enter_rate(actor=cfo, **rate)
        for wrong in (
            rate,
            {**rate, "quote": "EUR"},
            {**rate, "rate": Decimal(0)},
            {**rate, "day": date(2999, 1, 1)},
            {**rate, "base": "E1"},
        ):
            with pytest.raises(Invalid):
                services.enter_rate(actor=cfo, **wrong)
        with pytest.raises(Forbidden):
            services.enter_rate(actor=world.a.actor(Role.VIEWER), **{**rate, "quote": "GBP"})
        with pytest.raises(Invalid):
            services.withdraw_rate(actor=cfo, rate_id=found.id, reason=" ")
        services.withdraw_rate(actor=cfo, rate_id=found.id, reason="Typing error")
        assert ExchangeRate.objects.count() == 0
        services.import_rates(actor=cfo, content=TABLE)
        with pytest.raises(Conflict):
            services.withdraw_rate(
                actor=cfo, rate_id=ExchangeRate.objects.first().id, reason="Other"
            )
        actions = TrailEvent.objects.filter(action__startswith="fx.").order_by("at")
        assert [e.action for e in actions] == [
            "fx.rate_entered",
            "fx.rate_withdrawn",
            "fx.rates_imported",
        ]


def test_figures_are_converted_day_by_day_and_rounded_once(world, cfo):
    november = {"start": date(2026, 11, 1), "end": date(2026, 12, 1)}
    with world.a.scope():
        price("m1")
        take(
            [
                usage(occurred_at=AT + timedelta(days=n), api_key_id=key, api_key=key)
                for n in range(3)
                for key in ("a", "b")
            ]
        )
        assert run(Query(**november)).reported is None
        services.import_rates(actor=cfo, content=TABLE)
        services.choose_reporting_currency(actor=cfo, currency="EUR")
        result = run(Query(**november, group_by=("api_key",)))
        assert [row.cost_nanos for row in result.rows] == [8_400_000, 8_400_000]
        # 2.8 m at 1.28, then 1.25 on the 4th, which also holds on the 5th.
        one = 2_800_000 / 1.28 + 2 * 2_800_000 / 1.25
        assert one == 6_667_500
        assert result.reported.rows == [6_667_500, 6_667_500]
        assert result.reported.total_nanos == 13_335_000
        for asked in ({}, {"group_by": ("model",)}, {"grain": "day"}, {"grain": "hour"}):
            total = run(Query(**november, **asked)).reported_total
            assert (total.total_nanos, total.rows) == (13_335_000, [])
            assert (total.first, total.last) == (result.reported.first, result.reported.last)
        assert (result.reported.first, result.reported.last) == (
            date(2026, 11, 3),
            date(2026, 11, 4),
        )
        daily = run(Query(**november, grain="day", order="period")).reported
        assert daily.rows == [4_375_000, 4_480_000, 4_480_000]
        week = run(Query(**november, grain="week", group_by=("api_key",), limit=1)).reported
        assert (week.rows, week.total_nanos) == ([6_667_500], 13_335_000)
        hours = run(
            Query(start=date(2026, 11, 3), end=date(2026, 11, 5), grain="hour", order="period")
        ).reported
        assert hours.rows == [4_375_000, 4_480_000]
        yen = run(Query(**november)).convert("JPY")
        assert yen.total_nanos is None
        assert yen.missing == (date(2026, 11, 3),)
        assert "2026-11-03" in yen.reason
        assert run(Query(**november)).convert("GBP").total_nanos is None
        assert run(Query(**november)).convert("USD").total_nanos == 16_800_000


def test_the_reporting_currency_is_chosen_with_permission_and_evidence(world, cfo):
    with world.a.scope():
        with pytest.raises(Forbidden):
            services.choose_reporting_currency(actor=world.a.actor(Role.VIEWER), currency="EUR")
        with pytest.raises(Invalid):
            services.choose_reporting_currency(actor=cfo, currency="EURO")
        assert services.choose_reporting_currency(actor=cfo, currency="eur") == "EUR"
        services.choose_reporting_currency(actor=cfo, currency="EUR")
        assert TrailEvent.objects.filter(action="fx.reporting_changed").count() == 1
