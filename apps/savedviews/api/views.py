"""Saved views in the API. An API key sees shared ones and keeps none."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.savedviews import selectors, services
from apps.savedviews.api import examples
from apps.savedviews.api.serializers import SavedViewSerializer, SaveViewSerializer
from apps.savedviews.models import SavedView


class SavedViewFilter(django_filters.FilterSet):
    page = django_filters.CharFilter()
    is_shared = django_filters.BooleanFilter()


class SavedViewListView(generics.ListAPIView):
    """One's own views and the shared ones. POST keeps one."""

    permission_required = {"GET": P.ORG_VIEW, "POST": P.ORG_VIEW}
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilter

    def get_queryset(self) -> QuerySet[SavedView]:
        if getattr(self, "swagger_fake_view", False):
            return SavedView.objects.none()
        return selectors.views(self.request.auth)

    @extend_schema(
        examples=[examples.SAVE], request=SaveViewSerializer, responses={201: SavedViewSerializer}
    )
    def post(self, request: Request) -> Response:
        asked = SaveViewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        view = services.save_view(actor=request.auth, **asked.validated_data)
        return Response(SavedViewSerializer(view, context={"request": request}).data, status=201)


class SavedViewView(APIView):
    """One view."""

    permission_required = {"GET": P.ORG_VIEW, "DELETE": P.ORG_VIEW}

    @extend_schema(responses=SavedViewSerializer)
    def get(self, request: Request, view_id: UUID) -> Response:
        view = selectors.view_by_id(request.auth, view_id)
        return Response(SavedViewSerializer(view, context={"request": request}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, view_id: UUID) -> Response:
        services.delete_view(actor=request.auth, view_id=view_id)
        return Response(status=204)
