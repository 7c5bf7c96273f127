"""Questions and conditions in the API."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.approvals import selectors, services
from apps.approvals.api import examples, serializers
from apps.approvals.enums import ConditionStatus
from apps.approvals.models import (
    ApprovalCondition,
)


class AskView(APIView):
    """Ask the people who asked. It pauses nothing."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.TextSerializer,
        responses={201: serializers.QuestionSerializer},
        examples=[examples.QUESTION],
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.TextSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        question = services.ask_question(
            actor=request.auth, request_id=request_id, text=asked.validated_data["text"]
        )
        return Response(serializers.QuestionSerializer(question).data, status=201)


class AnswerView(APIView):
    """Answer a question, once: the requester or an author."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.TextSerializer,
        responses=serializers.QuestionSerializer,
        examples=[examples.ANSWER],
    )
    def post(self, request: Request, question_id: UUID) -> Response:
        selectors.question_by_id(request.auth, question_id)
        asked = serializers.TextSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        question = services.answer_question(
            actor=request.auth, question_id=question_id, text=asked.validated_data["text"]
        )
        return Response(serializers.QuestionSerializer(question).data)


class ConditionFilter(django_filters.FilterSet):
    """`due_before` with `status=open` finds what is overdue."""

    status = django_filters.ChoiceFilter(choices=ConditionStatus.choices())
    owner_id = django_filters.UUIDFilter()
    request_id = django_filters.UUIDFilter()
    subject_type = django_filters.CharFilter()
    subject_id = django_filters.UUIDFilter()
    due_before = django_filters.DateFilter("due_on", "lt")


class ConditionListView(generics.ListAPIView):
    """Conditions of approvals in sight, and those the caller owes; newest first."""

    permission_required = {"GET": P.APPROVAL_VIEW}
    serializer_class = serializers.ConditionSerializer
    filterset_class = ConditionFilter

    def get_queryset(self) -> QuerySet[ApprovalCondition]:
        return selectors.conditions(self.request.auth)


class ConditionView(APIView):
    """One condition."""

    permission_required = {"GET": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.ConditionSerializer)
    def get(self, request: Request, condition_id: UUID) -> Response:
        found = selectors.condition_by_id(request.auth, condition_id)
        return Response(serializers.ConditionSerializer(found).data)


class MeetView(APIView):
    """Say that a condition is met, and by what."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.NoteSerializer,
        responses=serializers.ConditionSerializer,
        examples=[examples.MEET],
    )
    def post(self, request: Request, condition_id: UUID) -> Response:
        selectors.condition_by_id(request.auth, condition_id)
        asked = serializers.NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        done = services.meet_condition(
            actor=request.auth, condition_id=condition_id, **asked.validated_data
        )
        return Response(serializers.ConditionSerializer(done).data)


class WaiveView(APIView):
    """Let a condition go, by somebody who decides for the unit and does not owe it."""

    permission_required = {"POST": P.APPROVAL_DECIDE}

    @extend_schema(
        request=serializers.NoteSerializer,
        responses=serializers.ConditionSerializer,
        examples=[examples.WAIVE],
    )
    def post(self, request: Request, condition_id: UUID) -> Response:
        selectors.condition_by_id(request.auth, condition_id)
        asked = serializers.NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        done = services.waive_condition(
            actor=request.auth, condition_id=condition_id, **asked.validated_data
        )
        return Response(serializers.ConditionSerializer(done).data)
