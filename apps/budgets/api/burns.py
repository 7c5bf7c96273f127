"""Burning budgets over the API."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.budgets.api import examples
from apps.budgets.enums import BurnState, BurnWindow
from apps.budgets.models import BudgetBurn
from apps.budgets.selectors import burns as selectors
from apps.budgets.services import take_burn


class BudgetBurnSerializer(serializers.ModelSerializer):
    """A budget that burns faster than it can last. `used` and `limit` are nanos of the budget's
    currency or tokens, as `measure` says; `rate_percent` 100 is the rate at which it just lasts."""

    budget_id = serializers.UUIDField()
    budget = serializers.CharField(source="budget.name")
    currency = serializers.CharField(source="budget.currency")
    window = serializers.ChoiceField(BurnWindow.choices())
    state = serializers.ChoiceField(BurnState.choices())
    measure = serializers.ChoiceField([("money", "Money"), ("tokens", "Tokens")])

    class Meta:
        model = BudgetBurn
        fields = (
            "id",
            "budget_id",
            "budget",
            "currency",
            "period_start",
            "window",
            "state",
            "measure",
            "since",
            "rate_percent",
            "used",
            "limit",
            "runs_out_on",
            "raised",
            "version",
            "first_seen",
            "last_seen",
            "eased_at",
            "taken_at",
            "taken_by",
            "note",
        )


class BurnTakeSerializer(serializers.Serializer):
    """The version that was read, and a note."""

    version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class BurnFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=BurnState.choices())
    window = django_filters.ChoiceFilter(choices=BurnWindow.choices())
    budget_id = django_filters.UUIDFilter()


class BurnListView(generics.ListAPIView):
    """Burn-rate alerts of the budgets in sight, eased ones included."""

    permission_required = {"GET": P.BUDGET_VIEW}
    serializer_class = BudgetBurnSerializer
    filterset_class = BurnFilter

    def get_queryset(self) -> QuerySet[BudgetBurn]:
        if getattr(self, "swagger_fake_view", False):
            return BudgetBurn._base_manager.none()
        return selectors.burns(self.request.auth)


class BurnView(APIView):
    """One burn-rate alert."""

    permission_required = {"GET": P.BUDGET_VIEW}

    @extend_schema(responses=BudgetBurnSerializer)
    def get(self, request: Request, burn_id: UUID) -> Response:
        return Response(_json(selectors.burn_by_id(request.auth, burn_id)))


class TakeView(APIView):
    """Say that somebody has it; 409 when somebody has it already, or it eased."""

    permission_required = {"POST": P.BUDGET_VIEW}

    @extend_schema(
        examples=[examples.TAKE], request=BurnTakeSerializer, responses=BudgetBurnSerializer
    )
    def post(self, request: Request, burn_id: UUID) -> Response:
        asked = BurnTakeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = take_burn(actor=request.auth, burn_id=burn_id, **asked.validated_data)
        return Response(_json(row))


def _json(row: BudgetBurn) -> dict[str, Any]:
    return dict(BudgetBurnSerializer(row).data)
