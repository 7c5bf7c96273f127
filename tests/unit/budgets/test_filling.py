"""A budget that is filled while nobody asks for more."""

from fractions import Fraction

import pytest

from apps.budgets.rules.filling import PeriodUse, Verdict, demand, verdict


def periods(*used, limit=100, requests=(50, 50, 50), days=30):
    return [PeriodUse(limit, use, asked, days) for use, asked in zip(used, requests, strict=True)]


@pytest.mark.parametrize(
    ("uses", "found"),
    [
        (periods(70, 85, 96), Verdict.FILLING),
        (periods(70, 85, 96, requests=(50, 40, 52)), Verdict.FILLING),
        (periods(70, 85, 96, requests=(50, 60, 70)), Verdict.DEMAND),
        (periods(70, 85, 111), Verdict.OVERSPENT),
        (periods(70, 85, 89), Verdict.ROOM),
        (periods(70, 96, 90), Verdict.ROOM),
        (periods(95, 96, 97), Verdict.ROOM),
        (periods(70, 85, 96, requests=(None, None, None)), Verdict.UNKNOWN),
        (periods(70, 85, 96, requests=(0, 40, 52)), Verdict.UNKNOWN),
        (periods(70, 85, 96, limit=None), Verdict.UNKNOWN),
        (periods(70, 85, 96, limit=0), Verdict.UNKNOWN),
        (periods(70, 85, 96)[1:], Verdict.UNKNOWN),
    ],
)
def test_verdicts(uses, found):
    assert verdict(uses) is found


def test_demand_is_of_the_average_day():
    uses = [PeriodUse(100, 1, 280, 28), PeriodUse(100, 1, 310, 31)]
    assert demand(uses) == 0
    assert demand([PeriodUse(1, 1, 10, 10), PeriodUse(1, 1, 15, 10)]) == Fraction(1, 2)
    assert demand([PeriodUse(1, 1, None, 10), PeriodUse(1, 1, 15, 10)]) is None
