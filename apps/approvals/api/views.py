"""Approvals in the API: list, one, decide, withdraw, routes."""

from typing import Any
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
from apps.approvals.api import serializers
from apps.approvals.enums import RequestStatus
from apps.approvals.models import ApprovalPolicy, ApprovalRequest

QUEUES = {
    "mine": selectors.waiting_for,
    "others": selectors.waiting_for_others,
    "decided": selectors.decided,
    "": selectors.requests_for,
}


class ApprovalFilter(django_filters.FilterSet):
    """`due_before` finds what is overdue."""

    status = django_filters.ChoiceFilter(choices=RequestStatus.choices())
    unit = django_filters.UUIDFilter("unit_id")
    due_before = django_filters.IsoDateTimeFilter("due_at", "lt")
    subject_type = django_filters.CharFilter()
    subject_id = django_filters.UUIDFilter()


@extend_schema(
    parameters=[
        OpenApiParameter(
            "queue", enum=["mine", "others", "decided"], description="Whose answer it waits for"
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
        data = asked.validated_data
        services.decide(
            actor=request.auth,
            request_id=request_id,
            version=data["version"],
            decision=data["decision"],
            note=data["note"],
            cap_nanos=data["cap"],
        )
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


class PolicyListView(generics.ListAPIView):
    """The organization's routes; the default one applies when no other does."""

    permission_required = {"GET": P.APPROVAL_VIEW}
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
