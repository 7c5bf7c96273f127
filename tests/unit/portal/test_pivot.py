"""A pivot's parts add up, also those it does not show."""

from apps.portal.rules.pivot import OTHERS, pivot

CELLS = [
    (("a", "x"), ("A", "X"), 5),
    (("a", "y"), ("A", "Y"), 7),
    (("b", "x"), ("B", "X"), 20),
    (("b", None), ("B", "No model"), 1),
    (("c", "z"), ("C", "Z"), None),
]


def test_largest_first_both_ways_and_totals():
    p = pivot(CELLS)
    assert [key for key, _ in p.columns] == ["x", "y", None, "z"]
    assert [row.key for row in p.rows] == ["b", "a", "c"]
    assert p.rows[0].cells == [20, None, 1, None]
    assert (p.totals, p.total) == ([25, 7, 1, None], 33)


def test_columns_that_do_not_fit_are_added_up():
    p = pivot(CELLS, most_columns=1)
    assert p.columns == [("x", "X"), (OTHERS, "3 others")]
    assert p.rows[1].cells == [5, 7]
    assert sum(n or 0 for n in p.totals) == p.total == 33


def test_rows_that_do_not_fit_are_counted():
    assert pivot(CELLS, most_rows=1).hidden_rows == 2
    assert pivot([]).total is None
