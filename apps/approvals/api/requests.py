"""Requests in the API: lists, one, its answers and acts."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.approvals import selectors, services
from apps.approvals.api import examples, serializers
from apps.approvals.enums import Lane, RequestStatus, SampleStatus
from apps.approvals.models import (
    ApprovalRequest,
)

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

    permission_required = {"POST": P.APPROVAL_ANSWER}

    @extend_schema(
        request=serializers.DecideSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.APPROVE, examples.SEND_BACK, examples.DECLINE],
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
        request=serializers.WithdrawSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.WITHDRAW],
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

    permission_required = {"POST": P.APPROVAL_ANSWER}

    @extend_schema(
        request=serializers.BulkSerializer,
        responses=serializers.BulkResultSerializer(many=True),
        examples=[examples.BULK],
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
        request=serializers.WithdrawSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.UNDO],
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
        request=serializers.PersonActSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.TO_PERSON],
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
        request=serializers.PersonActSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.TO_PERSON],
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
        request=serializers.RecuseSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.RECUSE],
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        asked = serializers.RecuseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.recuse(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


class SampleView(APIView):
    """Look at an automatic approval afterwards: agree, or object with a note."""

    permission_required = {"POST": P.APPROVAL_DECIDE}

    @extend_schema(
        request=serializers.SampleSerializer,
        responses=serializers.ApprovalDetailSerializer,
        examples=[examples.SAMPLE],
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        selectors.request_by_id(request.auth, request_id)
        asked = serializers.SampleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.review_sample(actor=request.auth, request_id=request_id, **asked.validated_data)
        return _detail(request, request_id)


def _detail(request: Request, request_id: UUID) -> Response:
    found = selectors.request_by_id(request.auth, request_id)
    context = {"request": request}
    return Response(serializers.ApprovalDetailSerializer(found, context=context).data)
