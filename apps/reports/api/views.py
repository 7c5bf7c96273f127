"""Scheduled reports over the API: for people; a key sees and keeps none."""

from uuid import UUID

from django.db.models import QuerySet, prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.actors import Actor
from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.bodies import checked
from apps.reports import selectors, services
from apps.reports.api import examples
from apps.reports.api import serializers as s
from apps.reports.models import ReportDelivery, ReportSchedule


def _shown(actor: Actor, schedule_id: UUID, code: int = status.HTTP_200_OK) -> Response:
    """A schedule as it is now."""
    found = selectors.schedule_by_id(actor, schedule_id)
    prefetch_related_objects([found], s.PEOPLE)
    return Response(s.ReportScheduleSerializer(found, context={"actor": actor}).data, status=code)


class SchedulesView(ActorMixin, generics.ListAPIView):
    """One's own schedules and those that send to one; add one."""

    permission_required = {"GET": P.ORG_VIEW, "POST": P.REPORT_SCHEDULE}
    serializer_class = s.ReportScheduleSerializer
    filterset_fields = ("kind", "cadence")

    def get_queryset(self) -> QuerySet[ReportSchedule]:
        if getattr(self, "swagger_fake_view", False):
            return ReportSchedule.objects.none()
        return selectors.schedules(self.actor).prefetch_related(s.PEOPLE)

    @extend_schema(
        request=s.NewScheduleSerializer,
        responses={201: s.ReportScheduleSerializer},
        examples=[examples.NEW, examples.EXPLORE],
    )
    def post(self, request: Request) -> Response:
        values = checked(s.NewScheduleSerializer, request)
        made = services.create_schedule(
            actor=self.actor, kind=values.pop("kind"), wanted=services.Wanted(**values)
        )
        return _shown(self.actor, made.id, status.HTTP_201_CREATED)


class ScheduleView(ActorMixin, APIView):
    """One schedule: read, change, delete."""

    permission_required = {
        "GET": P.ORG_VIEW,
        "PUT": P.REPORT_SCHEDULE,
        "DELETE": P.REPORT_SCHEDULE,
    }

    @extend_schema(responses=s.ReportScheduleSerializer)
    def get(self, request: Request, schedule_id: UUID) -> Response:
        return _shown(self.actor, schedule_id)

    @extend_schema(
        request=s.ChangedScheduleSerializer,
        responses=s.ReportScheduleSerializer,
        examples=[examples.CHANGE],
    )
    def put(self, request: Request, schedule_id: UUID) -> Response:
        selectors.schedule_by_id(self.actor, schedule_id)
        values = checked(s.ChangedScheduleSerializer, request)
        services.change_schedule(
            actor=self.actor,
            schedule_id=schedule_id,
            version=values.pop("version"),
            wanted=services.Wanted(**values),
        )
        return _shown(self.actor, schedule_id)

    @extend_schema(parameters=[s.ScheduleVersionSerializer], request=None, responses={204: None})
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        """Delete it, at the version that was read."""
        selectors.schedule_by_id(self.actor, schedule_id)
        asked = s.ScheduleVersionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        services.delete_schedule(actor=self.actor, schedule_id=schedule_id, **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PauseView(ActorMixin, APIView):
    """Send nothing until it is resumed."""

    permission_required = {"POST": P.REPORT_SCHEDULE}

    @extend_schema(
        request=s.ScheduleVersionSerializer,
        responses=s.ReportScheduleSerializer,
        examples=[examples.VERSION],
    )
    def post(self, request: Request, schedule_id: UUID) -> Response:
        selectors.schedule_by_id(self.actor, schedule_id)
        values = checked(s.ScheduleVersionSerializer, request)
        services.pause_schedule(actor=self.actor, schedule_id=schedule_id, **values)
        return _shown(self.actor, schedule_id)


class ResumeView(ActorMixin, APIView):
    """Send again from the next time on."""

    permission_required = {"POST": P.REPORT_SCHEDULE}

    @extend_schema(
        request=s.ScheduleVersionSerializer,
        responses=s.ReportScheduleSerializer,
        examples=[examples.VERSION],
    )
    def post(self, request: Request, schedule_id: UUID) -> Response:
        selectors.schedule_by_id(self.actor, schedule_id)
        values = checked(s.ScheduleVersionSerializer, request)
        services.resume_schedule(actor=self.actor, schedule_id=schedule_id, **values)
        return _shown(self.actor, schedule_id)


class SendView(ActorMixin, APIView):
    """The last report now, to the caller alone."""

    permission_required = {"POST": P.ORG_VIEW}

    @extend_schema(request=None, responses={202: s.ReportScheduleSerializer})
    def post(self, request: Request, schedule_id: UUID) -> Response:
        services.ask_for_one(actor=self.actor, schedule_id=schedule_id)
        return _shown(self.actor, schedule_id, status.HTTP_202_ACCEPTED)


class LeaveView(ActorMixin, APIView):
    """Get its reports no longer."""

    permission_required = {"POST": P.ORG_VIEW}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, schedule_id: UUID) -> Response:
        services.leave_schedule(actor=self.actor, schedule_id=schedule_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CopiesView(ActorMixin, generics.ListAPIView):
    """Every copy of a schedule, the newest first."""

    permission_required = {"GET": P.ORG_VIEW}
    serializer_class = s.CopySerializer
    filterset_fields = ("state",)

    def get_queryset(self) -> QuerySet[ReportDelivery]:
        if getattr(self, "swagger_fake_view", False):
            return ReportDelivery.objects.none()
        schedule = selectors.schedule_by_id(self.actor, self.kwargs["schedule_id"])
        return selectors.deliveries(schedule)
