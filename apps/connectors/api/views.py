"""Sources over the API. Network work is left to a worker: `pull` answers 202."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.bodies import checked
from apps.connectors import selectors, services
from apps.connectors.api import examples
from apps.connectors.api import serializers as s
from apps.connectors.models import (
    ComparisonUsage,
    PullRun,
    RoleChange,
    SchemaAlarm,
    Source,
    UnitUsage,
)
from apps.connectors.services.roles import change_role


class SourceListView(ActorMixin, generics.ListAPIView):
    """List sources, newest first; connect one."""

    permission_required = {"GET": P.SOURCE_VIEW, "POST": P.SOURCE_MANAGE}
    serializer_class = s.SourceSerializer
    filterset_fields = ("kind", "role", "status")

    def get_queryset(self) -> QuerySet[Source]:
        if getattr(self, "swagger_fake_view", False):
            return Source._base_manager.none()
        return selectors.sources_with_counts(self.actor)

    @extend_schema(
        examples=[examples.NEW], request=s.NewSourceSerializer, responses={201: s.SourceSerializer}
    )
    def post(self, request: Request) -> Response:
        source = services.create_source(actor=self.actor, **checked(s.NewSourceSerializer, request))
        return Response(s.SourceSerializer(source).data, status=status.HTTP_201_CREATED)


class SourceView(ActorMixin, APIView):
    """One source; change its settings."""

    permission_required = {"GET": P.SOURCE_VIEW, "PATCH": P.SOURCE_MANAGE}

    @extend_schema(responses=s.SourceSerializer)
    def get(self, request: Request, source_id: UUID) -> Response:
        return Response(s.SourceSerializer(selectors.source_by_id(self.actor, source_id)).data)

    @extend_schema(
        examples=[examples.CHANGE], request=s.ChangeSourceSerializer, responses=s.SourceSerializer
    )
    def patch(self, request: Request, source_id: UUID) -> Response:
        data = checked(s.ChangeSourceSerializer, request)
        source = services.change_source(actor=self.actor, source_id=source_id, **data)
        return Response(s.SourceSerializer(source).data)


class SourceCredentialView(ActorMixin, APIView):
    """Replace the credential; a blocked source becomes active."""

    permission_required = {"PUT": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.CREDENTIAL], request=s.CredentialSerializer, responses=s.SourceSerializer
    )
    def put(self, request: Request, source_id: UUID) -> Response:
        data = checked(s.CredentialSerializer, request)
        source = services.replace_credential(actor=self.actor, source_id=source_id, **data)
        return Response(s.SourceSerializer(source).data)


class SourcePauseView(ActorMixin, APIView):
    """Pause a source."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.PAUSE], request=s.VersionSerializer, responses=s.SourceSerializer
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        data = checked(s.VersionSerializer, request)
        source = services.pause_source(actor=self.actor, source_id=source_id, **data)
        return Response(s.SourceSerializer(source).data)


class SourceResumeView(ActorMixin, APIView):
    """Resume a paused source."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.RESUME], request=s.VersionSerializer, responses=s.SourceSerializer
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        version = checked(s.VersionSerializer, request)["version"]
        source = services.resume_source(actor=self.actor, source_id=source_id, version=version)
        return Response(s.SourceSerializer(source).data)


class SourcePullView(ActorMixin, APIView):
    """Have a worker read the source now, or from a day on once more."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(
        examples=[examples.PULL, examples.READ_AGAIN],
        request=s.PullSerializer,
        responses={202: s.SourceSerializer},
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        data = checked(s.PullSerializer, request)
        if data.get("from_day"):
            source = services.read_again(actor=self.actor, source_id=source_id, **data)
        else:
            source = services.request_pull(actor=self.actor, source_id=source_id)
        return Response(s.SourceSerializer(source).data, status=status.HTTP_202_ACCEPTED)


class SourceCheckView(ActorMixin, APIView):
    """Have a worker test the connection; the answer is a run of kind `check`."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(request=None, responses={202: s.SourceSerializer})
    def post(self, request: Request, source_id: UUID) -> Response:
        source = services.request_check(actor=self.actor, source_id=source_id)
        return Response(s.SourceSerializer(source).data, status=status.HTTP_202_ACCEPTED)


class SourceRunListView(ActorMixin, generics.ListAPIView):
    """Runs of one source, newest first."""

    permission_required = {"GET": P.SOURCE_VIEW}
    serializer_class = s.RunSerializer
    filterset_fields = ("status", "kind", "trigger")

    def get_queryset(self) -> QuerySet[PullRun]:
        if getattr(self, "swagger_fake_view", False):
            return PullRun._base_manager.none()
        source = selectors.source_by_id(self.actor, self.kwargs["source_id"])
        return selectors.runs(self.actor, source.id)


class _OfSource(ActorMixin, generics.ListAPIView):
    """A list below one source: 404 for another organization's."""

    permission_required = {"GET": P.SOURCE_VIEW}

    def source(self) -> Source:
        return selectors.source_by_id(self.actor, self.kwargs["source_id"])


class SourceAlarmListView(_OfSource):
    """Where a source's answers differ from their documentation."""

    serializer_class = s.AlarmSerializer
    filterset_fields = ("change", "touches_figures")

    def get_queryset(self) -> QuerySet[SchemaAlarm]:
        if getattr(self, "swagger_fake_view", False):
            return SchemaAlarm._base_manager.none()
        return selectors.alarms(self.actor, self.source().id)


class SourceAlarmView(ActorMixin, APIView):
    """Acknowledge an alarm."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(examples=[examples.ALARM], request=s.NoteSerializer, responses=s.AlarmSerializer)
    def post(self, request: Request, source_id: UUID, alarm_id: UUID) -> Response:
        data = checked(s.NoteSerializer, request)
        alarm = services.acknowledge_alarm(
            actor=self.actor, source_id=source_id, alarm_id=alarm_id, **data
        )
        return Response(s.AlarmSerializer(alarm).data)


class SourceUnitListView(_OfSource):
    """Usage of a source that is not tokens."""

    serializer_class = s.UnitSerializer
    filterset_fields = ("day", "what", "model")

    def get_queryset(self) -> QuerySet[UnitUsage]:
        if getattr(self, "swagger_fake_view", False):
            return UnitUsage._base_manager.none()
        return selectors.units(self.actor, self.source().id)


class SourceComparedListView(_OfSource):
    """What a comparison-only source counted; in no total."""

    serializer_class = s.ComparedSerializer
    filterset_fields = ("day", "provider", "model")

    def get_queryset(self) -> QuerySet[ComparisonUsage]:
        if getattr(self, "swagger_fake_view", False):
            return ComparisonUsage._base_manager.none()
        return selectors.compared(self.actor, self.source().id)


class SourceRoleView(_OfSource):
    """Decisions about what a source's usage is, newest first; make one.

    For sources that are handed in or read from files; a pulled one takes its role with its other
    settings.
    """

    permission_required = {"GET": P.SOURCE_VIEW, "POST": P.SOURCE_MANAGE}
    serializer_class = s.RoleChangeSerializer
    filterset_fields = ("role",)

    def get_queryset(self) -> QuerySet[RoleChange]:
        if getattr(self, "swagger_fake_view", False):
            return RoleChange._base_manager.none()
        return selectors.role_changes(self.actor, self.source().id)

    @extend_schema(examples=[examples.ROLE], request=s.RoleSerializer, responses=s.SourceSerializer)
    def post(self, request: Request, source_id: UUID) -> Response:
        data = {"since": None, **checked(s.RoleSerializer, request)}
        source = change_role(actor=self.actor, source_id=source_id, **data)
        return Response(s.SourceSerializer(source).data)


class RunView(ActorMixin, APIView):
    """One run."""

    permission_required = {"GET": P.SOURCE_VIEW}

    @extend_schema(responses=s.RunSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(s.RunSerializer(selectors.run_by_id(self.actor, run_id)).data)
