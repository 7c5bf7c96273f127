"""The inventory of API keys over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.connectors.api import examples
from apps.connectors.enums import KeyStanding, Listing
from apps.connectors.inventory import selectors, services
from apps.connectors.inventory.selectors import KeyLine


class KeyLineSerializer(serializers.Serializer):
    """One key; figures are of the last 90 days. `standing` is empty while nobody decided, and
    `version` 0."""

    provider = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField(source="label")
    listing = serializers.ChoiceField(Listing.choices)
    directory = serializers.CharField(source="source")
    owner = serializers.CharField()
    team = serializers.CharField()
    first_used = serializers.DateField(allow_null=True)
    last_used = serializers.DateField(allow_null=True)
    tokens = serializers.IntegerField()
    cost_nanos = serializers.IntegerField(allow_null=True)
    standing = serializers.CharField()
    payment = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()

    def get_payment(self, line: KeyLine) -> str:
        return line.review.payment if line.review else ""

    def get_version(self, line: KeyLine) -> int:
        return line.review.version if line.review else 0


class KeyLinesSerializer(serializers.Serializer):
    results = KeyLineSerializer(many=True)


class ReviewSerializer(serializers.Serializer):
    """`version` is the one that was read; 0 for a key nobody decided about."""

    provider = serializers.CharField(max_length=255)
    key = serializers.CharField(max_length=255)
    standing = serializers.ChoiceField(KeyStanding.choices)
    owner = serializers.CharField(max_length=120, allow_blank=True, default="")
    payment = serializers.CharField(max_length=120, allow_blank=True, default="")
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    version = serializers.IntegerField(default=0)


class InventoryView(ActorMixin, APIView):
    """Every API key that was used or that a provider lists; decide about one."""

    permission_required = {"GET": P.SOURCE_VIEW, "PUT": P.SOURCE_MANAGE}

    @extend_schema(responses=KeyLinesSerializer)
    def get(self, request: Request) -> Response:
        return Response(KeyLinesSerializer({"results": selectors.inventory(self.actor)}).data)

    @extend_schema(examples=[examples.KEY], request=ReviewSerializer, responses=KeyLineSerializer)
    def put(self, request: Request) -> Response:
        body = ReviewSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        services.review_key(actor=self.actor, **values)
        line = selectors.one(self.actor, values["provider"], values["key"])
        return Response(KeyLineSerializer(line).data)
