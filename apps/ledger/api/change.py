"""Why a cost changed between two periods, over the API."""

from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.api.fields import money
from apps.common.errors import Invalid
from apps.ledger.api.serializers import SHARE_COUNTED, UNCOUNTED, MoneySerializer
from apps.ledger.query import GROUPINGS, Query, Row, time_limit, why
from apps.ledger.query.persons import reached_units
from apps.ledger.rules.drivers import PARTS
from apps.ledger.selectors.state import ledger_settings


class ChangeQuerySerializer(serializers.Serializer):
    """Two periods of days. `before_*` left out: as many days right before `start`."""

    start = serializers.DateField(help_text="First day, in the organization's time zone.")
    end = serializers.DateField(help_text="Day after the last one.")
    before_start = serializers.DateField(required=False)
    before_end = serializers.DateField(required=False)


class PartSerializer(serializers.Serializer):
    part = serializers.ChoiceField(PARTS)
    effect = MoneySerializer()


class SideSerializer(serializers.Serializer):
    start = serializers.DateField()
    end = serializers.DateField()
    cost = MoneySerializer()
    requests = serializers.IntegerField(allow_null=True, help_text=UNCOUNTED)
    requests_share = serializers.FloatField(allow_null=True, help_text=SHARE_COUNTED)
    tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    unpriced_tokens = serializers.IntegerField(help_text="Not in the cost, nor in the parts.")


class ChangeSerializer(serializers.Serializer):
    """The parts sum to the change to the nano."""

    before = SideSerializer()
    now = SideSerializer()
    change = MoneySerializer()
    parts = PartSerializer(many=True)
    new_models = serializers.ListField(child=serializers.CharField())
    gone_models = serializers.ListField(child=serializers.CharField())
    models_without_requests = serializers.ListField(
        child=serializers.CharField(),
        help_text="Of some of their use no source counts requests: its tokens are its volume.",
    )
    currency = serializers.CharField()


class UsageChangeView(APIView):
    """A change of cost, split into volume, tokens per request, model mix, caching and price."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[
            ChangeQuerySerializer,
            *(
                OpenApiParameter(name, OpenApiTypes.STR, many=True, description="Accepted values.")
                for name in GROUPINGS
            ),
        ],
        responses=ChangeSerializer,
    )
    def get(self, request: Request) -> Response:
        names = ("start", "end", "before_start", "before_end")
        asked = ChangeQuerySerializer(
            data={n: request.query_params[n] for n in names if n in request.query_params}
        )
        asked.is_valid(raise_exception=True)
        days = asked.validated_data
        start, end = days["start"], days["end"]
        before_end = days.get("before_end", start)
        before_start = days.get("before_start", before_end - (end - start))
        for name, first, last in (("end", start, end), ("before_end", before_start, before_end)):
            if first >= last:
                raise Invalid(
                    "A period has at least one day.", field=name, fix="Send the day after the last."
                )
        filters = {
            name: request.query_params.getlist(name)
            for name in GROUPINGS
            if name in request.query_params
        }
        units = visible_unit_ids(request.auth, P.USAGE_VIEW)
        query = Query(
            start=start,
            end=end,
            filters=filters,
            unit_ids=units,
            people=may_see_people(request.auth, reached_units(units, filters)),
        )
        with time_limit():
            found = why(query, (before_start, before_end))
        currency = ledger_settings().currency
        drivers = found.drivers

        def side(total: Row, first: date, last: date) -> dict[str, Any]:
            return {
                "start": first.isoformat(),
                "end": last.isoformat(),
                "cost": money(total.cost_nanos or 0, currency),
                "requests": total.counted_requests,
                "requests_share": total.requests_share,
                "tokens": total.tokens.total,
                "cached_tokens": total.tokens.cache_read,
                "unpriced_tokens": total.unpriced_tokens,
            }

        return Response(
            {
                "before": side(found.before.total, before_start, before_end),
                "now": side(found.now.total, start, end),
                "change": money(drivers.change, currency),
                "parts": [
                    {"part": name, "effect": money(nanos, currency)}
                    for name, nanos in drivers.parts.items()
                ],
                "new_models": list(drivers.new_models),
                "gone_models": list(drivers.gone_models),
                "models_without_requests": list(drivers.uncounted),
                "currency": currency,
            }
        )
