"""What a record costs, and how sure that is."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from apps.common.tokens import KINDS, TokenCounts
from apps.pricing.book import PriceBook, Term
from apps.pricing.catalogue import package_catalogue
from apps.pricing.matching import compile_clause, with_dashed_date
from apps.pricing.rules import (
    ALWAYS_FROM,
    ALWAYS_TO,
    Band,
    CostStatus,
    Rates,
    Schedule,
    Span,
    Tier,
    cost_nanos,
    discounted,
    div_half_even,
    parse_context_window,
    parse_tier,
    pico,
)
from tests.property.pricing.books import package_book

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rates(**prices):
    return Rates(tuple(pico(Decimal(prices[k])) if k in prices else None for k in KINDS))


@pytest.mark.parametrize(
    ("number", "divisor", "expected"),
    [(5, 10, 0), (15, 10, 2), (25, 10, 2), (-5, 10, 0), (-15, 10, -2), (7, 10, 1), (3, 10, 0)],
)
def test_halves_go_to_the_even_side(number, divisor, expected):
    assert div_half_even(number, divisor) == expected


def test_a_record_is_rounded_once_not_per_kind():
    half = rates(input_uncached="0.0005", output="0.0005")
    assert cost_nanos(half, TokenCounts(input_uncached=1)) == 0
    assert cost_nanos(half, TokenCounts(input_uncached=1, output=1)) == 1


def test_a_used_kind_without_a_price_makes_the_record_unpriced_never_free():
    known = rates(input_uncached="2")
    assert cost_nanos(known, TokenCounts(input_uncached=10)) == 20_000
    assert cost_nanos(known, TokenCounts(input_uncached=10, output=1)) is None
    assert cost_nanos(known, TokenCounts()) == 0


def test_enormous_counts_stay_exact():
    assert cost_nanos(rates(output="75"), TokenCounts(output=10**15)) == 75 * 10**18


def test_requests_are_priced_beside_tokens():
    both = Rates(rates(input_uncached="1").per_mtok, pico(Decimal("0.012")))
    assert cost_nanos(both, TokenCounts(input_uncached=1_000), 3) == 37_000_000
    assert cost_nanos(both, [0] * len(KINDS), 0) == 0


def test_a_discount_is_exact_to_the_twelfth_decimal():
    found = discounted(rates(output="1.25"), 1_250)
    assert found.of("output") == Decimal("1.09375")
    assert found.of("input_uncached") is None


@pytest.mark.parametrize(
    ("word", "tier", "known"),
    [
        ("", Tier.STANDARD, True),
        ("default", Tier.STANDARD, True),
        ("Batch", Tier.BATCH, True),
        ("flex_discount", Tier.FLEX, True),
        ("priority_on_demand", Tier.PRIORITY, True),
        ("auto", Tier.STANDARD, False),
        ("scale", Tier.STANDARD, False),
    ],
)
def test_the_sources_words_for_tiers(word, tier, known):
    assert parse_tier(word) == (tier, known)


@pytest.mark.parametrize(
    ("model", "tier", "nanos"),
    [
        # 1,001 fresh, 2,000 read, 300 and 40 written, 507 output at the documented prices.
        ("claude-opus-5", "standard", 1_001 * 5_000 + 2_000 * 500 + 300 * 6_250 + 40 * 10_000
         + 507 * 25_000),
        ("claude-opus-5", "standard+us", 1_001 * 5_500 + 2_000 * 550 + 300 * 6_875 + 40 * 11_000
         + 507 * 27_500),
        ("claude-opus-5", "fast", 1_001 * 10_000 + 2_000 * 1_000 + 300 * 12_500 + 40 * 20_000
         + 507 * 50_000),
        ("claude-opus-5", "fast+us", 1_001 * 11_000 + 2_000 * 1_100 + 300 * 13_750 + 40 * 22_000
         + 507 * 55_000),
        ("claude-opus-5", "Batch+US", 1_001 * 2_750 + 2_000 * 275 + 300 * 3_437 + 150 + 40 * 5_500
         + 507 * 13_750),
        ("claude-opus-5", "standard+eu", None),
        ("claude-opus-5", "batch+fast", None),
        ("claude-opus-5", "turbo+us", None),
        ("claude-sonnet-5-5", "fast", None),
        ("claude-opus-4-7", "fast+us", None),
    ],
)  # fmt: skip
def test_speed_and_place_of_inference_have_prices_of_their_own_or_none(model, tier, nanos):
    price = package_book().resolve("anthropic", model, NOON, tier, granularity="hour")
    counts = TokenCounts(
        input_uncached=1_001, cache_read=2_000, cache_write_5m=300, cache_write_1h=40, output=507
    )
    assert (price and price.cost_nanos(counts)) == nanos
    assert price is None or price.status is CostStatus.EXACT


def test_a_surcharge_is_of_the_provider_that_documents_it():
    assert package_book().resolve("openai", "gpt-5.5", NOON, "standard+us") is None


def test_a_contract_counts_from_the_price_with_its_surcharge():
    tenth_off = Term(
        UUID(int=9), "anthropic", "", "", "", ALWAYS_FROM, ALWAYS_TO, discount_bp=1_000, fixed=None
    )
    book = PriceBook(package_book().lists, (tenth_off,))
    price = book.resolve("anthropic", "claude-opus-5", NOON, "standard+us")
    assert price.rates.of("output") == Decimal("24.75")


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [("0-200k", 0, 200_000), ("200k-1M", 200_000, 1_000_000), ("0 - 1000", 0, 1000)],
)
def test_context_windows_as_sources_write_them(text, lower, upper):
    found = parse_context_window(text)
    assert (found.lower, found.upper) == (lower, upper)
    assert parse_context_window("long") is None


LOW, HIGH = UUID(int=1), UUID(int=2)
BANDED = Schedule(
    "p",
    "m",
    Tier.STANDARD,
    (
        Span(
            ALWAYS_FROM,
            ALWAYS_TO,
            (
                Band(0, rates(input_uncached="1"), LOW),
                Band(200_000, rates(input_uncached="2"), HIGH),
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("facts", "price", "status"),
    [
        ({"input_tokens": 200_000}, LOW, CostStatus.EXACT),
        ({"input_tokens": 200_001}, HIGH, CostStatus.EXACT),
        ({"input_tokens": 300_000, "requests": 5}, LOW, CostStatus.ESTIMATED),
        ({"input_tokens": 300_000, "granularity": "day"}, LOW, CostStatus.ESTIMATED),
        ({"input_tokens": 150_000, "granularity": "day"}, LOW, CostStatus.EXACT),
        (
            {"input_tokens": 10**9, "granularity": "day", "context_window": "0-200k"},
            LOW,
            CostStatus.EXACT,
        ),
        (
            {"input_tokens": 10**9, "granularity": "day", "context_window": "200k-1M"},
            HIGH,
            CostStatus.EXACT,
        ),
        (
            {"input_tokens": 10**9, "granularity": "day", "context_window": "100k-1M"},
            LOW,
            CostStatus.ESTIMATED,
        ),
    ],
)
def test_the_whole_request_is_priced_in_its_band(facts, price, status):
    found = BANDED.at(NOON, **facts)
    assert (found.price_id, found.status) == (price, status)


def test_a_bucket_on_a_model_with_prices_by_time_of_day_is_an_estimate():
    book = package_book()
    model = ("deepseek", "deepseek-v4-flash")
    night = datetime(2026, 11, 20, 2, tzinfo=UTC)
    assert book.resolve(*model, night).status == CostStatus.EXACT
    assert book.resolve(*model, night, granularity="hour").status == CostStatus.ESTIMATED
    day, dark = (book.resolve(*model, at).rates.of("output") for at in (NOON, night))
    assert (day, dark) == (Decimal("0.6"), Decimal("1.2"))


def test_an_hours_cache_write_on_claude_needs_its_own_price():
    hourly = [
        row
        for row in package_catalogue().prices
        if "claude" in row.model and row.provider == "openrouter"
    ]
    missing = [row for row in hourly if row.rates["cache_write_1h"] is None]
    assert missing
    assert all(row.rates["cache_write_5m"] is not None for row in missing)


def test_dates_without_dashes_are_understood():
    assert with_dashed_date("gpt-5.2-20251211") == "gpt-5.2-2025-12-11"
    assert with_dashed_date("gpt-5.2-20251399") == "gpt-5.2-20251399"


@pytest.mark.parametrize(
    ("clause", "text", "expected"),
    [
        ({"equals": "A"}, "a", True),
        ({"starts_with": "gpt"}, "gpt-5", True),
        ({"ends_with": ":free"}, "x:free", True),
        ({"contains": "v2"}, "claude-v2", True),
        ({"regex": "^a-\\d$"}, "a-1", True),
        ({"regex": "^a-\\d$"}, "a-12", False),
        ({"or": [{"equals": "a"}, {"equals": "b"}]}, "b", True),
        ({"and": [{"contains": "a"}, {"contains": "b"}]}, "a", False),
    ],
)
def test_clauses(clause, text, expected):
    assert compile_clause(clause)(text) is expected


def test_an_unknown_clause_is_an_error():
    with pytest.raises(ValueError, match="unknown match clause"):
        compile_clause({"sounds_like": "gpt"})
