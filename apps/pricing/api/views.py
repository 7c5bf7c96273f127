"""Models, list prices, negotiated rates, and “price this”."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.pagination import Whole
from apps.common.tokens import TokenCounts
from apps.pricing import selectors, services
from apps.pricing.api import examples, serializers
from apps.pricing.changes import price_events
from apps.pricing.models import AIModel, ListPrice, ModelStanding, NegotiatedRate
from apps.pricing.services import RateTerms


class ModelFilter(django_filters.FilterSet):
    """`provider` and `model` are the price book's ids; `q` searches ids and names."""

    provider = django_filters.CharFilter("provider__key")
    model = django_filters.CharFilter("key")
    deprecated = django_filters.BooleanFilter()
    q = django_filters.CharFilter(method="search")

    class Meta:
        model = AIModel
        fields = ("provider", "model", "deprecated")

    def search(self, rows: QuerySet[AIModel], name: str, value: str) -> QuerySet[AIModel]:
        for word in value.casefold().split():
            rows = rows.filter(search__contains=word)
        return rows


class ModelListView(ActorMixin, generics.ListAPIView):
    """Every model of the price book, with today's standard list prices."""

    permission_required = {"GET": P.PRICE_VIEW}
    serializer_class = serializers.ModelSerializer
    filterset_class = ModelFilter
    ordering = "id"

    def get_queryset(self) -> QuerySet[AIModel]:
        return selectors.with_standing(selectors.model_catalogue())


class StandingFilter(django_filters.FilterSet):
    provider = django_filters.CharFilter()
    model = django_filters.CharFilter()
    standing = django_filters.CharFilter()


class StandingListView(ActorMixin, generics.ListAPIView):
    """Where models stand in the organization; an empty model is every model of the provider."""

    permission_required = {"GET": P.PRICE_VIEW, "POST": P.MODEL_STANDING_MANAGE}
    serializer_class = serializers.StandingSerializer
    filterset_class = StandingFilter
    ordering = "id"

    def get_queryset(self) -> QuerySet[ModelStanding]:
        return ModelStanding.objects.order_by("id")

    @extend_schema(
        examples=[examples.STANDING],
        operation_id="model_standings_set",
        request=serializers.StandingSerializer,
        responses=serializers.StandingSerializer,
    )
    def post(self, request: Request) -> Response:
        """Say where a model stands. `version` is the one that was read, 0 for the first word."""
        asked = serializers.StandingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.set_standing(actor=self.actor, **asked.validated_data)
        return Response(serializers.StandingSerializer(row).data)


class PriceFilter(django_filters.FilterSet):
    """`on` gives the prices in force on a UTC day."""

    provider = django_filters.CharFilter("model__provider__key")
    model = django_filters.CharFilter("model__key")
    tier = django_filters.CharFilter()
    on = django_filters.DateFilter(method="in_force")

    class Meta:
        model = ListPrice
        fields = ("provider", "model", "tier")

    def in_force(self, rows: QuerySet[ListPrice], name: str, value: Any) -> QuerySet[ListPrice]:
        return rows.filter(starts_on__lte=value).filter(Q(ends_on=None) | Q(ends_on__gt=value))


class PriceListView(ActorMixin, generics.ListAPIView):
    """The list prices of the price book, dated, by tier and band."""

    permission_required = {"GET": P.PRICE_VIEW}
    serializer_class = serializers.ListPriceSerializer
    filterset_class = PriceFilter
    ordering = "id"

    def get_queryset(self) -> QuerySet[ListPrice]:
        return ListPrice.objects.filter(is_current=True).select_related("model__provider")


class PriceChangeListView(ActorMixin, APIView):
    """What changes the price of a token, newest first."""

    permission_required = {"GET": P.PRICE_VIEW}
    pagination_class = Whole

    @extend_schema(
        parameters=[serializers.ChangeDaysSerializer],
        responses=serializers.PriceEventSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = serializers.ChangeDaysSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        found = price_events(data.get("start"), data.get("end"))
        return Response({"results": serializers.PriceEventSerializer(found, many=True).data})


class EstimateView(ActorMixin, APIView):
    """Price a use of one model with the organization's prices. Writes nothing."""

    permission_required = {"POST": P.PRICE_VIEW}

    @extend_schema(
        examples=[examples.ESTIMATE],
        request=serializers.EstimateSerializer,
        responses=serializers.EstimatedSerializer,
    )
    def post(self, request: Request) -> Response:
        asked = serializers.EstimateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        found = services.estimate_cost(
            provider=data["provider"],
            model=data["model"],
            counts=TokenCounts(**data["tokens"]),
            requests=data["requests"],
            at=data.get("at"),
            service_tier=data["service_tier"],
            account=data["account"],
            context_window=data["context_window"],
        )
        return Response(serializers.EstimatedSerializer(found).data)


class RateFilter(django_filters.FilterSet):
    """Scope fields as they are stored."""

    provider = django_filters.CharFilter()
    model = django_filters.CharFilter()
    account = django_filters.CharFilter()
    tier = django_filters.CharFilter()
    kind = django_filters.CharFilter()


class RateListView(ActorMixin, generics.ListCreateAPIView):
    """Negotiated rates of the organization."""

    permission_required = {"GET": P.PRICE_VIEW, "POST": P.PRICE_MANAGE}
    serializer_class = serializers.NegotiatedRateSerializer
    filterset_class = RateFilter

    def get_queryset(self) -> QuerySet[NegotiatedRate]:
        return selectors.negotiated_rates()

    @extend_schema(examples=[examples.RATE])
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rate = services.negotiate_rate(actor=self.actor, terms=_terms(asked.validated_data))
        return Response(self.get_serializer(rate).data, status=status.HTTP_201_CREATED)


class RateView(ActorMixin, generics.RetrieveUpdateDestroyAPIView):
    """One rate. A rate that has begun can only be ended."""

    permission_required = {"GET": P.PRICE_VIEW, "PUT": P.PRICE_MANAGE, "DELETE": P.PRICE_MANAGE}
    http_method_names = ["get", "put", "delete", "head", "options"]
    serializer_class = serializers.NegotiatedRateSerializer
    lookup_url_kwarg = "rate_id"

    def get_queryset(self) -> QuerySet[NegotiatedRate]:
        return selectors.negotiated_rates()

    @extend_schema(examples=[examples.CHANGE_RATE])
    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rate = services.change_rate(
            actor=self.actor,
            rate_id=self.kwargs["rate_id"],
            version=asked.validated_data.get("version", 0),
            terms=_terms(asked.validated_data),
        )
        return Response(self.get_serializer(rate).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rate = selectors.negotiated_rate(self.kwargs["rate_id"])
        version = int(request.query_params.get("version") or rate.version)
        services.withdraw_rate(actor=self.actor, rate_id=rate.id, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RateEndView(ActorMixin, APIView):
    """End a rate on a day."""

    permission_required = {"POST": P.PRICE_MANAGE}

    @extend_schema(
        examples=[examples.END_RATE],
        request=serializers.EndSerializer,
        responses=serializers.NegotiatedRateSerializer,
    )
    def post(self, request: Request, rate_id: UUID) -> Response:
        asked = serializers.EndSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rate = services.end_rate(
            actor=self.actor,
            rate_id=rate_id,
            version=asked.validated_data["version"],
            ends_on=asked.validated_data["ends_on"],
        )
        return Response(serializers.NegotiatedRateSerializer(rate).data)


def _terms(data: dict[str, Any]) -> RateTerms:
    return RateTerms(
        name=data["name"],
        provider=data["provider"],
        model=data.get("model", ""),
        account=data.get("account", ""),
        tier=data.get("tier", ""),
        kind=data["kind"],
        starts_on=data["starts_on"],
        ends_on=data.get("ends_on"),
        discount_percent=data.get("discount_percent"),
        rates=data.get("rates"),
        note=data.get("note", ""),
    )
