"""Exchange rates: list, enter, withdraw, import; the reporting currency."""

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
from apps.pricing.fx import selectors, services
from apps.pricing.fx.api import examples, serializers
from apps.pricing.fx.models import ExchangeRate


class RateFilter(django_filters.FilterSet):
    """Currencies are codes such as EUR; `since` and `until` are days, both included."""

    base = django_filters.CharFilter()
    quote = django_filters.CharFilter()
    origin = django_filters.CharFilter()
    since = django_filters.DateFilter("day", lookup_expr="gte")
    until = django_filters.DateFilter("day", lookup_expr="lte")


class RateListView(ActorMixin, generics.ListCreateAPIView):
    """Dated exchange rates of the organization."""

    permission_required = {"GET": P.PRICE_VIEW, "POST": P.PRICE_MANAGE}
    serializer_class = serializers.ExchangeRateSerializer
    filterset_class = RateFilter

    def get_queryset(self) -> QuerySet[ExchangeRate]:
        return selectors.exchange_rates()

    @extend_schema(examples=[examples.ENTER])
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = services.enter_rate(actor=self.actor, **asked.validated_data)
        return Response(self.get_serializer(found).data, status=status.HTTP_201_CREATED)


class RateView(ActorMixin, APIView):
    """One rate. An entered one may be withdrawn, with a reason."""

    permission_required = {"GET": P.PRICE_VIEW, "DELETE": P.PRICE_MANAGE}

    @extend_schema(responses=serializers.ExchangeRateSerializer)
    def get(self, request: Request, exchange_rate_id: UUID) -> Response:
        found = selectors.exchange_rate(exchange_rate_id)
        return Response(serializers.ExchangeRateSerializer(found).data)

    @extend_schema(parameters=[serializers.WithdrawSerializer], responses={204: None})
    def delete(self, request: Request, exchange_rate_id: UUID) -> Response:
        selectors.exchange_rate(exchange_rate_id)
        asked = serializers.WithdrawSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        services.withdraw_rate(
            actor=self.actor, rate_id=exchange_rate_id, reason=asked.validated_data["reason"]
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class ImportView(ActorMixin, APIView):
    """Import a table of reference rates. Repeating it adds nothing."""

    permission_required = {"POST": P.PRICE_MANAGE}

    @extend_schema(
        examples=[examples.IMPORT],
        request=serializers.ImportSerializer,
        responses=serializers.ImportedSerializer,
    )
    def post(self, request: Request) -> Response:
        asked = serializers.ImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        do = services.preview_rates if data["dry_run"] else services.import_rates
        found = do(actor=self.actor, content=data["csv"].encode(), base=data["base"])
        table = found.table
        body = {
            "dry_run": data["dry_run"],
            "new": len(found.new),
            "same": found.same,
            "different": len(found.other),
            "refused": table.refused,
            "problems": table.problems,
            "first": table.first,
            "last": table.last,
        }
        return Response(serializers.ImportedSerializer(body).data)


class ReportingView(ActorMixin, APIView):
    """The currency that figures are shown in beside their own."""

    permission_required = {"GET": P.PRICE_VIEW, "PUT": P.PRICE_MANAGE}

    @extend_schema(responses=serializers.ReportingSerializer)
    def get(self, request: Request) -> Response:
        return Response({"currency": selectors.reporting_currency()})

    @extend_schema(
        examples=[examples.REPORTING],
        request=serializers.ReportingSerializer,
        responses=serializers.ReportingSerializer,
    )
    def put(self, request: Request) -> Response:
        asked = serializers.ReportingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        code = services.choose_reporting_currency(actor=self.actor, **asked.validated_data)
        return Response({"currency": code})
