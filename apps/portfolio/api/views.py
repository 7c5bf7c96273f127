"""Capabilities in the API."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.portfolio import selectors, services, tiers
from apps.portfolio.api import examples, serializers
from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier
from apps.portfolio.models import Capability


class CapabilityFilter(django_filters.FilterSet):
    """`slug` finds one by its code; `unit` is a unit id."""

    unit = django_filters.UUIDFilter("unit_id")
    slug = django_filters.CharFilter()
    kind = django_filters.ChoiceFilter(choices=CapabilityKind.choices)
    stage = django_filters.ChoiceFilter(choices=Stage.choices)
    tier = django_filters.ChoiceFilter(choices=Tier.choices)
    data_class = django_filters.ChoiceFilter(choices=DataClass.choices)


class CapabilityListView(generics.ListCreateAPIView):
    """Every capability in sight, retired ones included."""

    permission_required = {"GET": P.CAPABILITY_VIEW, "POST": P.CAPABILITY_MANAGE}
    serializer_class = serializers.CapabilitySerializer
    filterset_class = CapabilityFilter

    def get_queryset(self) -> QuerySet[Capability]:
        return selectors.capabilities(self.request.auth)

    @extend_schema(examples=[examples.NEW])
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_capability(actor=request.auth, **asked.validated_data)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)


class CapabilityView(APIView):
    """One capability. PATCH states the version it was read at; 409 when it has changed."""

    permission_required = {"GET": P.CAPABILITY_VIEW, "PATCH": P.CAPABILITY_MANAGE}

    @extend_schema(responses=serializers.CapabilitySerializer)
    def get(self, request: Request, capability_id: UUID) -> Response:
        found = selectors.capability_by_id(request.auth, capability_id)
        return Response(serializers.CapabilitySerializer(found).data)

    @extend_schema(
        examples=[examples.CHANGE],
        request=serializers.CapabilityChangeSerializer,
        responses=serializers.CapabilitySerializer,
    )
    def patch(self, request: Request, capability_id: UUID) -> Response:
        asked = serializers.CapabilityChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        selectors.capability_by_id(request.auth, capability_id)
        changed = services.change_capability(
            actor=request.auth, capability_id=capability_id, **asked.validated_data
        )
        return Response(serializers.CapabilitySerializer(changed).data)


class CapabilityRetireView(APIView):
    """End a capability's life; its past stays."""

    permission_required = {"POST": P.CAPABILITY_MANAGE}

    @extend_schema(
        examples=[examples.RETIRE],
        request=serializers.RetireSerializer,
        responses=serializers.CapabilitySerializer,
    )
    def post(self, request: Request, capability_id: UUID) -> Response:
        asked = serializers.RetireSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        selectors.capability_by_id(request.auth, capability_id)
        retired = services.retire_capability(
            actor=request.auth, capability_id=capability_id, **asked.validated_data
        )
        return Response(serializers.CapabilitySerializer(retired).data)


class TiersView(APIView):
    """The consumption tiers of the organization: thresholds and what each tier means."""

    permission_required = {"GET": P.CAPABILITY_VIEW, "PUT": P.TIER_MANAGE}

    @extend_schema(responses=serializers.TiersSerializer)
    def get(self, request: Request) -> Response:
        found, version = selectors.tiers_in_force()
        return Response({"version": version, "document": tiers.dump(found)})

    @extend_schema(
        examples=[examples.SET_TIERS],
        request=serializers.TiersSerializer,
        responses=serializers.TiersSerializer,
    )
    def put(self, request: Request) -> Response:
        """Replace the tiers read at a version; 409 when they have changed since."""
        asked = serializers.TiersSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.change_tiers(actor=request.auth, **asked.validated_data)
        version = asked.validated_data["version"] + 1
        return Response({"version": version, "document": tiers.dump(changed)})
