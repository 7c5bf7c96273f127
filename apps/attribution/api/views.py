"""Attribution rules, their order, and the question whom some usage belongs to."""

from typing import Any
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
from apps.attribution import selectors, services
from apps.attribution.api import examples, serializers
from apps.attribution.models import AttributionRule
from apps.common import clock
from apps.organizations.selectors import organization


class RuleFilter(django_filters.FilterSet):
    """Status and target."""

    status = django_filters.CharFilter()
    unit_id = django_filters.UUIDFilter()
    capability_id = django_filters.UUIDFilter()
    phase = django_filters.CharFilter()


class RuleListView(ActorMixin, generics.ListCreateAPIView):
    """Rules of the organization, retired ones included."""

    permission_required = {"GET": P.ATTRIBUTION_VIEW, "POST": P.ATTRIBUTION_MANAGE}
    serializer_class = serializers.RuleSerializer
    filterset_class = RuleFilter

    def get_queryset(self) -> QuerySet[AttributionRule]:
        return selectors.all_rules()

    @extend_schema(examples=[examples.NEW])
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = serializers.RuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = services.create_rule(
            actor=self.actor,
            draft=asked.draft(),
            position=asked.validated_data.get("position"),
        )
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)


class RuleView(ActorMixin, generics.RetrieveUpdateDestroyAPIView):
    """One rule. DELETE retires it."""

    permission_required = {
        "GET": P.ATTRIBUTION_VIEW,
        "PUT": P.ATTRIBUTION_MANAGE,
        "DELETE": P.ATTRIBUTION_MANAGE,
    }
    http_method_names = ["get", "put", "delete", "head", "options"]
    serializer_class = serializers.RuleSerializer
    lookup_url_kwarg = "rule_id"

    def get_queryset(self) -> QuerySet[AttributionRule]:
        return selectors.all_rules()

    @extend_schema(examples=[examples.CHANGE])
    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = serializers.RuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule_id: UUID = self.kwargs["rule_id"]
        rule = services.change_rule(
            actor=self.actor,
            rule_id=rule_id,
            version=asked.validated_data.get("version", 0),
            draft=asked.draft(),
        )
        wanted = asked.validated_data.get("position")
        if wanted and wanted != rule.position:
            services.move_rule(actor=self.actor, rule_id=rule_id, position=wanted)
        return Response(self.get_serializer(selectors.rule(rule_id)).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rule = selectors.rule(self.kwargs["rule_id"])
        services.retire_rule(actor=self.actor, rule_id=rule.id, version=rule.version)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrderView(ActorMixin, APIView):
    """Put all active rules in an order."""

    permission_required = {"PUT": P.ATTRIBUTION_MANAGE}

    @extend_schema(
        examples=[examples.ORDER], request=serializers.OrderSerializer, responses={204: None}
    )
    def put(self, request: Request) -> Response:
        asked = serializers.OrderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.reorder_rules(actor=self.actor, rule_ids=asked.validated_data["rule_ids"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class AskView(ActorMixin, APIView):
    """To whom usage with these properties belongs. Writes nothing."""

    permission_required = {"POST": P.ATTRIBUTION_VIEW}

    @extend_schema(
        examples=[examples.ASK],
        request=serializers.UsageSerializer,
        responses=serializers.AssignmentSerializer,
    )
    def post(self, request: Request) -> Response:
        asked = serializers.UsageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        day = asked.validated_data.get("day") or clock.today(organization().timezone)
        found = selectors.rule_set().attribute(asked.dimensions(), day)
        return Response(serializers.assignment_data(found))
