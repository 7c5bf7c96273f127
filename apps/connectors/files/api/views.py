"""Sources of files over the API. Runs, pauses and tests are those of every source."""

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
from apps.common.errors import NotFound
from apps.connectors import selectors as sources
from apps.connectors.api.serializers import SourceSerializer
from apps.connectors.files import selectors, services
from apps.connectors.files.api import examples
from apps.connectors.files.api import serializers as s
from apps.connectors.files.models import SourceFile


class NewPlaceView(ActorMixin, APIView):
    """Connect a folder or a bucket."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.CONNECT], request=s.NewPlaceSerializer, responses={201: SourceSerializer}
    )
    def post(self, request: Request) -> Response:
        asked = s.NewPlaceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        source = services.connect_files(
            actor=self.actor,
            name=asked.validated_data["name"],
            where=asked.where(),
            schedule_minutes=asked.validated_data["schedule_minutes"],
            history_from=asked.validated_data.get("history_from"),
            role=asked.validated_data["role"],
        )
        return Response(SourceSerializer(source).data, status=status.HTTP_201_CREATED)


class PlaceView(ActorMixin, APIView):
    """Where a source reads its files; PUT changes it, on the version that was read."""

    permission_required = {"GET": P.SOURCE_VIEW, "PUT": P.SOURCE_MANAGE}

    @extend_schema(responses=s.PlaceSerializer)
    def get(self, request: Request, source_id: UUID) -> Response:
        return Response(s.PlaceSerializer(selectors.location_of(self.actor, source_id)).data)

    @extend_schema(
        examples=[examples.CHANGE], request=s.ChangePlaceSerializer, responses=s.PlaceSerializer
    )
    def put(self, request: Request, source_id: UUID) -> Response:
        selectors.location_of(self.actor, source_id)
        asked = s.ChangePlaceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.change_files(
            actor=self.actor,
            source_id=source_id,
            version=asked.validated_data["version"],
            name=asked.validated_data["name"],
            where=asked.where(),
            schedule_minutes=asked.validated_data["schedule_minutes"],
        )
        return Response(s.PlaceSerializer(selectors.location_of(self.actor, source_id)).data)


class FileFilter(django_filters.FilterSet):
    """By state."""

    state = django_filters.CharFilter()


class FileListView(ActorMixin, generics.ListAPIView):
    """The files of a source and what became of each; POST has all of them read again."""

    permission_required = {"GET": P.SOURCE_VIEW, "POST": P.SOURCE_MANAGE}
    serializer_class = s.SourceFileSerializer
    filterset_class = FileFilter
    cursor_ordering = ("-id",)

    def get_queryset(self) -> QuerySet[SourceFile]:
        if getattr(self, "swagger_fake_view", False):
            return SourceFile._base_manager.none()
        selectors.location_of(self.actor, self.kwargs["source_id"])
        return selectors.files_of(self.actor, self.kwargs["source_id"])

    @extend_schema(
        operation_id="sources_files_read_again", request=None, responses={202: SourceSerializer}
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        services.read_files_again(actor=self.actor, source_id=source_id)
        source = sources.source_by_id(self.actor, source_id)
        return Response(SourceSerializer(source).data, status=status.HTTP_202_ACCEPTED)


class RunFilesView(ActorMixin, APIView):
    """What a run of a source of files found in its place."""

    permission_required = {"GET": P.SOURCE_VIEW}

    @extend_schema(responses=s.FileRunSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        sources.run_by_id(self.actor, run_id)
        found = selectors.run_of(run_id)
        if found is None:
            raise NotFound("This run read no files.", code="run_without_files")
        return Response(s.FileRunSerializer(found).data)
