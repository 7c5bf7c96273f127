"""Sprints in the API."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.errors import Invalid
from apps.organizations.selectors import organization
from apps.sprints import selectors, services
from apps.sprints.api import examples, serializers
from apps.sprints.models import Sprint
from apps.sprints.retro import markdown
from apps.sprints.selectors.standing import standing


class SprintFilter(django_filters.FilterSet):
    unit = django_filters.UUIDFilter("unit_id")
    from_day = django_filters.DateFilter("ends_on", lookup_expr="gt")
    to_day = django_filters.DateFilter("starts_on", lookup_expr="lte")


class SprintListView(generics.ListAPIView):
    """Sprints in sight. POST adds some to a team's calendar."""

    permission_required = {"GET": P.STORY_VIEW, "POST": P.SPRINT_MANAGE}
    serializer_class = serializers.SprintSerializer
    filterset_class = SprintFilter

    def get_queryset(self) -> QuerySet[Sprint]:
        return selectors.sprints(self.request.auth)

    @extend_schema(
        examples=[examples.ADD],
        request=serializers.AddSprintsSerializer,
        responses={201: serializers.AddedSprintsSerializer},
    )
    def post(self, request: Request) -> Response:
        given = serializers.AddSprintsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.add_sprints(
            actor=request.auth, unit_id=given.validated_data["unit_id"], wanted=given.wanted()
        )
        return Response(serializers.AddedSprintsSerializer({"results": made}).data, status=201)


class SprintView(APIView):
    """One sprint: forecast against use, by story and phase. PUT changes it, DELETE removes it."""

    permission_required = {
        "GET": P.STORY_VIEW,
        "PUT": P.SPRINT_MANAGE,
        "DELETE": P.SPRINT_MANAGE,
    }

    @extend_schema(responses=serializers.SprintDetailSerializer)
    def get(self, request: Request, sprint_id: UUID) -> Response:
        sprint = selectors.sprint_by_id(request.auth, sprint_id)
        found = standing(request.auth, sprint)
        return Response(serializers.SprintDetailSerializer(found).data)

    @extend_schema(
        examples=[examples.CHANGE],
        request=serializers.ChangeSprintSerializer,
        responses=serializers.SprintSerializer,
    )
    def put(self, request: Request, sprint_id: UUID) -> Response:
        given = serializers.ChangeSprintSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        dates = serializers.dates_of(given.validated_data)
        sprint = services.change_sprint(
            actor=request.auth,
            sprint_id=sprint_id,
            version=given.validated_data["version"],
            name=dates.name,
            starts_on=dates.starts_on,
            ends_on=dates.ends_on,
            goal=dates.goal,
        )
        return Response(serializers.SprintSerializer(sprint).data)

    @extend_schema(parameters=[serializers.VersionSerializer], request=None, responses={204: None})
    def delete(self, request: Request, sprint_id: UUID) -> Response:
        version = request.query_params.get("version", "")
        if not version.isdecimal() or len(version) > 9:
            raise Invalid("Which version?", field="version", fix="Send the one you saw.")
        services.remove_sprint(actor=request.auth, sprint_id=sprint_id, version=int(version))
        return Response(status=204)


class SprintStoryView(APIView):
    """What a person says about one story in one sprint."""

    permission_required = {"PUT": P.SPRINT_MANAGE}

    @extend_schema(
        examples=[examples.CHOOSE],
        request=serializers.ChooseSerializer,
        responses=serializers.SprintDetailSerializer,
    )
    def put(self, request: Request, sprint_id: UUID, story_id: UUID) -> Response:
        given = serializers.ChooseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.choose_story(
            actor=request.auth,
            sprint_id=sprint_id,
            story_id=story_id,
            is_in=given.validated_data["is_in"],
        )
        sprint = selectors.sprint_by_id(request.auth, sprint_id)
        found = standing(request.auth, sprint)
        return Response(serializers.SprintDetailSerializer(found).data)


class RetroView(APIView):
    """The retrospective as Markdown."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=serializers.RetroSerializer)
    def get(self, request: Request, sprint_id: UUID) -> Response:
        sprint = selectors.sprint_by_id(request.auth, sprint_id)
        text = markdown(standing(request.auth, sprint), organization().currency)
        return Response({"markdown": text})
