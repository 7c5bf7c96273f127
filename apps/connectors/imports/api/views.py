"""CSV imports in the API: upload, map, look, start, download what was refused."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.errors import Conflict
from apps.common.web import csvout
from apps.connectors.imports import selectors, services
from apps.connectors.imports.api import examples, serializers
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import Mapping


class ImportFilter(django_filters.FilterSet):
    """By state."""

    status = django_filters.CharFilter()


class ImportListView(ActorMixin, generics.ListAPIView):
    """Imports, newest first; POST uploads a file and guesses its mapping."""

    permission_required = {"GET": P.USAGE_IMPORT, "POST": P.USAGE_IMPORT}
    serializer_class = serializers.ImportSerializer
    filterset_class = ImportFilter
    parser_classes = (MultiPartParser,)

    def get_queryset(self) -> QuerySet[ImportJob]:
        return selectors.jobs(self.actor)

    @extend_schema(
        examples=[examples.UPLOAD],
        request={"multipart/form-data": serializers.UploadSerializer},
        responses={201: serializers.ImportSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.UploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        uploaded = asked.validated_data["file"]
        job = services.upload_file(
            actor=self.actor, filename=uploaded.name, pieces=uploaded.chunks(1 << 20)
        )
        return Response(self.get_serializer(job).data, status=status.HTTP_201_CREATED)


class ImportView(ActorMixin, generics.RetrieveDestroyAPIView):
    """One import. DELETE forgets its file and keeps its figures."""

    permission_required = {"GET": P.USAGE_IMPORT, "DELETE": P.USAGE_IMPORT}
    serializer_class = serializers.ImportSerializer
    lookup_url_kwarg = "job_id"

    def get_queryset(self) -> QuerySet[ImportJob]:
        return selectors.jobs(self.actor)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        services.delete_file(actor=self.actor, job_id=self.kwargs["job_id"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class MapView(ActorMixin, APIView):
    """Say what the columns mean; starts the dry run."""

    permission_required = {"POST": P.USAGE_IMPORT}

    @extend_schema(
        examples=[examples.MAP],
        request=serializers.MapSerializer,
        responses={202: serializers.ImportSerializer},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        asked = serializers.MapSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        job = services.map_columns(
            actor=self.actor,
            job_id=job_id,
            mapping=Mapping.from_json(data["mapping"]),
            source_name=data.get("source_name", ""),
            key_columns=data["key_columns"],
        )
        return Response(serializers.ImportSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class StartView(ActorMixin, APIView):
    """Write a checked file into the ledger, in the background."""

    permission_required = {"POST": P.USAGE_IMPORT}

    @extend_schema(request=None, responses={202: serializers.ImportSerializer})
    def post(self, request: Request, job_id: UUID) -> Response:
        job = services.start_import(actor=self.actor, job_id=job_id)
        return Response(serializers.ImportSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class RefusedView(ActorMixin, APIView):
    """The refused rows as CSV, with number, field, reason, fix and import. Mended, the file can be
    imported."""

    permission_required = {"GET": P.USAGE_IMPORT}

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        job = selectors.job_by_id(job_id)
        if job.is_running:
            raise Conflict("The file is being worked on.", code="import_running")
        head = selectors.refused_header(job)
        return csvout.response("refused.csv", head, selectors.refused_rows(job))
