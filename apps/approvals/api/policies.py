"""Routes in the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.approvals import selectors, services
from apps.approvals.api import examples, serializers
from apps.approvals.models import (
    ApprovalPolicy,
    ApprovalPolicyVersion,
)
from apps.approvals.rules.policy import parse_policy
from apps.approvals.selectors.simulation import simulate_policy


class SimulateView(APIView):
    """Which route would past requests have taken under an edited document? Writes nothing."""

    permission_required = {"POST": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(
        request=serializers.SimulateSerializer,
        responses=serializers.SimulationSerializer,
        examples=[examples.SIMULATE],
    )
    def post(self, request: Request) -> Response:
        asked = serializers.SimulateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        if data["policy_id"] is not None:
            selectors.policy_by_id(data["policy_id"])
        roles = [role.value for role in selectors.ROUTE_ROLES]
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

    @extend_schema(
        request=serializers.PolicyCreateSerializer,
        responses={201: serializers.PolicySerializer},
        examples=[examples.NEW_ROUTE],
    )
    def post(self, request: Request) -> Response:
        asked = serializers.PolicyCreateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_policy(actor=request.auth, **asked.validated_data)
        return Response(serializers.PolicySerializer(made).data, status=201)


class PolicyView(APIView):
    """One route. PUT writes a new version; open requests keep theirs."""

    permission_required = {"GET": P.APPROVAL_VIEW, "PUT": P.APPROVAL_POLICY_MANAGE}

    @extend_schema(responses=serializers.PolicySerializer)
    def get(self, request: Request, policy_id: UUID) -> Response:
        return Response(serializers.PolicySerializer(selectors.policy_by_id(policy_id)).data)

    @extend_schema(
        request=serializers.PolicyChangeSerializer,
        responses=serializers.PolicySerializer,
        examples=[examples.CHANGE_ROUTE],
    )
    def put(self, request: Request, policy_id: UUID) -> Response:
        asked = serializers.PolicyChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.change_policy(
            actor=request.auth, policy_id=policy_id, **asked.validated_data
        )
        return Response(serializers.PolicySerializer(changed).data)
