"""Usage that belongs to nobody, and re-attribution."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.api.pagination import Whole
from apps.ledger.api import serializers
from apps.ledger.models import Reattribution
from apps.ledger.selectors import (
    suggestions,
)
from apps.ledger.selectors.ownership import owner_coverage
from apps.ledger.selectors.state import ledger_settings


class UnattributedView(APIView):
    """Keys and projects whose usage belongs to nobody, the dearest first, with likely owners."""

    permission_required = {"GET": P.USAGE_VIEW}
    pagination_class = Whole

    @extend_schema(responses=serializers.UnattributedSerializer(many=True))
    def get(self, request: Request) -> Response:
        found = suggestions.unattributed(request.auth)
        currency = ledger_settings().currency
        rows = suggestions.orphans(found.rows, found.start, found.end)
        return Response({"results": [serializers.orphan_json(row, currency) for row in rows]})


class OwnerCoverageView(APIView):
    """How much of the cost of the last 30 days has an owner, the costliest group first."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[serializers.CoveredQuerySerializer],
        responses=serializers.CoverageAnswerSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = serializers.CoveredQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        rows = owner_coverage(request.auth, asked.validated_data["by"])
        rows.sort(key=lambda row: (-row.cost_nanos, row.label, row.key, row.account))
        context = {"currency": ledger_settings().currency}
        answer = serializers.CoverageAnswerSerializer({"results": rows}, context=context)
        return Response(answer.data)


class ReattributionView(APIView):
    """The last runs of the attribution rules over recorded usage, with their progress."""

    permission_required = {"GET": P.ATTRIBUTION_VIEW}
    pagination_class = Whole

    @extend_schema(responses=serializers.ReattributionSerializer(many=True))
    def get(self, request: Request) -> Response:
        rows = Reattribution.objects.order_by("-created_at", "-id")[:20]
        context = {"currency": ledger_settings().currency}
        found = serializers.ReattributionSerializer(rows, many=True, context=context)
        return Response({"results": found.data})
