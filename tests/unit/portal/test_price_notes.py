"""Price changes on bars: one label a bar, on the bar that holds the day."""

from datetime import date
from decimal import Decimal

from apps.ledger.web.notes import chart_notes as price_notes
from apps.pricing.changes import LIST, PriceEvent


def change(day, after, model="gpt-5"):
    return PriceEvent(
        on=day, origin=LIST, provider="openai", model=model, tier="Standard", kind="Output",
        before=Decimal(10), after=Decimal(after),
    )  # fmt: skip


CHANGES = [change(date(2026, 11, 4), 9), change(date(2026, 11, 6), 5, "gpt-5-mini")]


def test_each_day_has_its_own_label():
    days = [date(2026, 11, day) for day in range(3, 8)]
    assert price_notes(CHANGES, days, "day") == [
        (1, "gpt-5 output −10%"),
        (3, "gpt-5-mini output −50%"),
    ]


def test_a_coarser_bar_names_the_day_and_counts_the_rest():
    label = "gpt-5-mini output −50%, 6 Nov, and 1 more"
    weeks = [date(2026, 10, 26), date(2026, 11, 2)]
    assert price_notes(CHANGES, weeks, "week") == [(1, label)]
    for grain, first in (
        ("month", date(2026, 11, 1)),
        ("quarter", date(2026, 10, 1)),
        ("year", date(2026, 1, 1)),
    ):
        assert price_notes(CHANGES, [first], grain) == [(0, label)]


def test_a_bar_that_is_not_drawn_has_no_label():
    assert price_notes(CHANGES, [date(2026, 12, 1)], "month") == []
