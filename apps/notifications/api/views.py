"""The person's own inbox in the API."""

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
from apps.notifications import selectors, services
from apps.notifications.api import examples
from apps.notifications.api.serializers import NotificationSerializer, PreferencesSerializer
from apps.notifications.models import Notification


class NotificationFilter(django_filters.FilterSet):
    kind = django_filters.CharFilter()


class NotificationListView(generics.ListAPIView):
    """What the person was told, newest first. An API key has no inbox."""

    permission_required = {"GET": P.ORG_VIEW}
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter

    def get_queryset(self) -> QuerySet[Notification]:
        if getattr(self, "swagger_fake_view", False):
            return Notification.objects.none()
        actor: Any = self.request.auth
        return selectors.inbox(actor)


class NotificationReadView(APIView):
    """Mark one as read."""

    permission_required = {"POST": P.ORG_VIEW}

    @extend_schema(request=None, responses=NotificationSerializer)
    def post(self, request: Request, notification_id: UUID) -> Response:
        actor: Any = request.auth
        found = services.mark_read(actor=actor, notification_id=notification_id)
        return Response(NotificationSerializer(found).data)


class PreferencesView(APIView):
    """What the person is mailed about, and when the daily digest leaves."""

    permission_required = {"GET": P.ORG_VIEW, "PUT": P.ORG_VIEW}

    @extend_schema(responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        actor: Any = request.auth
        return Response(PreferencesSerializer(selectors.choices(actor)).data)

    @extend_schema(
        examples=[examples.PREFERENCES],
        request=PreferencesSerializer,
        responses=PreferencesSerializer,
    )
    def put(self, request: Request) -> Response:
        actor: Any = request.auth
        body = PreferencesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.choose(actor=actor, **body.validated_data)
        return Response(PreferencesSerializer(selectors.choices(actor)).data)
