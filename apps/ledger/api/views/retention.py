"""How long raw records are kept."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.ledger import services
from apps.ledger.api import examples, serializers
from apps.ledger.selectors import (
    retention,
)


class RetentionView(APIView):
    """How long raw records are kept. Setting it removes what is due, for good."""

    permission_required = {"GET": P.USAGE_VIEW, "PUT": P.PERIOD_MANAGE}

    @extend_schema(
        parameters=[serializers.KeepSerializer], responses=serializers.RetentionAnswerSerializer
    )
    def get(self, request: Request) -> Response:
        asked = serializers.KeepSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = retention.retention()
        keep = asked.validated_data.get("months", found.months)
        return Response(_retention_json(found, keep))

    @extend_schema(
        examples=[examples.KEEP],
        request=serializers.RetentionSerializer,
        responses=serializers.RetentionAnswerSerializer,
    )
    def put(self, request: Request) -> Response:
        asked = serializers.RetentionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = services.set_retention(actor=request.auth, **asked.validated_data)
        return Response(_retention_json(found, found.months))


def _retention_json(found: retention.Retention, keep: int | None) -> dict[str, Any]:
    body = {
        "months": found.months,
        "version": found.version,
        "results": retention.months(keep),
    }
    return dict(serializers.RetentionAnswerSerializer(body).data)
