"""What a look does with a threshold: news once, ahead again only by a higher limit."""

import pytest

from apps.budgets.enums import Basis
from apps.budgets.rules.crossing import OVERRUN, Step, Told, severity, step, watched


@pytest.mark.parametrize(
    ("known", "reached", "limit", "found"),
    [
        (None, False, 100, Step.KEEP),
        (None, True, 100, Step.TELL),
        (Told(100, is_armed=False), True, 100, Step.KEEP),
        (Told(100, is_armed=False), False, 100, Step.KEEP),
        (Told(100, is_armed=False), False, 90, Step.KEEP),
        (Told(100, is_armed=False), True, 150, Step.KEEP),
        (Told(100, is_armed=False), False, 150, Step.ARM),
        (Told(100, is_armed=True), False, 150, Step.KEEP),
        (Told(100, is_armed=True), True, 150, Step.TELL),
        (Told(100, is_armed=True), True, 100, Step.KEEP),
    ],
)
def test_steps(known, reached, limit, found):
    assert step(known, reached=reached, limit=limit) is found


def test_the_overrun_is_looked_at_whatever_the_thresholds_are():
    assert watched([], 100) == [(Basis.ACTUAL, OVERRUN)]
    assert watched([(Basis.ACTUAL, 50), (Basis.FORECAST, 100)], 100) == [
        (Basis.ACTUAL, 50),
        (Basis.FORECAST, 100),
        (Basis.ACTUAL, OVERRUN),
    ]
    assert watched([(Basis.ACTUAL, 50)], 0) == [(Basis.ACTUAL, OVERRUN)]
    assert severity(Basis.ACTUAL, 100) > severity(Basis.FORECAST, 100) > severity(Basis.ACTUAL, 90)
