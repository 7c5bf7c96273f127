"""Thresholds over the API: those of the organization, and what budgets have reached."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.access.services import require_anywhere
from apps.budgets.api import examples
from apps.budgets.enums import Basis
from apps.budgets.models import BudgetCrossing, ThresholdDefault
from apps.budgets.selectors import thresholds as selectors
from apps.budgets.services import set_threshold_default
from apps.budgets.services.thresholds import MOST


class BudgetCrossingSerializer(serializers.ModelSerializer):
    """A threshold that a budget reached, with the figures of when it was told: `limit`, `at`,
    `used` and `likely` (forecast use at the end of the period) are nanos of the budget's currency
    or tokens, as `measure` says."""

    budget_id = serializers.UUIDField()
    budget = serializers.CharField(source="budget.name")
    currency = serializers.CharField(source="budget.currency")
    basis = serializers.ChoiceField(Basis.choices())
    measure = serializers.ChoiceField([("money", "Money"), ("tokens", "Tokens")])

    class Meta:
        model = BudgetCrossing
        fields = (
            "id",
            "budget_id",
            "budget",
            "currency",
            "period_start",
            "measure",
            "basis",
            "percent",
            "limit",
            "at",
            "used",
            "likely",
            "crossed_on",
            "found_at",
            "raised",
        )


class CrossingFilter(django_filters.FilterSet):
    budget_id = django_filters.UUIDFilter()
    basis = django_filters.ChoiceFilter(choices=Basis.choices())
    percent = django_filters.NumberFilter()
    period_start = django_filters.DateFilter()


class CrossingListView(generics.ListAPIView):
    """Thresholds that the budgets in sight have reached, each once a period."""

    permission_required = {"GET": P.BUDGET_VIEW}
    serializer_class = BudgetCrossingSerializer
    filterset_class = CrossingFilter

    def get_queryset(self) -> QuerySet[BudgetCrossing]:
        if getattr(self, "swagger_fake_view", False):
            return BudgetCrossing._base_manager.none()
        return selectors.crossings(self.request.auth)


def _percents() -> serializers.ListField:
    percent = serializers.IntegerField(min_value=1, max_value=MOST)
    return serializers.ListField(child=percent, max_length=20)


class ThresholdDefaultSerializer(serializers.ModelSerializer):
    """At which percents of measured and of forecast use budgets speak up that have no thresholds of
    their own. Sending takes the version that was read, 0 for the built-in ones."""

    actual = _percents()
    forecast = _percents()
    version = serializers.IntegerField(min_value=0)

    class Meta:
        model = ThresholdDefault
        fields = ("actual", "forecast", "version")


class ThresholdDefaultView(APIView):
    """The organization's thresholds of budgets."""

    permission_required = {"GET": P.BUDGET_VIEW, "PUT": P.BUDGET_MANAGE}

    @extend_schema(responses=ThresholdDefaultSerializer)
    def get(self, request: Request) -> Response:
        require_anywhere(request.auth, P.BUDGET_VIEW)
        return Response(ThresholdDefaultSerializer(selectors.threshold_default()).data)

    @extend_schema(
        examples=[examples.THRESHOLDS],
        request=ThresholdDefaultSerializer,
        responses=ThresholdDefaultSerializer,
    )
    def put(self, request: Request) -> Response:
        asked = ThresholdDefaultSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = set_threshold_default(actor=request.auth, **asked.validated_data)
        return Response(ThresholdDefaultSerializer(found).data)
