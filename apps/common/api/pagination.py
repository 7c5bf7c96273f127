"""Cursor pagination: stable while rows arrive, no COUNT over the whole table."""

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """`?cursor=…&page_size=…`. The view's `ordering` decides; newest first by default.

    Ids are time-ordered, so `-id` is the order of creation.
    """

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-id"
