"""CSV for spreadsheets: exact, and nothing that runs."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils.safestring import mark_safe

from apps.common.web import csvout


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(1)"]
)
def test_text_that_would_run_as_a_formula_is_quoted(text):
    assert csvout.cell(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (-5, -5),
        ("+1", "+1"),
        ("-0.05", "-0.05"),
        (Decimal("-0.000000001"), "-0.000000001"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 11, 22), "2026-11-22"),
        (datetime(2026, 11, 22, 6, tzinfo=UTC), "2026-11-22T06:00:00+00:00"),
        (["a", "b"], "a; b"),
        (mark_safe("<b>Bold</b>"), "Bold"),
        ("plain", "plain"),
    ],
)
def test_values_keep_their_precision(value, text):
    assert csvout.cell(value) == text


def test_the_file_is_utf8_with_a_mark_and_every_row():
    rows = ([n, f'Zürich "{n}"'] for n in range(1201))
    data = b"".join(csvout.encode(["Number", "=Name"], rows))
    assert data.startswith(b"\xef\xbb\xbf")
    parsed = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert parsed[0] == ["Number", "'=Name"]
    assert parsed[1201] == ["1200", 'Zürich "1200"']
    assert len(parsed) == 1202


def test_an_error_half_way_is_an_error_and_not_half_a_file():
    def rows():
        yield ["1"]
        raise RuntimeError("lost connection")

    with pytest.raises(RuntimeError):
        csvout.response("x.csv", ["A"], rows())
