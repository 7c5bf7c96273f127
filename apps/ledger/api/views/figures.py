"""The query service."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.ledger.api import serializers
from apps.ledger.query import GROUPINGS, Query, run, time_limit
from apps.ledger.query.persons import reached_units


class UsageQueryView(APIView):
    """Figures of any days, grouped and filtered: the numbers every page of the portal shows.

    Those who may not see people get other words for them, one group for fewer than five, and may
    not filter by one."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[
            serializers.QuerySerializer,
            *(
                OpenApiParameter(name, OpenApiTypes.STR, many=True, description="Accepted values.")
                for name in GROUPINGS
            ),
        ],
        responses=serializers.ResultSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = serializers.QuerySerializer(data=_parameters(request))
        asked.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(asked.validated_data)
        values["group_by"] = tuple(values["group_by"])
        currency = values.pop("currency", "")
        filters = {
            name: request.query_params.getlist(name)
            for name in GROUPINGS
            if name in request.query_params
        }
        units = visible_unit_ids(request.auth, P.USAGE_VIEW)
        with time_limit():
            result = run(
                Query(
                    **values,
                    filters=filters,
                    unit_ids=units,
                    requests=True,
                    people=may_see_people(request.auth, reached_units(units, filters)),
                )
            )
            return Response(serializers.result_json(result, currency))


def _parameters(request: Request) -> dict[str, Any]:
    """Query parameters; `group_by` may repeat or be separated by commas."""
    found: dict[str, Any] = {
        name: request.query_params[name]
        for name in ("start", "end", "grain", "order", "limit", "currency", "runs")
        if name in request.query_params
    }
    parts = ",".join(request.query_params.getlist("group_by")).split(",")
    found["group_by"] = [part.strip() for part in parts if part.strip()]
    return found
