"""Approvals in the API."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.approvals import selectors, services
from apps.approvals.api import serializers
from apps.approvals.enums import ConditionStatus, Lane, RequestStatus, SampleStatus
from apps.approvals.models import (
    ApprovalCondition,
    ApprovalDelegation,
    ApprovalPolicy,
    ApprovalPolicyVersion,
    ApprovalRequest,
)
from apps.approvals.rules.policy import parse_policy
from apps.approvals.rules.working_days import weekdays_of
from apps.approvals.selectors import calendar, deputies
from apps.approvals.selectors.metrics import metrics
from apps.approvals.selectors.simulation import simulate_policy
from apps.common import clock
from apps.common.errors import Invalid

QUEUES = {
    "mine": selectors.waiting_for,
    "unit": selectors.of_my_units,
    "delegated": selectors.delegated_to,
    "others": selectors.waiting_for_others,
    "decided": selectors.decided,
    "sample": selectors.to_sample,
    "asked": selectors.asked_by,
    "": selectors.requests_for,
}


class ApprovalFilter(django_filters.FilterSet):
    """`due_before` finds what is overdue."""

    status = django_filters.ChoiceFilter(choices=RequestStatus.choices())
    unit = django_filters.UUIDFilter("unit_id")
    due_before = django_filters.IsoDateTimeFilter("due_at", "lt")
    lane = django_filters.ChoiceFilter(choices=Lane.choices())
    sample_status = django_filters.ChoiceFilter(choices=SampleStatus.choices())
    subject_type = django_filters.CharFilter()
    subject_id = django_filters.UUIDFilter()


@extend_schema(
    parameters=[
        OpenApiParameter(
            "queue", enum=[name for name in QUEUES if name], description="Whose answer it waits for"
        )
    ]
)
class ApprovalListView(generics.ListAPIView):
    """Requests in sight, newest first."""

    permission_required = {"GET": P.APPROVAL_VIEW}
    serializer_class = serializers.ApprovalSerializer
    filterset_class = ApprovalFilter

    def get_queryset(self) -> QuerySet[ApprovalRequest]:
        queue = self.request.query_params.get("queue", "")
        return QUEUES.get(queue, selectors.requests_for)(self.request.auth)


class ApprovalView(APIView):
    """One request with its route and answers."""

    permission_required = {"GET": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.ApprovalDetailSerializer)
    def get(self, request: Request, request_id: UUID) -> Response:
        return _detail(request, request_id)


class DecideView(APIView):
    """Answer the current step. 409 when the request has changed since `version` was read."""

    permission_required = {"POST": P.APPROVAL_DECIDE}

    @extend_schema(
        request=serializers.DecideSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.DecideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.decide(actor=request.auth, request_id=request_id, **asked.arguments())
        return _detail(request, request_id)


class WithdrawView(APIView):
    """The requester takes an open request back."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.WithdrawSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.WithdrawSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.withdraw(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


class BulkView(APIView):
    """Many answers, each worked by itself: one that is refused leaves the others. 200 always; the
    results come in the order asked, each with its own status.
    """

    permission_required = {"POST": P.APPROVAL_DECIDE}

    @extend_schema(
        request=serializers.BulkSerializer,
        responses=serializers.BulkResultSerializer(many=True),
    )
    def post(self, request: Request) -> Response:
        asked = serializers.BulkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        results = services.decide_many(actor=request.auth, answers=asked.rows())
        return Response(serializers.BulkResultSerializer(results, many=True).data)


class UndoView(APIView):
    """Take back one's own last answer, within the window and while nothing has used it."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.WithdrawSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.WithdrawSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.undo_decision(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


class DelegateView(APIView):
    """Hand one's place on the current step to somebody who may decide."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.PersonActSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.PersonActSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        services.delegate_request(
            actor=request.auth,
            request_id=request_id,
            version=data["version"],
            to_id=data["person_id"],
            note=data["note"],
        )
        return _detail(request, request_id)


class AddApproverView(APIView):
    """Ask somebody else to approve the current step as well."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.PersonActSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.PersonActSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.add_approver(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


class RecuseView(APIView):
    """Step back from deciding a request, for good."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.RecuseSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.RecuseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.recuse(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


class AskView(APIView):
    """Ask the people who asked. It pauses nothing."""

    permission_required = {"POST": P.APPROVAL_VIEW}

    @extend_schema(
        request=serializers.TextSerializer, responses={201: serializers.QuestionSerializer}
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

    @extend_schema(request=serializers.TextSerializer, responses=serializers.QuestionSerializer)
    def post(self, request: Request, question_id: UUID) -> Response:
        selectors.question_by_id(request.auth, question_id)
        asked = serializers.TextSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        question = services.answer_question(
            actor=request.auth, question_id=question_id, text=asked.validated_data["text"]
        )
        return Response(serializers.QuestionSerializer(question).data)


class SampleView(APIView):
    """Look at an automatic approval afterwards: agree, or object with a note."""

    permission_required = {"POST": P.APPROVAL_DECIDE}

    @extend_schema(
        request=serializers.SampleSerializer, responses=serializers.ApprovalDetailSerializer
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        selectors.request_by_id(request.auth, request_id)
        asked = serializers.SampleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.review_sample(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


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

    @extend_schema(request=serializers.NoteSerializer, responses=serializers.ConditionSerializer)
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

    @extend_schema(request=serializers.NoteSerializer, responses=serializers.ConditionSerializer)
    def post(self, request: Request, condition_id: UUID) -> Response:
        selectors.condition_by_id(request.auth, condition_id)
        asked = serializers.NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        done = services.waive_condition(
            actor=request.auth, condition_id=condition_id, **asked.validated_data
        )
        return Response(serializers.ConditionSerializer(done).data)


class DelegationListView(generics.ListAPIView):
    """Delegations the caller takes part in; all of them for who manages routes."""

    permission_required = {"GET": P.APPROVAL_VIEW, "POST": P.APPROVAL_VIEW}
    serializer_class = serializers.DelegationSerializer

    def get_queryset(self) -> QuerySet[ApprovalDelegation]:
        return deputies.delegations(self.request.auth)

    @extend_schema(
        request=serializers.DelegateSerializer,
        responses={201: serializers.DelegationSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.DelegateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.create_delegation(actor=request.auth, **asked.validated_data)
        return Response(serializers.DelegationSerializer(row).data, status=201)


class DelegationView(APIView):
    """One delegation. DELETE ends it now; it stays as evidence."""

    permission_required = {"GET": P.APPROVAL_VIEW, "DELETE": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.DelegationSerializer)
    def get(self, request: Request, delegation_id: UUID) -> Response:
        row = deputies.delegation_by_id(request.auth, delegation_id)
        return Response(serializers.DelegationSerializer(row).data)

    @extend_schema(responses=serializers.DelegationSerializer)
    def delete(self, request: Request, delegation_id: UUID) -> Response:
        row = services.revoke_delegation(actor=request.auth, delegation_id=delegation_id)
        return Response(serializers.DelegationSerializer(row).data)


class CalendarView(APIView):
    """The working calendar. PUT changes the week; open steps keep their due time."""

    permission_required = {"GET": P.APPROVAL_VIEW, "PUT": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(responses=serializers.CalendarViewSerializer)
    def get(self, request: Request) -> Response:
        return Response(_calendar())

    @extend_schema(
        request=serializers.CalendarSerializer, responses=serializers.CalendarViewSerializer
    )
    def put(self, request: Request) -> Response:
        asked = serializers.CalendarSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.change_calendar(actor=request.auth, **asked.validated_data)
        return Response(_calendar())


class HolidayListView(APIView):
    """Adds days off; a day that is there gets the new name."""

    permission_required = {"POST": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(
        request=serializers.HolidaySerializer(many=True),
        responses={201: serializers.CalendarViewSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.HolidaySerializer(data=request.data, many=True)
        asked.is_valid(raise_exception=True)
        services.add_holidays(
            actor=request.auth, days=[(row["day"], row["name"]) for row in asked.validated_data]
        )
        return Response(_calendar(), status=201)


class HolidayView(APIView):
    """A day off becomes a working day again."""

    permission_required = {"DELETE": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, holiday_id: UUID) -> Response:
        services.remove_holiday(actor=request.auth, holiday_id=holiday_id)
        return Response(status=204)


def _calendar() -> Any:
    known = calendar.settings()
    return serializers.CalendarViewSerializer(
        {
            "workdays": sorted(weekdays_of(known.workdays)),
            "closes_at": known.closes_at,
            "undo_hours": known.undo_hours,
            "holidays": calendar.holidays(),
        }
    ).data


@extend_schema(
    parameters=[
        OpenApiParameter("start", OpenApiTypes.DATETIME, description="default: 90 days ago"),
        OpenApiParameter("end", OpenApiTypes.DATETIME, description="default: now"),
    ]
)
class MetricsView(APIView):
    """Cycle time by step, overdue, approvals by lane, declined by reason, for units in sight."""

    permission_required = {"GET": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.MetricsSerializer)
    def get(self, request: Request) -> Response:
        end = _instant(request, "end") or clock.now()
        start = _instant(request, "start") or end - timedelta(days=90)
        if start >= end:
            raise Invalid("The start is not before the end.", field="start", fix="Swap them.")
        found = metrics(request.auth, start=start, end=end)
        return Response(serializers.MetricsSerializer(found).data)


def _instant(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise Invalid("Not an instant.", field=name, fix="Use 2026-11-01T00:00:00Z.")
    return found


class SimulateView(APIView):
    """Which route would past requests have taken under an edited document? Writes nothing."""

    permission_required = {"POST": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(
        request=serializers.SimulateSerializer, responses=serializers.SimulationSerializer
    )
    def post(self, request: Request) -> Response:
        asked = serializers.SimulateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        if data["policy_id"] is not None:
            selectors.policy_by_id(data["policy_id"])
        roles = [role.value for role in selectors.DECIDING_ROLES]
        document = parse_policy(data.pop("document"), roles=roles)
        found = simulate_policy(request.auth, document=document, **data)
        return Response(serializers.SimulationSerializer(found).data)


class PolicyVersionListView(generics.ListAPIView):
    """Every version of a route, newest first."""

    permission_required = {"GET": P.APPROVAL_VIEW}
    serializer_class = serializers.PolicyVersionSerializer

    def get_queryset(self) -> QuerySet[ApprovalPolicyVersion]:
        if getattr(self, "swagger_fake_view", False):
            return ApprovalPolicyVersion.objects.none()
        return selectors.versions_of(selectors.policy_by_id(self.kwargs["policy_id"]))


class PolicyListView(generics.ListAPIView):
    """The organization's routes; the default one applies when no other does. POST adds one."""

    permission_required = {"GET": P.APPROVAL_VIEW, "POST": P.APPROVAL_POLICY_MANAGE}
    serializer_class = serializers.PolicySerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        services.ensure_default_policy()
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ApprovalPolicy]:
        return selectors.policies()


class PolicyView(APIView):
    """One route. PUT writes a new version; open requests keep theirs."""

    permission_required = {"GET": P.APPROVAL_VIEW, "PUT": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(responses=serializers.PolicySerializer)
    def get(self, request: Request, policy_id: UUID) -> Response:
        return Response(serializers.PolicySerializer(selectors.policy_by_id(policy_id)).data)

    @extend_schema(
        request=serializers.PolicyChangeSerializer, responses=serializers.PolicySerializer
    )
    def put(self, request: Request, policy_id: UUID) -> Response:
        asked = serializers.PolicyChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.change_policy(
            actor=request.auth, policy_id=policy_id, **asked.validated_data
        )
        return Response(serializers.PolicySerializer(changed).data)


def _detail(request: Request, request_id: UUID) -> Response:
    found = selectors.request_by_id(request.auth, request_id)
    context = {"request": request}
    return Response(serializers.ApprovalDetailSerializer(found, context=context).data)
