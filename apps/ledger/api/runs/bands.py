"""Reference bands of runs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.api.pagination import Whole
from apps.common.errors import FieldError, Invalid, NotFound
from apps.ledger import services
from apps.ledger.api import examples
from apps.ledger.api.runs.reach import text_of
from apps.ledger.rules import bands as rules
from apps.ledger.selectors import runs as selectors
from apps.portfolio.enums import CapabilityKind


class LimitsSerializer(serializers.Serializer):
    """Limits of one measure; shares between 0 and 1, null is no limit."""

    low = serializers.DecimalField(16, 6, allow_null=True, default=None)
    high = serializers.DecimalField(16, 6, allow_null=True, default=None)


class BandsSerializer(serializers.Serializer):
    """Reference bands of one kind of capability. `version` 0 means the product's own."""

    kind = serializers.ChoiceField(CapabilityKind.choices, read_only=True)
    version = serializers.IntegerField(min_value=0)
    bands = serializers.DictField(child=LimitsSerializer(), help_text="By measure.")


def _bands_json(kind: str) -> dict[str, Any]:
    row = selectors.bands_row(kind)
    found = selectors.bands_of(kind)
    return {
        "kind": kind,
        "version": row.version if row else 0,
        "bands": {
            key: {"low": text_of(band.low), "high": text_of(band.high)}
            for key, band in found.items()
        },
    }


class RunBandsView(APIView):
    """The bands of every kind of capability."""

    permission_required = {"GET": P.USAGE_VIEW}
    pagination_class = Whole

    @extend_schema(responses=BandsSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response({"results": [_bands_json(kind) for kind in CapabilityKind.values]})


class RunBandView(APIView):
    """The bands of one kind of capability."""

    permission_required = {"GET": P.USAGE_VIEW, "PUT": P.CAPABILITY_MANAGE}

    @extend_schema(responses=BandsSerializer)
    def get(self, request: Request, kind: str) -> Response:
        return Response(_bands_json(_kind(kind)))

    @extend_schema(examples=[examples.BANDS], request=BandsSerializer, responses=BandsSerializer)
    def put(self, request: Request, kind: str) -> Response:
        asked = BandsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        bands = asked.validated_data["bands"]
        unknown = [key for key in bands if key not in rules.BY_KEY]
        if unknown:
            error = FieldError(
                "bands", f"Unknown measure {unknown[0][:40]!r}.", f"Use {', '.join(rules.BY_KEY)}."
            )
            raise Invalid(error.message, errors=[error])
        services.set_run_bands(
            actor=request.auth,
            kind=_kind(kind),
            bands={key: rules.Band(pair["low"], pair["high"]) for key, pair in bands.items()},
            version=asked.validated_data["version"],
        )
        return Response(_bands_json(kind))


def _kind(kind: str) -> str:
    if kind not in CapabilityKind.values:
        raise NotFound("There is no such kind of capability.", code="kind_not_found")
    return kind
