"""Evidence in the API: read, and verify."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.trail import reports
from apps.trail.api import serializers
from apps.trail.models import TrailEvent


class TrailFilter(django_filters.FilterSet):
    """`after` and `before` are instants: after <= at < before."""

    after = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    action = django_filters.CharFilter()
    actor_kind = django_filters.CharFilter()
    actor_id = django_filters.UUIDFilter()
    object_type = django_filters.CharFilter()
    object_id = django_filters.UUIDFilter()


class TrailListView(generics.ListAPIView):
    """Events, newest first."""

    permission_required = {"GET": P.TRAIL_VIEW}
    serializer_class = serializers.TrailEventSerializer
    filterset_class = TrailFilter

    def get_queryset(self) -> QuerySet[TrailEvent]:
        if getattr(self, "swagger_fake_view", False):
            return TrailEvent.objects.none()
        return reports.all_events()


class TrailEventView(APIView):
    """One event."""

    permission_required = {"GET": P.TRAIL_VIEW}

    @extend_schema(responses=serializers.TrailEventSerializer)
    def get(self, request: Request, event_id: UUID) -> Response:
        return Response(serializers.TrailEventSerializer(reports.event_by_id(event_id)).data)


class TrailSealView(APIView):
    """How far the chain reaches; POST recomputes it and writes the result in the trail."""

    permission_required = {"GET": P.TRAIL_VIEW, "POST": P.TRAIL_VIEW}

    @extend_schema(responses=serializers.SealSerializer)
    def get(self, request: Request) -> Response:
        return Response(serializers.SealSerializer(reports.seal_state()).data)

    @extend_schema(request=None, responses=serializers.VerdictSerializer)
    def post(self, request: Request) -> Response:
        actor: Any = request.auth
        return Response(serializers.VerdictSerializer(reports.verify_now(actor=actor)).data)
