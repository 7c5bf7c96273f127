"""What stands around requests: deputies, calendar, metrics."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.approvals import services
from apps.approvals.api import examples, serializers
from apps.approvals.models import (
    ApprovalDelegation,
)
from apps.approvals.rules.working_days import weekdays_of
from apps.approvals.selectors import calendar, deputies
from apps.approvals.selectors.metrics import metrics
from apps.common import clock
from apps.common.errors import Invalid


class DelegationListView(generics.ListAPIView):
    """Delegations the caller takes part in; all of them for who manages routes."""

    permission_required = {"GET": P.APPROVAL_VIEW, "POST": P.APPROVAL_VIEW}
    serializer_class = serializers.DelegationSerializer

    def get_queryset(self) -> QuerySet[ApprovalDelegation]:
        return deputies.delegations(self.request.auth)

    @extend_schema(
        request=serializers.DelegateSerializer,
        responses={201: serializers.DelegationSerializer},
        examples=[examples.DEPUTY],
    )
    def post(self, request: Request) -> Response:
        asked = serializers.DelegateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.create_delegation(actor=request.auth, **asked.validated_data)
        return Response(serializers.DelegationSerializer(row).data, status=201)


class DelegationView(APIView):
    """One delegation. DELETE ends it now; it stays as evidence."""

    permission_required = {"GET": P.APPROVAL_VIEW, "DELETE": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.DelegationSerializer)
    def get(self, request: Request, delegation_id: UUID) -> Response:
        row = deputies.delegation_by_id(request.auth, delegation_id)
        return Response(serializers.DelegationSerializer(row).data)

    @extend_schema(responses={200: serializers.DelegationSerializer})
    def delete(self, request: Request, delegation_id: UUID) -> Response:
        row = services.revoke_delegation(actor=request.auth, delegation_id=delegation_id)
        return Response(serializers.DelegationSerializer(row).data)


class CalendarView(APIView):
    """The working calendar. PUT changes the week; open steps keep their due time."""

    permission_required = {"GET": P.APPROVAL_VIEW, "PUT": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(responses=serializers.CalendarViewSerializer)
    def get(self, request: Request) -> Response:
        return Response(_calendar())

    @extend_schema(
        request=serializers.CalendarSerializer,
        responses=serializers.CalendarViewSerializer,
        examples=[examples.CALENDAR],
    )
    def put(self, request: Request) -> Response:
        asked = serializers.CalendarSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.change_calendar(actor=request.auth, **asked.validated_data)
        return Response(_calendar())


class HolidayListView(APIView):
    """Adds days off; a day that is there gets the new name."""

    permission_required = {"POST": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(
        request=serializers.HolidaySerializer(many=True),
        responses={201: serializers.CalendarViewSerializer},
        examples=[examples.HOLIDAYS],
    )
    def post(self, request: Request) -> Response:
        asked = serializers.HolidaySerializer(data=request.data, many=True)
        asked.is_valid(raise_exception=True)
        services.add_holidays(
            actor=request.auth, days=[(row["day"], row["name"]) for row in asked.validated_data]
        )
        return Response(_calendar(), status=201)


class HolidayView(APIView):
    """A day off becomes a working day again."""

    permission_required = {"DELETE": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, holiday_id: UUID) -> Response:
        services.remove_holiday(actor=request.auth, holiday_id=holiday_id)
        return Response(status=204)


def _calendar() -> Any:
    known = calendar.settings()
    return serializers.CalendarViewSerializer(
        {
            "workdays": sorted(weekdays_of(known.workdays)),
            "closes_at": known.closes_at,
            "undo_hours": known.undo_hours,
            "holidays": calendar.holidays(),
        }
    ).data


@extend_schema(
    parameters=[
        OpenApiParameter("start", OpenApiTypes.DATETIME, description="default: 90 days ago"),
        OpenApiParameter("end", OpenApiTypes.DATETIME, description="default: now"),
    ]
)
class MetricsView(APIView):
    """Cycle time by step, overdue, approvals by lane, declined by reason, for units in sight."""

    permission_required = {"GET": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.MetricsSerializer)
    def get(self, request: Request) -> Response:
        end = _instant(request, "end") or clock.now()
        start = _instant(request, "start") or end - timedelta(days=90)
        if start >= end:
            raise Invalid("The start is not before the end.", field="start", fix="Swap them.")
        found = metrics(request.auth, start=start, end=end)
        return Response(serializers.MetricsSerializer(found).data)


def _instant(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise Invalid("Not an instant.", field=name, fix="Use 2026-11-01T00:00:00Z.")
    return found
