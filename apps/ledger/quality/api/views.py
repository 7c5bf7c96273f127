"""Data-quality alerts over the API."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.ledger.quality import selectors, services
from apps.ledger.quality.api import examples
from apps.ledger.quality.models import QualityAlert


class QualityAlertSerializer(serializers.ModelSerializer):
    """A reason to doubt figures."""

    class Meta:
        model = QualityAlert
        fields = (
            "id",
            "kind",
            "severity",
            "state",
            "version",
            "title",
            "detail",
            "source_id",
            "capability_id",
            "path",
            "since",
            "raised",
            "first_seen",
            "last_seen",
            "acknowledged_at",
            "acknowledged_by",
            "resolved_at",
            "resolved_by",
            "note",
        )


class QualityStepSerializer(serializers.Serializer):
    """The version that was read, and a note (needed to resolve)."""

    version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class AlertFilter(django_filters.FilterSet):
    """State, kind, weight, source and capability."""

    state = django_filters.CharFilter()
    kind = django_filters.CharFilter()
    severity = django_filters.CharFilter()
    source_id = django_filters.UUIDFilter()
    capability_id = django_filters.UUIDFilter()


class AlertListView(ActorMixin, generics.ListAPIView):
    """Data-quality alerts, resolved ones included."""

    permission_required = {"GET": P.SOURCE_VIEW}
    serializer_class = QualityAlertSerializer
    filterset_class = AlertFilter

    def get_queryset(self) -> QuerySet[QualityAlert]:
        if getattr(self, "swagger_fake_view", False):
            return QualityAlert._base_manager.none()
        return selectors.alerts(self.actor)


class AlertView(ActorMixin, APIView):
    """One alert."""

    permission_required = {"GET": P.SOURCE_VIEW}

    @extend_schema(responses=QualityAlertSerializer)
    def get(self, request: Request, quality_alert_id: UUID) -> Response:
        return Response(_json(selectors.alert(self.actor, quality_alert_id)))


class AcknowledgeView(ActorMixin, APIView):
    """Say that somebody has it."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.ACKNOWLEDGE],
        request=QualityStepSerializer,
        responses=QualityAlertSerializer,
    )
    def post(self, request: Request, quality_alert_id: UUID) -> Response:
        data = _asked(request)
        found = services.acknowledge(actor=self.actor, alert_id=quality_alert_id, **data)
        return Response(_json(found))


class ResolveView(ActorMixin, APIView):
    """Close it for good; needs a note."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.RESOLVE], request=QualityStepSerializer, responses=QualityAlertSerializer
    )
    def post(self, request: Request, quality_alert_id: UUID) -> Response:
        data = _asked(request)
        found = services.resolve(actor=self.actor, alert_id=quality_alert_id, **data)
        return Response(_json(found))


def _asked(request: Request) -> dict[str, Any]:
    asked = QualityStepSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _json(found: QualityAlert) -> dict[str, Any]:
    return dict(QualityAlertSerializer(found).data)
