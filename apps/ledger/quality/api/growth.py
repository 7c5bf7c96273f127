"""The growth threshold over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.access.services import require
from apps.ledger.quality import selectors, services
from apps.ledger.quality.api import examples
from apps.ledger.quality.models import MOST_PERCENT


class GrowthThresholdSerializer(serializers.Serializer):
    """From which growth of a team's or capability's tokens on, 28 days to 28 days, an alert is
    raised. Sending takes the version that was read."""

    percent = serializers.IntegerField(
        min_value=1, max_value=MOST_PERCENT, allow_null=True, help_text="Null: never."
    )
    least_tokens = serializers.IntegerField(
        min_value=0,
        max_value=services.MOST_TOKENS,
        help_text="Less use in the earlier days is not looked at.",
    )
    version = serializers.IntegerField(min_value=0)


class GrowthThresholdView(ActorMixin, APIView):
    """The threshold in force."""

    permission_required = {"GET": P.SOURCE_VIEW, "PUT": P.SOURCE_MANAGE}

    @extend_schema(responses=GrowthThresholdSerializer)
    def get(self, request: Request) -> Response:
        require(self.actor, P.SOURCE_VIEW)
        return Response(GrowthThresholdSerializer(selectors.growth_threshold()).data)

    @extend_schema(
        examples=[examples.GROWTH],
        request=GrowthThresholdSerializer,
        responses=GrowthThresholdSerializer,
    )
    def put(self, request: Request) -> Response:
        asked = GrowthThresholdSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = services.set_growth_threshold(actor=self.actor, **asked.validated_data)
        return Response(GrowthThresholdSerializer(found).data)
