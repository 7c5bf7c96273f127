"""Asks in the API."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.asks import selectors, services
from apps.asks.api import examples, serializers
from apps.asks.enums import AskKind, AskStatus
from apps.asks.models import Ask


class AskFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=AskKind.choices())
    status = django_filters.ChoiceFilter(choices=AskStatus.choices())
    unit = django_filters.UUIDFilter("unit_id")
    budget = django_filters.UUIDFilter("budget_id")


class AskListView(generics.ListAPIView):
    """Budget requests, exceptions and entitlements in sight, newest first.

    POST files one, as a person.
    """

    permission_required = {"GET": P.APPROVAL_VIEW, "POST": P.APPROVAL_VIEW}
    serializer_class = serializers.AskSerializer
    filterset_class = AskFilter

    def get_queryset(self) -> QuerySet[Ask]:
        return selectors.asks(self.request.auth)

    @extend_schema(
        request=serializers.FileAskSerializer,
        responses={201: serializers.AskSerializer},
        examples=[examples.MORE, examples.EXCEPTION, examples.ENTITLEMENT],
    )
    def post(self, request: Request) -> Response:
        asked = serializers.FileAskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ask = services.file_ask(actor=request.auth, asked=asked.asked())
        return Response(serializers.AskSerializer(ask).data, status=201)


class AskView(APIView):
    """One ask. PUT asks again after it was sent back."""

    permission_required = {"GET": P.APPROVAL_VIEW, "PUT": P.APPROVAL_VIEW}

    @extend_schema(responses=serializers.AskSerializer)
    def get(self, request: Request, ask_id: UUID) -> Response:
        return Response(serializers.AskSerializer(selectors.ask_by_id(request.auth, ask_id)).data)

    @extend_schema(
        request=serializers.ChangeAskSerializer,
        responses=serializers.AskSerializer,
        examples=[examples.AGAIN],
    )
    def put(self, request: Request, ask_id: UUID) -> Response:
        ask = selectors.ask_by_id(request.auth, ask_id)
        asked = serializers.ChangeAskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.ask_again(
            actor=request.auth,
            ask_id=ask_id,
            version=asked.validated_data["version"],
            asked=asked.asked(ask),
        )
        return Response(serializers.AskSerializer(changed).data)
