"""A report as PDF, for people. Imported where one is drawn: the library takes 0.4 s to load.

The font is embedded: names keep their accents wherever the file is opened. A character that it
lacks (Chinese, emoji) becomes a square in the PDF; the CSV and the e-mail have it.
"""

import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace, TTFFont

from apps.reports.content import Report

MOST_ROWS = 200
"""Rows of a PDF; the CSV has all."""
FONTS = Path(__file__).parent / "fonts"
_FAMILY = "Report"
_FILES = {"": "DejaVuSansCondensed.ttf", "B": "DejaVuSansCondensed-Bold.ttf"}
_INK, _QUIET, _LINE = (23, 23, 26), (104, 102, 106), (230, 228, 222)
_SQUARE = "\u25a1"


def drawable(text: str) -> str:
    """The text in characters of the font; others become squares, control characters spaces."""
    known = _characters()
    return "".join(
        " " if unicodedata.category(char)[0] == "C" else char if ord(char) in known else _SQUARE
        for char in unicodedata.normalize("NFC", text)
    )


@cache
def _characters() -> frozenset[int]:
    """What the regular font draws; the bold one draws the same."""
    page = FPDF()
    page.add_font(_FAMILY, "", FONTS / _FILES[""])
    font = cast("TTFFont", page.fonts[_FAMILY.lower()])
    return frozenset(font.cmap)


class _Page(FPDF):
    """A4 across, with what it is and its number at the foot."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(_FAMILY, size=7.5)
        self.set_text_color(*_QUIET)
        self.cell(0, 4, self.foot)
        self.set_x(self.l_margin)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")


def pdf_file(report: Report, organization: str, made_at: datetime, *, plain: bool = False) -> bytes:
    """The report as PDF. `plain` leaves it uncompressed, for those who read it by hand."""
    page = _Page(orientation="landscape", unit="mm", format="A4")
    page.set_compression(not plain)
    page.set_creation_date(made_at)
    page.set_title(report.title)
    page.set_author(organization)
    page.set_lang("en")
    for style, name in _FILES.items():
        page.add_font(_FAMILY, style, FONTS / name)
    page.foot = drawable(f"{organization} · {report.title} · TokenOps")
    page.set_margins(14, 14)
    page.set_auto_page_break(auto=True, margin=16)
    page.add_page()
    _line(page, report.headline, size=15, style="B", height=7)
    _line(page, report.lede, size=9, color=_QUIET, height=4.6)
    page.ln(3)
    if report.facts:
        _facts(page, report)
    if report.rows:
        _table(page, report)
        if len(report.rows) > MOST_ROWS:
            page.ln(2)
            _line(page, f"{len(report.rows) - MOST_ROWS} more rows in the CSV.", size=8)
    page.ln(3)
    for note in report.notes:
        _line(page, note, size=8, color=_QUIET, height=4.2)
    return bytes(page.output())


def _line(
    page: FPDF,
    text: str,
    *,
    size: float,
    style: str = "",
    color: tuple[int, int, int] = _INK,
    height: float = 4.6,
) -> None:
    page.set_font(_FAMILY, style, size)
    page.set_text_color(*color)
    page.multi_cell(0, height, drawable(text), align="L", new_x="LMARGIN", new_y="NEXT")


def _facts(page: FPDF, report: Report) -> None:
    """The figures over the table, side by side."""
    width, top = page.epw / len(report.facts), page.get_y()
    for place, (label, value, note) in enumerate(report.facts):
        left = page.l_margin + place * width
        for text, size, style, color, down in (
            (label, 8, "", _QUIET, 0.0),
            (value, 13, "B", _INK, 4.4),
            (note, 7.5, "", _QUIET, 10.8),
        ):
            page.set_xy(left, top + down)
            page.set_font(_FAMILY, style, size)
            page.set_text_color(*color)
            page.cell(width - 2, 4.4 if style == "" else 6, drawable(text))
    page.set_xy(page.l_margin, top + 18)


def _table(page: FPDF, report: Report) -> None:
    """The first column is the widest, figures stand at the right, the head is on each page."""
    page.set_font(_FAMILY, size=8)
    page.set_text_color(*_INK)
    page.set_draw_color(*_LINE)
    words = [place in report.words for place in range(len(report.head))]
    widths = [2.0 if is_word else 1.2 for is_word in words]
    head = FontFace(emphasis="BOLD", color=_QUIET)
    with page.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=(3, *widths[1:]),
        text_align=tuple("LEFT" if is_word else "RIGHT" for is_word in words),
        headings_style=head,
        line_height=4.4,
        padding=(0.9, 1.2),
    ) as table:
        for values in (report.head, *report.rows[:MOST_ROWS]):
            row = table.row()
            for value in values:
                row.cell(drawable(value))
