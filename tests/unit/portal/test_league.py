"""Lines of the league table: changes, shares and narrowing, worked by hand."""

from decimal import Decimal

from apps.common.money import NANOS
from apps.portal.rules.league import Line, Side, added, change, matching, shown_change


def line(label="Chat", **changes):
    values = {
        "key": "k", "capability_id": "k", "label": label, "of": "", "code": label.lower(),
        "unit": "Claims", "owner": "Ada", "owner_id": "m1", "stage": "pilot", "kind": "production",
        "now": Side(), "before": Side(),
    }  # fmt: skip
    return Line(**{**values, **changes})


def test_a_change_is_exact_and_none_without_a_base():
    assert change(125, 100) == Decimal("0.25")
    assert change(0, 100) == -1
    assert [change(5, 0), change(None, 5), change(5, None)] == [None] * 3
    assert shown_change(150, 100, 101) is None
    assert shown_change(150, 100, 100) == Decimal("0.5")


def test_shares_say_how_much_the_figures_rest_on():
    told = line(
        now=Side(runs=3, cost_nanos=8 * NANOS, run_cost_nanos=6 * NANOS),
        attributed={"direct": 0.5, "rule": 0.25, "none": 0.25},
    )
    assert (told.run_share, told.stated) == (Decimal("0.75"), 0.75)
    assert (line().run_share, line().stated) == (None, None)
    assert line(now=Side(runs=0, cost_nanos=None)).run_share is None


def test_lines_are_added_and_what_nothing_tells_stays_missing():
    lines = [
        line(
            now=Side(runs=None, input=10, cached=4, output=1, cost_nanos=None, unpriced_tokens=11)
        ),
        line(now=Side(runs=2, input=20, output=2, cost_nanos=5)),
    ]
    found = added(lines, "now")
    assert (found.runs, found.tokens, found.cached, found.cost_nanos) == (2, 33, 4, 5)
    assert added(lines[:1], "now").cost_nanos is None
    assert (added([], "now").cost_nanos, added([], "now").runs) == (0, None)


def test_lines_are_narrowed_by_words_stage_owner_and_confidence():
    measured = line("Chat", basis="measured", now=Side(cost_per_outcome=5))
    nothing = line("Bot", unit="Retail", stage="production", owner_id="", basis="measured")
    both = [measured, nothing]
    assert matching(both) == both
    assert matching(both, q="CLAIMS chat") == [measured]
    assert matching(both, q="chat retail") == []
    assert matching(both, stage="production") == [nothing]
    assert matching(both, owner="m1") == [measured]
    assert matching(both, confidence="measured") == [measured]
    assert matching(both, confidence="none") == [nothing]
