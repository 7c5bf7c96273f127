"""Cursor pagination: stable while rows arrive, no COUNT over the whole table."""

from typing import Any

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """`?cursor=…&page_size=…`. The view's `ordering` decides; newest first by default.

    Ids are time-ordered, so `-id` is the order of creation.
    """

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-id"


class Whole:
    """The description of a list that is answered whole: `results`, without pages."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "required": ["results"], "properties": {"results": schema}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []
