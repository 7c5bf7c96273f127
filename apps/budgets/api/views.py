"""Budgets in the API."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.budgets import selectors, services
from apps.budgets.api import examples, serializers
from apps.budgets.enums import Basis, BudgetStatus, PeriodKind, Scope
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.periods import nearest_period
from apps.common import clock
from apps.common.api.bodies import checked
from apps.common.errors import Invalid
from apps.common.web.filters import parse_day


class BudgetFilter(django_filters.FilterSet):
    scope = django_filters.ChoiceFilter(choices=Scope.choices())
    period_kind = django_filters.ChoiceFilter(choices=PeriodKind.choices())
    unit = django_filters.UUIDFilter("unit_id")
    capability = django_filters.UUIDFilter("capability_id")
    story_id = django_filters.UUIDFilter()
    status = django_filters.ChoiceFilter(choices=BudgetStatus.choices())


class BudgetListView(generics.ListCreateAPIView):
    """Budgets in sight, closed ones included. A story's budget opens with its approval."""

    permission_required = {"GET": P.BUDGET_VIEW, "POST": P.BUDGET_MANAGE}
    serializer_class = serializers.BudgetSerializer
    filterset_class = BudgetFilter

    def get_queryset(self) -> QuerySet[Budget]:
        return selectors.budgets_for(self.request.auth)

    @extend_schema(
        examples=[examples.NEW],
        request=serializers.BudgetCreateSerializer,
        responses=serializers.BudgetSerializer,
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = checked(serializers.BudgetCreateSerializer, request)
        data["amount_nanos"] = data.pop("amount")
        data["thresholds"] = _pairs(data["thresholds"])
        made = services.create_budget(actor=request.auth, **data)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)


class BudgetView(APIView):
    """One budget. PATCH changes its details, never its amount."""

    permission_required = {"GET": P.BUDGET_VIEW, "PATCH": P.BUDGET_MANAGE}

    @extend_schema(responses=serializers.BudgetSerializer)
    def get(self, request: Request, budget_id: UUID) -> Response:
        return _budget(request, budget_id)

    @extend_schema(
        examples=[examples.CHANGE],
        request=serializers.BudgetChangeSerializer,
        responses=serializers.BudgetSerializer,
    )
    def patch(self, request: Request, budget_id: UUID) -> Response:
        data = checked(serializers.BudgetChangeSerializer, request)
        selectors.budget_by_id(request.auth, budget_id)
        data["thresholds"] = _pairs(data["thresholds"])
        services.change_budget(actor=request.auth, budget_id=budget_id, **data)
        return _budget(request, budget_id)


class StatusView(APIView):
    """Measured, committed, forecast and thresholds of the period a day lies in."""

    permission_required = {"GET": P.BUDGET_VIEW}

    @extend_schema(
        parameters=[OpenApiParameter("on", OpenApiTypes.DATE, description="Default: today")],
        responses=serializers.StatusSerializer,
    )
    def get(self, request: Request, budget_id: UUID) -> Response:
        budget = selectors.budget_by_id(request.auth, budget_id)
        text = request.query_params.get("on", "")
        day = parse_day(text) if text else clock.today(budget.timezone)
        if day is None:
            raise Invalid("Not a day.", field="on", fix="Write it like 2026-11-23.")
        found = selectors.budget_status(budget, nearest_period(budget.plan, day))
        return Response(serializers.StatusSerializer(found).data)


class EntryListView(generics.ListAPIView):
    """The period ledger of a budget: the rows that make its amounts."""

    permission_required = {"GET": P.BUDGET_VIEW}
    serializer_class = serializers.EntrySerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[BudgetEntry]:
        if getattr(self, "swagger_fake_view", False):
            return BudgetEntry.objects.none()
        self.budget = selectors.budget_by_id(self.request.auth, self.kwargs["budget_id"])
        return BudgetEntry.objects.filter(budget_id=self.budget.id)

    def get_serializer_context(self) -> dict[str, Any]:
        budget = getattr(self, "budget", None)
        return {**super().get_serializer_context(), "currency": budget.currency if budget else ""}


class ReviseView(APIView):
    """Replace the amount of every period from a date."""

    permission_required = {"POST": P.BUDGET_MANAGE}

    @extend_schema(
        examples=[examples.REVISE],
        request=serializers.ReviseSerializer,
        responses=serializers.BudgetSerializer,
    )
    def post(self, request: Request, budget_id: UUID) -> Response:
        data = checked(serializers.ReviseSerializer, request)
        selectors.budget_by_id(request.auth, budget_id)
        data["amount_nanos"] = data.pop("amount")
        services.revise_budget(actor=request.auth, budget_id=budget_id, **data)
        return _budget(request, budget_id)


class GrantView(APIView):
    """Add an amount to one period."""

    permission_required = {"POST": P.BUDGET_MANAGE}

    @extend_schema(
        examples=[examples.GRANT],
        request=serializers.GrantSerializer,
        responses=serializers.BudgetSerializer,
    )
    def post(self, request: Request, budget_id: UUID) -> Response:
        data = checked(serializers.GrantSerializer, request)
        selectors.budget_by_id(request.auth, budget_id)
        data["amount_nanos"] = data.pop("amount")
        services.grant_budget(actor=request.auth, budget_id=budget_id, **data)
        return _budget(request, budget_id)


class MoveView(APIView):
    """Move money to another budget."""

    permission_required = {"POST": P.BUDGET_MANAGE}

    @extend_schema(
        examples=[examples.MOVE],
        request=serializers.MoveSerializer,
        responses=serializers.BudgetSerializer,
    )
    def post(self, request: Request, budget_id: UUID) -> Response:
        data = checked(serializers.MoveSerializer, request)
        for each in (budget_id, data["to"]):
            selectors.budget_by_id(request.auth, each)
        services.move_budget(
            actor=request.auth,
            from_id=budget_id,
            from_version=data["version"],
            to_id=data["to"],
            on=data["on"],
            amount_nanos=data["amount"],
            note=data["note"],
        )
        return _budget(request, budget_id)


class CloseView(APIView):
    """End a budget now."""

    permission_required = {"POST": P.BUDGET_MANAGE}

    @extend_schema(
        examples=[examples.CLOSE],
        request=serializers.CloseSerializer,
        responses=serializers.BudgetSerializer,
    )
    def post(self, request: Request, budget_id: UUID) -> Response:
        data = checked(serializers.CloseSerializer, request)
        selectors.budget_by_id(request.auth, budget_id)
        services.close_budget(actor=request.auth, budget_id=budget_id, **data)
        return _budget(request, budget_id)


def _pairs(thresholds: list[dict[str, Any]] | None) -> list[tuple[Basis, int]] | None:
    """Thresholds as services take them; None: those of the organization."""
    if thresholds is None:
        return None
    return [(Basis(one["basis"]), one["percent"]) for one in thresholds]


def _budget(request: Request, budget_id: UUID) -> Response:
    found = selectors.budget_by_id(request.auth, budget_id)
    return Response(serializers.BudgetSerializer(found).data)
