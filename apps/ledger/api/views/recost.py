"""Usage without a price, and pricing it later."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.api.pagination import Whole
from apps.ledger import services
from apps.ledger.api import examples, serializers
from apps.ledger.selectors import (
    recost,
)
from apps.ledger.selectors.state import ledger_settings


class UnpricedView(APIView):
    """Models used in the last year without a price."""

    permission_required = {"GET": P.USAGE_VIEW}
    pagination_class = Whole

    @extend_schema(responses=serializers.UnpricedSerializer(many=True))
    def get(self, request: Request) -> Response:
        units = visible_unit_ids(request.auth, P.USAGE_VIEW)
        found = [
            {
                "provider": row.keys[0],
                "model": row.keys[1],
                "tokens": row.unpriced_tokens,
                "requests": row.unpriced_requests,
                "records": row.unpriced_records,
            }
            for row in recost.unpriced_models(units)
        ]
        return Response({"results": serializers.UnpricedSerializer(found, many=True).data})


class RecostView(APIView):
    """GET: what pricing the waiting records would do. POST: have a worker do it."""

    permission_required = {"GET": P.PRICE_MANAGE, "POST": P.PRICE_MANAGE}

    @extend_schema(
        parameters=[serializers.AskRecostSerializer], responses=serializers.RecostSerializer
    )
    def get(self, request: Request) -> Response:
        asked = serializers.AskRecostSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = services.preview_recost(**asked.validated_data)
        return Response(serializers.recost_json(found, ledger_settings().currency))

    @extend_schema(
        examples=[examples.RECOST],
        request=serializers.AskRecostSerializer,
        responses={202: serializers.RecostJobSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = serializers.AskRecostSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = services.request_recost(actor=request.auth, **asked.validated_data)
        job.refresh_from_db()
        body = serializers.recost_job_json(job, ledger_settings().currency)
        return Response(body, status=status.HTTP_202_ACCEPTED)


class RecostJobView(APIView):
    """A pricing job and its progress."""

    permission_required = {"GET": P.PRICE_MANAGE}

    @extend_schema(operation_id="recost_job_retrieve", responses=serializers.RecostJobSerializer)
    def get(self, request: Request, recost_job_id: UUID) -> Response:
        job = recost.recost_job(recost_job_id)
        return Response(serializers.recost_job_json(job, ledger_settings().currency))
