"""Our price of a call is the price of genai-prices for the same call, to the nano.

Known and wanted differences, each asserted below or in tests/unit/pricing:
- a used kind the book has no price for is unpriced here and free there;
- an hour's cache write on a Claude model without an hourly price is unpriced here and priced as a
  five-minute write there;
- Anthropic's fast mode on a model without a price for it is unpriced here and standard there;
- rates with more than twelve decimals (25 of the package's, binary noise) are rounded when stored;
- web searches, audio seconds, characters and pages are not tokens and not priced here.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.tokens import KINDS, TokenCounts
from apps.pricing.catalogue import TIER_CONTEXTS
from apps.pricing.rules import NO_STAND_IN, CostStatus, Tier
from tests.property.pricing.books import package_book

NOISY_DECIMALS = 12
PROVIDERS = get_snapshot().providers
MODELS = [(p, m) for p in PROVIDERS for m in p.models]
counts = st.builds(
    TokenCounts,
    **{
        kind: st.one_of(st.just(0), st.integers(1, 5_000), st.integers(1, 3_000_000))
        for kind in KINDS
    },
)
DAY_SECONDS = 86_400
moments = st.integers(1_704_067_200, 1_704_067_200 + 1_250 * DAY_SECONDS).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


def their_usage(tokens: TokenCounts) -> genai_prices.Usage:
    """Our disjoint kinds in the package's inclusive ones."""
    generated = tokens.output + tokens.reasoning + tokens.audio_output + tokens.image_output
    return genai_prices.Usage(
        input_tokens=tokens.input,
        output_tokens=generated,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write_5m + tokens.cache_write_1h,
        cache_write_5m_tokens=tokens.cache_write_5m,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_reasoning_tokens=tokens.reasoning,
        input_audio_tokens=tokens.audio_input,
        output_audio_tokens=tokens.audio_output,
        input_image_tokens=tokens.image_input,
        output_image_tokens=tokens.image_output,
        cache_audio_read_tokens=0,
        cache_image_read_tokens=0,
    )


def nanos(amount: Decimal) -> int:
    return int((amount * 10**9).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def noisy(model_price: object) -> bool:
    for value in model_price.__dict__.values():
        prices = [value] if isinstance(value, Decimal) else []
        if hasattr(value, "tiers"):
            prices = [value.base, *(tier.price for tier in value.tiers)]
        if any(-p.normalize().as_tuple().exponent > NOISY_DECIMALS for p in prices):
            return True
    return False


@settings(max_examples=1_500, deadline=None)
@given(st.sampled_from(MODELS), moments, counts, st.sampled_from(list(Tier)))
def test_a_random_call_costs_the_same(entry, at, tokens, tier):
    provider, model = entry
    ours = package_book().resolve(
        provider.id, model.id, at, tier, input_tokens=tokens.input, granularity="event"
    )
    with localcontext(prec=60):
        try:
            theirs = genai_prices.calc_price(
                their_usage(tokens),
                model_ref=model.id,
                provider_id=provider.id,
                genai_request_timestamp=at,
                price_context=TIER_CONTEXTS.get(tier),
            )
        except LookupError:
            assert ours is None
            return
    cost = ours.cost_nanos(tokens) if ours else None
    own_fast = any(variant.when.get("speed") for variant in model.price_variants or ())
    if (provider.id, tier) in NO_STAND_IN and not own_fast:
        assert ours is None
        return
    if cost is None:
        assert_wanted_gap(theirs, tokens, ours)
        return
    if noisy(theirs.model_price):
        assert abs(cost - nanos(theirs.total_price)) <= 1
    else:
        assert cost == nanos(theirs.total_price)


def assert_wanted_gap(theirs, tokens, ours):
    """Unpriced here: only because a used kind has no price of its own."""
    price = theirs.model_price
    token_prices = {k for k, v in price.__dict__.items() if v is not None and k.endswith("_mtok")}
    missing_output = "output_mtok" not in token_prices and tokens.generated > 0
    missing_input = "input_mtok" not in token_prices and tokens.input > 0
    hourly = "cache_write_1h_mtok" not in token_prices and tokens.cache_write_1h > 0
    assert missing_output or missing_input or hourly or (ours is None and not token_prices)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(MODELS), st.sampled_from(["", "-20251211", "@20250514", "-latest", ":free"]))
def test_a_raw_model_string_means_the_same_model(entry, suffix):
    provider, model = entry
    raw = f"{model.id}{suffix}"
    book = package_book()
    for given_provider in (provider.id, "", provider.name.lower(), "litellm"):
        reference = f"{provider.id}/{raw}" if given_provider == "litellm" else raw
        ours = book.lists.directory.find(given_provider, reference)
        try:
            theirs = get_snapshot().find_provider_model(
                reference, None, given_provider or None, None
            )
        except LookupError:
            assert ours is None
        else:
            assert ours is not None
            assert (ours[0].id, ours[1].id) == (theirs[0].id, theirs[1].id)


def test_the_documented_example_costs_what_the_documentation_says():
    price = package_book().resolve("openai", "gpt-5", datetime(2026, 11, 20, tzinfo=UTC))
    tokens = TokenCounts(input_uncached=1104, cache_read=4096, output=290, reasoning=640)
    assert price.cost_nanos(tokens) == 11_192_000


@pytest.mark.parametrize(
    ("day", "status", "expected"),
    [(13, CostStatus.ESTIMATED, 1_250_000_000), (14, CostStatus.EXACT, 625_000_000)],
)
def test_a_batch_call_before_the_book_knows_batch_prices_is_an_estimate(day, status, expected):
    price = package_book().resolve("openai", "gpt-5", datetime(2026, 10, day, tzinfo=UTC), "batch")
    assert price.status == status
    assert price.cost_nanos(TokenCounts(input_uncached=1_000_000)) == expected
