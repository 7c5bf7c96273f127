"""GET /api/v1/push/received: what was pushed, by client, signal and outcome."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.connectors.push import selectors
from apps.connectors.push.rules.calls import Dialect, Signal


class ReceivedSerializer(serializers.Serializer[Any]):
    """`kind`: counted; twice (told by another signal, or sent again); refused; ignored."""

    dialect = serializers.ChoiceField(choices=[d.value for d in Dialect])
    signal = serializers.ChoiceField(choices=[s.value for s in Signal])
    outcome = serializers.CharField()
    kind = serializers.ChoiceField(choices=["counted", "twice", "refused", "ignored"])
    items = serializers.IntegerField()
    tokens = serializers.IntegerField()
    last_at = serializers.DateTimeField()


class PeriodSerializer(serializers.Serializer[None]):
    days = serializers.IntegerField(min_value=1, max_value=selectors.MAX_DAYS, default=7)


class ReceivedView(ActorMixin, APIView):
    """What was pushed in the last UTC days, the largest first."""

    permission_required = {"GET": P.SOURCE_VIEW}

    @extend_schema(
        operation_id="push_received_list",
        parameters=[OpenApiParameter("days", int, description="1 to 400 UTC days, 7 by default")],
        responses=ReceivedSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        period = PeriodSerializer(data=request.query_params)
        period.is_valid(raise_exception=True)
        rows = selectors.received(self.actor, period.validated_data["days"])
        return Response(ReceivedSerializer(rows, many=True).data)
