"""Records and restatements."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.permissions import P
from apps.common.api.pagination import CursorPagination, Whole
from apps.common.errors import Invalid
from apps.common.web.filters import parse_day
from apps.ledger.api import serializers
from apps.ledger.models import UsageRecord, UsageRestatement
from apps.ledger.selectors import (
    records,
    restatements,
)
from apps.ledger.selectors.state import ledger_settings


class RecordPagination(CursorPagination):
    ordering = ("-occurred_at", "-record_key")  # type: ignore[assignment]


class RestatementPagination(CursorPagination):
    ordering = ("-restated_at", "-id")  # type: ignore[assignment]


_DAYS = [
    OpenApiParameter("start", OpenApiTypes.DATE, description="First day."),
    OpenApiParameter("end", OpenApiTypes.DATE, description="Day after the last one."),
]


class _InDays(generics.ListAPIView):
    """A list of rows of [start, end)."""

    def between(self, found: QuerySet[Any]) -> QuerySet[Any]:
        asked: list[date | None] = []
        for name in ("start", "end"):
            text = self.request.query_params.get(name, "")
            day = parse_day(text)
            if text and day is None:
                raise Invalid(f"{text!r} is not a day.", field=name, fix="Use YYYY-MM-DD.")
            asked.append(day)
        return records.of_days(found, *asked)

    def get_serializer_context(self) -> dict[str, Any]:
        common = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return common
        return {
            **common,
            "currency": ledger_settings().currency,
            "words": records.Words(self.request.auth),
        }


class RecordListView(_InDays):
    """Current versions of usage records in sight, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.RecordSerializer
    pagination_class = RecordPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=_DAYS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageRecord]:
        return self.between(records.records(self.request.auth))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_serializer(*args, **kwargs)
        if kwargs.get("many") and args:
            found.context["words"].load(row.dimset_id for row in args[0])
        return found


class RestatementListView(_InDays):
    """Superseded versions of records in sight, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.RestatementSerializer
    pagination_class = RestatementPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=_DAYS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageRestatement]:
        return self.between(records.restatements(self.request.auth))


class RestatementSummaryView(_InDays):
    """Restatements taken together; days are those of the usage."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.RestatedGroupSerializer
    filter_backends: tuple[Any, ...] = ()
    pagination_class = Whole  # type: ignore[assignment]

    @extend_schema(parameters=[serializers.GroupSerializer, *_DAYS])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = serializers.GroupSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = self.between(records.restatements(request.auth))
        rows = restatements.grouped(found, asked.validated_data["by"])
        return Response({"results": self.get_serializer(rows, many=True).data})

    def get_queryset(self) -> QuerySet[UsageRestatement]:
        return self.between(records.restatements(self.request.auth))
