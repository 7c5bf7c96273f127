"""Saved mappings in the API."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.connectors.imports import selectors, services
from apps.connectors.imports.api import examples, serializers
from apps.connectors.imports.models import SavedMapping
from apps.connectors.imports.rules.mapping import Mapping


class MappingFilter(django_filters.FilterSet):
    """By the source its files belong to."""

    source_name = django_filters.CharFilter()


class MappingListView(ActorMixin, generics.ListAPIView):
    """Saved mappings, newest first; POST keeps one."""

    permission_required = {"GET": P.USAGE_IMPORT, "POST": P.USAGE_IMPORT}
    serializer_class = serializers.SavedMappingSerializer
    filterset_class = MappingFilter

    def get_queryset(self) -> QuerySet[SavedMapping]:
        return selectors.saved_mappings(self.actor)

    @extend_schema(
        examples=[examples.SAVE],
        request=serializers.SaveMappingSerializer,
        responses={201: serializers.SavedMappingSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.SaveMappingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = services.save_mapping(actor=self.actor, **_values(asked.validated_data))
        return Response(self.get_serializer(saved).data, status=status.HTTP_201_CREATED)


class MappingView(ActorMixin, generics.RetrieveDestroyAPIView):
    """One saved mapping. PUT changes it, on the version that was read; DELETE forgets it."""

    permission_required = {
        "GET": P.USAGE_IMPORT,
        "PUT": P.USAGE_IMPORT,
        "DELETE": P.USAGE_IMPORT,
    }
    serializer_class = serializers.SavedMappingSerializer
    lookup_url_kwarg = "saved_id"

    def get_queryset(self) -> QuerySet[SavedMapping]:
        return selectors.saved_mappings(self.actor)

    @extend_schema(examples=[examples.CHANGE], request=serializers.ChangeMappingSerializer)
    def put(self, request: Request, saved_id: UUID) -> Response:
        asked = serializers.ChangeMappingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = services.change_mapping(
            actor=self.actor,
            saved_id=saved_id,
            version=asked.validated_data["version"],
            **_values(asked.validated_data),
        )
        return Response(self.get_serializer(saved).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        services.delete_mapping(actor=self.actor, saved_id=self.kwargs["saved_id"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class UseMappingView(ActorMixin, APIView):
    """Put a saved mapping on an uploaded file. Nothing is checked yet: POST its mapping next."""

    permission_required = {"POST": P.USAGE_IMPORT}

    @extend_schema(
        examples=[examples.USE],
        request=serializers.UseMappingSerializer,
        responses={200: serializers.ImportSerializer},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        asked = serializers.UseMappingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = services.apply_mapping(
            actor=self.actor, job_id=job_id, saved_id=asked.validated_data["saved"]
        )
        return Response(serializers.ImportSerializer(job).data)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": data["name"],
        "mapping": Mapping.from_json(data["mapping"]),
        "key_columns": data["key_columns"],
        "source_name": data.get("source_name", ""),
    }
