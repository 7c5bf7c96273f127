"""Return, payback and cost per outcome, worked out by hand."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from apps.stories import rules, worth
from apps.stories.enums import ValuePer
from apps.stories.worth import REQUIRED

D = Decimal


def test_units_of_change_count_by_their_size():
    given = {"change": D("-4.5"), "adoption_percent": D(70), "interactions": D(14_000)}
    assert worth.units_per_month(per=ValuePer.INTERACTION, **given) == D(44_100)
    assert worth.units_per_month(per=ValuePer.MONTH, **given) == D("4.5")


def test_value_counted_a_month_stays_while_cost_grows():
    # build 300, running 100 then 200; worth 250 a month: −300 +150 +50 +50 … never in 3 months
    found = worth.worth(
        units=D(5), month=250, grows=False, build_cost=300, run_costs=[100, 200, 200]
    )
    assert (found.value_total, found.cost_total, found.net) == (750, 800, -50)
    assert found.payback_months is None
    assert found.roi == D(-50) / D(800)


def test_value_counted_per_interaction_grows_with_production():
    # values 250, 500, 500: −300 +150 → −150, then +300 → 150: paid back in month 2
    found = worth.worth(
        units=D(5), month=250, grows=True, build_cost=300, run_costs=[100, 200, 200]
    )
    assert (found.value_total, found.payback_months) == (1_250, 2)
    assert found.roi == D(450) / D(800)


def test_a_free_plan_has_no_return():
    found = worth.worth(units=D(1), month=10, grows=True, build_cost=0, run_costs=[0, 0])
    assert (found.roi, found.payback_months, found.value_total) == (None, 1, 20)


def test_cost_per_outcome_rounds_half_to_even():
    assert worth.cost_per_outcome(2_538_174_240_000, D(44_100)) == 57_554_971
    assert worth.cost_per_outcome(5, D(2)) == 2
    assert worth.cost_per_outcome(5, D(0)) is None


@pytest.mark.parametrize(
    ("build", "costs", "month"), [(300, [100, 100, 100], 3), (301, [100, 100, 100], None),
                                  (1, [5], 1), (0, [5], None), (10, [], None)],
)  # fmt: skip
def test_the_month_in_which_running_has_cost_as_much_as_building(build, costs, month):
    assert worth.run_overtakes_build(build, costs) == month


@pytest.mark.parametrize(
    ("lifetime", "amount", "mandatory"),
    [(99, 100, False), (100, 100, True), (0, 0, True), (10**15, None, False), (None, 0, False)],
)
def test_when_value_is_mandatory(lifetime, amount, mandatory):
    assert rules.value_is_mandatory(lifetime, amount) is mandatory


def test_everything_a_hypothesis_lacks_is_named_with_its_fix():
    empty = SimpleNamespace(**dict.fromkeys(REQUIRED, None), value_evidence_url="")
    empty.value_metric, empty.value_why = "  ", ""
    found = list(worth.missing(empty))
    assert [error.field for error in found] == [
        "value_metric", "value_unit", "value_baseline", "value_change", "value_money",
        "value_confidence", "value_measure_on", "value_owner", "value_why",
    ]  # fmt: skip
    assert all(error.fix for error in found)
    empty.value_baseline = D(0)
    assert "value_baseline" not in [error.field for error in worth.missing(empty)]


@pytest.mark.parametrize(
    ("nanos", "cap"),
    [(0, 0), (1, 1), (99 * 10**9, 99), (100 * 10**9 + 1, 110), (3_871 * 10**9, 3_900),
     (12_000 * 10**9, 12_000), (12_001 * 10**9, 13_000)],
)  # fmt: skip
def test_a_suggested_cap_is_round_and_never_below(nanos, cap):
    assert rules.round_up_cap(nanos) == cap
