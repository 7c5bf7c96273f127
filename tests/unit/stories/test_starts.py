"""Built-in patterns: priced at once, without a remark, inside their own reference band."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.stories import bands
from apps.stories.estimator import estimate, problems
from apps.stories.starts import STARTS, begin, redate
from tests.unit.stories.estimating import PRICES, mix

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize("key", list(STARTS))
def test_a_start_gives_a_sensible_estimate(key):
    start = STARTS[key]
    a = begin(start, today=TODAY, sizes=bands.DEFAULT_SIZES, mix=mix(("medium", 100)))
    assert problems(a) == []
    assert a.starts_on == dt.date(2026, 12, 1)
    assert a.build_months == start.build_months
    result = estimate(a, PRICES, today=TODAY)
    assert result.warnings == ()
    p10, p50, p90 = result.month.cost.range
    assert 0 < p10 < p50 < p90
    tokens = int(Decimal(result.month.tokens.likely) / result.volume)
    flag = bands.compare(
        bands.DEFAULT_REFERENCES,
        pattern=start.pattern,
        kind=start.kind,
        tokens_per_interaction=tokens,
    )
    assert flag.tone == "ok"
    assert result.ranged_phases == {"production", "development", "testing"}


def test_redating_keeps_the_length_of_building():
    a = begin(STARTS["agent"], today=TODAY, sizes=bands.DEFAULT_SIZES, mix=())
    later = redate(a, today=dt.date(2027, 12, 31), build_months=a.build_months)
    assert (later.starts_on, later.live_on) == (dt.date(2028, 1, 1), dt.date(2028, 5, 1))
    assert later.production == a.production
