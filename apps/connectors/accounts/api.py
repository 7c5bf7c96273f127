"""Provider accounts and the coverage meter over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.fields import money
from apps.connectors.accounts import meter, selectors, services
from apps.connectors.accounts.meter import BLIND_LABELS, Meter, Spot
from apps.connectors.accounts.rules import KNOWN_LABELS, Part
from apps.connectors.api import examples
from apps.connectors.enums import KeyStanding
from apps.ledger.api.serializers import MoneySerializer


class AccountLineSerializer(serializers.Serializer):
    """One account; figures are of the last 90 days. `account` is empty for usage that states none.
    `standing` is empty while nobody decided, and `version` 0."""

    provider = serializers.CharField()
    account = serializers.CharField()
    name = serializers.CharField(source="label")
    known_as = serializers.ChoiceField(
        [(str(known), label) for known, label in KNOWN_LABELS.items()], source="known"
    )
    sources = serializers.ListField(child=serializers.CharField())
    comparisons = serializers.ListField(child=serializers.CharField())
    bills = serializers.ListField(child=serializers.CharField())
    first_seen = serializers.DateField(allow_null=True)
    last_seen = serializers.DateField(allow_null=True)
    tokens = serializers.IntegerField()
    cost_nanos = serializers.IntegerField(allow_null=True)
    billed_nanos = serializers.IntegerField(allow_null=True)
    standing = serializers.CharField()
    owner = serializers.CharField()
    payment = serializers.CharField()
    note = serializers.CharField()
    version = serializers.IntegerField()


class AccountLinesSerializer(serializers.Serializer):
    results = AccountLineSerializer(many=True)


class SaveAccountSerializer(serializers.Serializer):
    """`version` is the one that was read; 0 for an account that nobody spoke about."""

    provider = serializers.CharField(max_length=255)
    account = serializers.CharField(max_length=255)
    standing = serializers.ChoiceField(KeyStanding.choices)
    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    owner = serializers.CharField(max_length=120, allow_blank=True, default="")
    payment = serializers.CharField(max_length=120, allow_blank=True, default="")
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    version = serializers.IntegerField(default=0)


class ForgetAccountSerializer(serializers.Serializer):
    """Which declaration is taken back, in the version that was read."""

    provider = serializers.CharField(max_length=255)
    account = serializers.CharField(max_length=255)
    version = serializers.IntegerField()


class AccountsView(ActorMixin, APIView):
    """Every provider account that is used, billed or declared; declare one or decide about it; take
    a declaration back."""

    permission_required = {
        "GET": P.SOURCE_VIEW,
        "PUT": P.SOURCE_MANAGE,
        "DELETE": P.SOURCE_MANAGE,
    }

    @extend_schema(responses=AccountLinesSerializer)
    def get(self, request: Request) -> Response:
        return Response(AccountLinesSerializer({"results": selectors.accounts(self.actor)}).data)

    @extend_schema(
        examples=[examples.ACCOUNT],
        request=SaveAccountSerializer,
        responses=AccountLineSerializer,
    )
    def put(self, request: Request) -> Response:
        body = SaveAccountSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        services.save_account(actor=self.actor, **values)
        line = selectors.one(self.actor, values["provider"], values["account"])
        return Response(AccountLineSerializer(line).data)

    @extend_schema(parameters=[ForgetAccountSerializer], responses={204: None})
    def delete(self, request: Request) -> Response:
        asked = ForgetAccountSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        services.forget_account(actor=self.actor, **asked.validated_data)
        return Response(status=204)


class PartSerializer(serializers.Serializer):
    """Some of a whole; `share` is 0 to 1, null of nothing."""

    part = serializers.IntegerField()
    whole = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class SpotSerializer(serializers.Serializer):
    """One thing that the figures do not see; `cost` is the money in it where that is known."""

    kind = serializers.ChoiceField([(str(kind), label) for kind, label in BLIND_LABELS.items()])
    title = serializers.CharField()
    detail = serializers.CharField()
    subject = serializers.CharField(
        help_text="The account as provider:account, a source's id, or a provider."
    )
    cost = serializers.SerializerMethodField()

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_cost(self, spot: Spot) -> dict[str, Any] | None:
        return money(spot.cost_nanos, self.context["currency"])


class SpendPartSerializer(serializers.Serializer):
    """Spend with token counts, of all spend."""

    part = MoneySerializer()
    whole = MoneySerializer()
    share = serializers.FloatField(allow_null=True)


class MeterSerializer(serializers.Serializer):
    """Coverage of the days from `start` until before `end`; accounts are those known today."""

    start = serializers.DateField()
    end = serializers.DateField()
    accounts = PartSerializer(help_text="Known accounts, and those a source of record counts.")
    spend = serializers.SerializerMethodField()
    days = PartSerializer(help_text="Days of sources of record, and those with data.")
    blind_spots = SpotSerializer(many=True, source="spots")
    bills_without_rate = serializers.ListField(child=serializers.CharField(), source="without_rate")

    @extend_schema_field(SpendPartSerializer)
    def get_spend(self, found: Meter) -> dict[str, Any]:
        spend: Part = found.spend
        return {
            "part": money(spend.part, found.currency),
            "whole": money(spend.whole, found.currency),
            "share": spend.share,
        }


class CoverageView(ActorMixin, APIView):
    """The coverage meter: accounts connected, spend with token counts, days with data, and the
    blind spots."""

    permission_required = {"GET": P.SOURCE_VIEW}

    @extend_schema(responses=MeterSerializer)
    def get(self, request: Request) -> Response:
        found = meter.meter(self.actor)
        return Response(MeterSerializer(found, context={"currency": found.currency}).data)
