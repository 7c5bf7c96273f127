"""Files of a report: the PDF opens and holds the words, the CSV the exact values."""

import logging
from datetime import UTC, datetime
from decimal import Decimal

from apps.reports.content import Report
from apps.reports.documents import csv_file
from apps.reports.pdf import MOST_ROWS, drawable, pdf_file
from tests.unit.reports.pdftext import text_of

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)


def report(**changes):
    values = {
        "title": "Workflows, 16–22 Nov",
        "headline": "2 capabilities cost $2,610, 30.5% more than in 9–15 Nov",
        "lede": "Whole days.",
        "facts": [("Cost", "$2,610", "+31% on the days before"), ("Runs", "12", "")],
        "head": ["Capability", "Cost", "Change"],
        "rows": [["Cäfé – Łódź Ωmega Жук", "$2,500", "−25%"], ["=1+1", "$110", "new"]],
        "csv_head": ["Capability", "Cost (USD)"],
        "csv_rows": [["=HYPERLINK(1)", Decimal("2500.000000001")], ["@x", None]],
        "notes": ["Data to 22 Nov, 06:00 UTC."],
        "path": "/o/acme/inform/workflows/",
        "filename": "workflows",
    }
    return Report(**{**values, **changes})


def test_the_pdf_holds_the_figures_and_every_accent(caplog):
    caplog.set_level(logging.WARNING)
    made = pdf_file(report(), "Société Générale d’Æther", AT, plain=True)
    assert made.startswith(b"%PDF-1.")
    assert made.rstrip().endswith(b"%%EOF")
    words = text_of(made)
    for wanted in (
        "2 capabilities cost $2,610, 30.5% more than in 9–15 Nov", "$2,610",
        "+31% on the days before",
        "Cäfé – Łódź Ωmega Жук", "$2,500", "−25%", "=1+1", "Data to 22 Nov, 06:00 UTC.",
        "Société Générale d’Æther · Workflows, 16–22 Nov · TokenOps", "1 / ",
    ):  # fmt: skip
        assert wanted in words
    assert caplog.records == []


def test_a_long_table_goes_over_pages_with_its_head_and_says_what_is_left():
    rows = [[f"Line {number}", "$1", "0%"] for number in range(MOST_ROWS + 7)]
    words = text_of(pdf_file(report(rows=rows), "Acme", AT, plain=True))
    pages = int(words[-1])
    assert pages > 3
    assert f"{pages} / " in words
    assert words.count("Capability") == pages
    assert f"Line {MOST_ROWS - 1}" in words
    assert f"Line {MOST_ROWS}" not in words
    assert "7 more rows in the CSV." in words


def test_an_empty_report_is_a_page():
    words = text_of(pdf_file(report(rows=[], facts=[]), "Acme", AT, plain=True))
    assert "Whole days." in words
    assert "Capability" not in words


def test_what_the_font_lacks_becomes_a_square_and_accents_are_composed():
    assert drawable("A日\u0000B") == "A□ B"
    assert drawable("e\u0301") == "é"


def test_no_cell_of_the_csv_runs_as_a_formula():
    name, content, media = csv_file(report())
    assert (name, media) == ("workflows.csv", "text/csv")
    assert content.decode("utf-8-sig").splitlines() == [
        "Capability,Cost (USD)",
        "'=HYPERLINK(1),2500.000000001",
        "'@x,",
    ]
