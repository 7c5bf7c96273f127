"""Pages and their cursors."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from apps.common.web import paging


@pytest.mark.parametrize(
    ("asked", "number", "start", "end"),
    [("", 1, 1, 25), ("3", 3, 51, 60), ("99", 3, 51, 60), ("0", 1, 1, 25), ("x", 1, 1, 25)],
)
def test_a_page_out_of_range_is_the_nearest_one(asked, number, start, end):
    page = paging.numbered(list(range(60)), asked, 25)
    assert (page.number, page.start, page.end, page.pages) == (number, start, end, 3)


def test_an_empty_list_has_one_empty_page():
    page = paging.numbered([], "", 25)
    assert (page.start, page.end, page.pages, page.several) == (0, 0, 1, False)


@pytest.mark.parametrize(
    ("text", "size"), [("50", 50), ("25", 25), ("7", 25), ("-1", 25), ("", 25), ("1e9", 25)]
)
def test_only_offered_sizes(text, size):
    assert paging.parse_size(text, 25) == size


def test_cursors_keep_types():
    values = [
        datetime(2026, 11, 22, 6, tzinfo=UTC),
        UUID("01a20ac3-56d4-7000-9130-64b0eccdfdbc"),
        "text",
        7,
    ]
    assert paging._decode(paging._encode(values), 4) == values


@pytest.mark.parametrize("cursor", ["", "!!!", "AAAA", "W10", "bnVsbA", "eyJhIjoxfQ"])
def test_a_broken_cursor_starts_at_the_beginning(cursor):
    assert paging._decode(cursor, 2) is None
