"""Charts: valid SVG without styles, exact geometry, the data beside it, and quick."""

import re
import time
import xml.etree.ElementTree as ET

import pytest

from apps.common import charts
from apps.common.charts.burndown import Cone
from apps.common.charts.svg import nice, runs

DAYS = [str(day) for day in range(1, 31)]
SERIES = [
    charts.Series("Production", "s1", [100 + day for day in range(30)]),
    charts.Series("Development", "s2", [50] * 30),
]


def parse(html):
    return ET.fromstring(f"<root>{html}</root>")  # noqa: S314 -- our own output


def money(value):
    return f"${value:g}"


def every_chart():
    yield charts.stacked_bars(DAYS, SERIES, title="T", summary="S", axis=money)
    yield charts.lines(DAYS, SERIES, title="T", summary="S", axis=money)
    yield charts.growth(
        DAYS, [5] * 30, [3] * 30, [9] * 30, title="T", summary="S", axis=money, cap=7
    )
    cone = Cone([50, 40, 30], [50, 20, -10], [50, 0, -60])
    yield charts.burndown(
        DAYS[:12],
        list(range(100, 50, -5)),
        budget=100,
        title="T",
        summary="S",
        axis=money,
        cone=cone,
        steps=[(20, "80% used")],
    )
    yield charts.waterfall(
        [charts.Step("Volume", 5), charts.Step("Price", -3, "cut")],
        title="T",
        summary="S",
        cell=money,
    )
    yield charts.dumbbell(
        [("A", 10, 15, "note"), ("B", None, 5, "")], title="T", summary="S", cell=money
    )
    yield charts.sparkline([1, None, 3, 2, 5], label="Trend")
    yield charts.bullet(50, 40, forecast=60, label="L")
    yield charts.meter(0.5, label="half")
    yield charts.range_bar(1, 2, 4, cap=3, label="L")


@pytest.mark.parametrize("html", list(every_chart()))
def test_markup_is_well_formed_and_keeps_the_content_policy(html):
    parse(html)
    assert not re.search(r"style=|<style|<script|\son[a-z]+=|javascript:", html)


def test_labels_are_escaped():
    html = charts.stacked_bars(
        ["<1>"], [charts.Series('<b>"x"', "s1", [1])], title="<i>", summary="a & b", axis=money
    )
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    parse(html)


def test_bars_stack_to_the_total_and_the_table_says_so():
    tree = parse(
        charts.stacked_bars(
            ["1", "2"],
            [charts.Series("A", "s1", [30, 10]), charts.Series("B", "s2", [20, None])],
            title="T",
            summary="S",
            axis=money,
        )
    )
    first = tree.findall(".//g[@class='col']")[0]
    heights = [float(rect.get("height")[:-1]) for rect in first]
    assert heights[0] / heights[1] == pytest.approx(1.5, rel=0.01)
    cells = [[cell.text for cell in row] for row in tree.findall(".//tbody/tr")]
    assert cells == [["1", "$30", "$20", "$50"], ["2", "$10", "–", "$10"]]


def test_a_day_without_data_is_hatched_and_explained_never_zero():
    html = charts.stacked_bars(
        ["1", "2"],
        [charts.Series("A", "s1", [5, None])],
        title="T",
        summary="S",
        axis=money,
        gaps={1: "No data from the gateway"},
    )
    assert 'class="gap"' in html
    assert "No data from the gateway" in html


def test_a_line_is_interrupted_where_a_value_is_missing():
    html = charts.lines(
        ["1", "2", "3", "4", "5"],
        [charts.Series("A", "s1", [1, 2, None, 4, 5])],
        title="T",
        summary="S",
        axis=money,
    )
    assert html.count('class="ln s1"') == 2


def test_burndown_marks_the_day_the_budget_runs_out():
    html = charts.burndown(
        ["1", "2", "3", "4"],
        [100, 60],
        budget=100,
        title="T",
        summary="S",
        axis=money,
        cone=Cone([60, 40, 30], [60, 20, -5], [60, 0, -40]),
    )
    assert "Runs out 4" in html
    assert "overzone" in html


def test_burndown_without_a_cone_forecasts_nothing():
    html = charts.burndown(
        ["1", "2", "3"], [100, 90], budget=100, title="T", summary="S", axis=money
    )
    assert "cone" not in html
    assert "P10" not in html


def test_empty_inputs_still_draw():
    parse(charts.stacked_bars([], [], title="T", summary="S", axis=money))
    parse(charts.lines([], [], title="T", summary="S", axis=money))
    assert "svg" not in charts.sparkline([1])
    parse(charts.meter(None))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 97, (0, 25, 50, 75, 100)), (0, 1, (0, 0.25, 0.5, 0.75, 1)), (-30, 80, (-50, 0, 50, 100))],
)
def test_ticks_are_round_and_few(low, high, ticks):
    assert nice(low, high, 4).ticks == pytest.approx(ticks)


def test_runs_split_at_gaps():
    assert runs([1, None, 2, 3]) == [[0], [2, 3]]


def test_ninety_days_of_six_series_take_less_than_fifteen_milliseconds():
    labels = [str(day) for day in range(90)]
    series = [charts.Series(f"S{i}", f"s{i + 1}", list(range(90))) for i in range(6)]
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        charts.stacked_bars(labels, series, title="T", summary="S", axis=money)
        best = min(best, time.perf_counter() - started)
    assert best < 0.015


def test_a_gap_to_next_to_nothing_is_new():
    def gaps(declared: int) -> list[str]:
        rows = [("Claims", declared, 173_400, "")]
        html = charts.dumbbell(rows, title="T", summary="S", cell=str, minimum=100)
        return re.findall(r'<span class="chip bad">([^<]*)</span>', html)

    assert gaps(99) == ["new"]
    assert gaps(100) == ["1734×"]
    assert gaps(0) == ["not declared"]
