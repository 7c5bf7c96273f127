"""Months of the books and adjustments to closed ones."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.common.api.pagination import CursorPagination, Whole
from apps.common.errors import NotFound
from apps.common.periods import Month
from apps.ledger import services
from apps.ledger.api import examples, serializers
from apps.ledger.enums import PeriodStatus
from apps.ledger.models import UsageAdjustment
from apps.ledger.selectors import (
    adjustments,
    periods,
)
from apps.ledger.selectors.checklist import checklist
from apps.ledger.selectors.own_periods import own_period, own_periods, sees_whole
from apps.ledger.selectors.state import ledger_settings


class AdjustmentPagination(CursorPagination):
    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class AdjustmentListView(generics.ListAPIView):
    """Changes that reached closed months, the latest first. `month` is the closed one."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.AdjustmentSerializer
    pagination_class = AdjustmentPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=[OpenApiParameter("month", OpenApiTypes.STR, description="YYYY-MM")])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageAdjustment]:
        found = adjustments.adjustments(self.request.auth)
        text = self.request.query_params.get("month", "")
        return adjustments.from_month(found, _month(text)) if text else found

    def get_serializer_context(self) -> dict[str, Any]:
        common = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return common
        return {
            **common,
            "currency": ledger_settings().currency,
            "words": adjustments.SliceWords(),
        }

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_serializer(*args, **kwargs)
        if kwargs.get("many") and args:
            found.context["words"].load(row.slice_id for row in args[0])
        return found


class PeriodListView(APIView):
    """Every month with usage, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}
    pagination_class = Whole

    @extend_schema(responses=serializers.PeriodSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response({"results": [_period_json(row) for row in own_periods(request.auth)]})


class PeriodView(APIView):
    """One month, and its steps."""

    permission_required = {"GET": P.USAGE_VIEW, "POST": P.PERIOD_MANAGE}

    @extend_schema(
        parameters=[serializers.VerifySerializer], responses=serializers.OnePeriodSerializer
    )
    def get(self, request: Request, month: str) -> Response:
        asked = serializers.VerifySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(
            _one_period(request.auth, _month(month), verify=asked.validated_data["verify"])
        )

    @extend_schema(
        examples=[examples.STEP],
        request=serializers.StepSerializer,
        responses=serializers.OnePeriodSerializer,
    )
    def post(self, request: Request, month: str) -> Response:
        asked = serializers.StepSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        which, note = _month(month), asked.validated_data["note"]
        base = {"actor": request.auth, "month": which, "version": asked.validated_data["version"]}
        match asked.validated_data["step"]:
            case "settle":
                services.settle_period(**base, note=note)
            case "close":
                services.close_period(**base, note=note)
            case _:
                services.reopen_period(**base, reason=note)
        return Response(_one_period(request.auth, which, verify=False))


def _month(text: str) -> date:
    try:
        return Month.parse(text).start
    except ValueError:
        raise NotFound("There is no such month.", code="period_not_found") from None


def _one_period(actor: Actor, month: date, *, verify: bool) -> dict[str, Any]:
    """A month as the actor sees it. Checklist and proof speak of everything: whoever sees units
    only gets neither."""
    row, whole = own_period(actor, month), sees_whole(actor)
    checks = checklist(month) if whole and row.status != PeriodStatus.CLOSED else []
    return {
        **_period_json(row),
        "checklist": serializers.CheckSerializer(checks, many=True).data,
        "unchanged": periods.is_unchanged(month) if verify and whole else None,
    }


def _period_json(row: periods.PeriodRow) -> dict[str, Any]:
    context = {"currency": ledger_settings().currency}
    return dict(serializers.PeriodSerializer(row, context=context).data)
