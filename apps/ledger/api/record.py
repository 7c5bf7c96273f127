"""One record over the API, with its price, the rules that match it, and its versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.ledger.api.serializers import RecordSerializer, RestatementSerializer
from apps.ledger.selectors.one_record import one_record
from apps.ledger.selectors.state import ledger_settings


class CountedSerializer(serializers.Serializer):
    """Tokens of one kind; `rate_nanos` is the price of a million, null where none was used."""

    kind = serializers.CharField()
    tokens = serializers.IntegerField()
    rate_nanos = serializers.IntegerField(allow_null=True)
    cost_nanos = serializers.IntegerField(allow_null=True)


class AskedSerializer(serializers.Serializer):
    """A rule that matches today; `used`: it decided something."""

    id = serializers.UUIDField(source="rule.id")
    name = serializers.CharField(source="rule.name")
    position = serializers.IntegerField(source="rule.position")
    used = serializers.BooleanField()


class OneRecordSerializer(serializers.Serializer):
    """A record and everything behind it. `stated` are codes that the caller sent with it."""

    record = RecordSerializer()
    confidence = serializers.CharField()
    counted = CountedSerializer(many=True)
    rules = AskedSerializer(many=True, source="asked")
    stated = serializers.DictField(child=serializers.CharField())
    tags = serializers.SerializerMethodField()
    versions = RestatementSerializer(many=True)

    def get_tags(self, view: Any) -> dict[str, str]:
        return dict(view.tags)


class RecordView(APIView):
    """One record: `<microseconds since 1970>-<record_key in hexadecimal>`."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(operation_id="record_retrieve", responses=OneRecordSerializer)
    def get(self, request: Request, record: str) -> Response:
        view = one_record(request.auth, record)
        context = {"currency": ledger_settings().currency, "words": view.words}
        return Response(OneRecordSerializer(view, context=context).data)
