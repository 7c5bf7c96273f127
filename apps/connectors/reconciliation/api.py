"""Reconciliation over the API: the lines of the page."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common import clock
from apps.common.api.fields import money
from apps.connectors.api import examples
from apps.connectors.api.serializers import Strict
from apps.connectors.reconciliation import selectors
from apps.connectors.reconciliation.explaining import EXPLAINED, LABELS
from apps.connectors.reconciliation.rules import STATES, Limits, Side
from apps.connectors.reconciliation.selectors import GROUPS, Line
from apps.connectors.reconciliation.services import set_limits


class AskSerializer(serializers.Serializer):
    """Days [start, end), by default the last 30; by month the months they lie in, whole."""

    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)
    by = serializers.ChoiceField(list(GROUPS), default="day")
    provider = serializers.CharField(required=False, default="", allow_blank=True)


class AmountSerializer(serializers.Serializer):
    nanos = serializers.IntegerField()
    currency = serializers.CharField()
    amount = serializers.CharField()


class PartSerializer(serializers.Serializer):
    """A part of billed minus measured."""

    part = serializers.ChoiceField(list(LABELS))
    label = serializers.CharField()  # type: ignore[assignment]
    amount = AmountSerializer()
    explained = serializers.BooleanField(
        help_text="The bill explains it itself (tax, credits, days not billed yet): it needs no "
        "answer."
    )


class SideSerializer(serializers.Serializer):
    """Measured by the ledger, billed by the provider, counted by a comparison. Null: it says
    nothing about this group."""

    measured = AmountSerializer(allow_null=True)
    billed = AmountSerializer(allow_null=True)
    bill_gap = AmountSerializer(
        allow_null=True,
        help_text="Billed minus measured; in the total, of the groups that a bill speaks of.",
    )
    open_gap = AmountSerializer(
        allow_null=True, help_text="What of it the bill does not explain itself."
    )
    parts = PartSerializer(
        many=True, help_text="They add up to `bill_gap`. Empty where the bill does not say."
    )
    billed_tokens = serializers.IntegerField(allow_null=True)
    measured_tokens = serializers.IntegerField()
    unpriced_tokens = serializers.IntegerField()
    compared_tokens = serializers.IntegerField(allow_null=True)
    token_gap = serializers.IntegerField(
        allow_null=True,
        help_text="Measured minus compared: what the comparison did not see; in the total, of the "
        "groups that a comparison speaks of.",
    )
    compared_cost = AmountSerializer(
        allow_null=True, help_text="What the comparison says it costs, where it says all of it."
    )


class LineSerializer(SideSerializer):
    provider = serializers.CharField()
    key = serializers.CharField(
        help_text="A day (or first/last of a longer period that a bill does not cut), a month, a "
        "provider, an account, a model or service, or the id of an API key."
    )
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(list(STATES))
    reasons = serializers.ListField(child=serializers.CharField())


class ReconciliationSerializer(serializers.Serializer):
    """Lines of one grouping and their sums."""

    currency = serializers.CharField()
    timezone = serializers.CharField(help_text="The ledger's days; bills are cut in UTC.")
    days_are_utc = serializers.BooleanField(
        help_text="Measured days are UTC days too; else they are those of `timezone`: more than 35 "
        "days, or another grouping, are not cut anew."
    )
    without_rate = serializers.ListField(
        child=serializers.CharField(), help_text="Currencies of bills that have no exchange rate."
    )
    other_services = AmountSerializer(
        help_text="On the same bills, for services that nobody measures here."
    )
    cut_periods = serializers.ListField(
        child=serializers.CharField(),
        help_text="Providers with a bill of a longer period that these days cut: ask for all.",
    )
    left_out = serializers.ListField(
        child=serializers.CharField(),
        help_text="Sources whose bill is left out: another one bills the same account.",
    )
    total = SideSerializer()
    results = LineSerializer(many=True)


class ReconciliationView(ActorMixin, APIView):
    """Measured against billed and compared, by day, month, provider, account, model or API key."""

    permission_required = {"GET": P.SOURCE_VIEW}

    @extend_schema(parameters=[AskSerializer], responses=ReconciliationSerializer)
    def get(self, request: Request) -> Response:
        asked = AskSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        end = data.get("end") or clock.today() + timedelta(days=1)
        start = data.get("start") or end - timedelta(days=30)
        found = selectors.reconcile(
            self.actor, start, end, by=data["by"], provider=data["provider"]
        )
        return Response(
            {
                "currency": found.currency,
                "timezone": found.timezone,
                "days_are_utc": found.utc,
                "without_rate": found.unconverted,
                "other_services": money(found.others_nanos, found.currency),
                "cut_periods": found.cut,
                "left_out": [c.source.name for c in found.channels if c.left_out],
                "total": _side(found.total, found.currency),
                "results": [_line(line, found.currency) for line in found.lines],
            }
        )


def _side(side: Side, currency: str) -> dict[str, Any]:
    return {
        "measured": money(side.measured_nanos, currency),
        "billed": money(side.billed_nanos, currency),
        "bill_gap": money(side.bill_gap, currency),
        "open_gap": money(side.open_gap, currency),
        "parts": [
            {
                "part": name,
                "label": LABELS[name],
                "amount": money(nanos, currency),
                "explained": name in EXPLAINED,
            }
            for name, nanos in side.parts
        ],
        "billed_tokens": side.billed_tokens,
        "measured_tokens": side.measured_tokens,
        "unpriced_tokens": side.unpriced_tokens,
        "compared_tokens": side.compared_tokens,
        "token_gap": side.token_gap,
        "compared_cost": money(side.compared_nanos, currency),
    }


def _line(line: Line, currency: str) -> dict[str, Any]:
    return {
        "provider": line.provider,
        "key": line.key,
        "label": line.label,
        "state": line.state,
        "reasons": line.reasons,
        **_side(line.side, currency),
    }


class LimitsSerializer(Strict):
    """From which difference on a line needs an answer. Shares are basis points of the larger
    figure: 100 is 1%. `version` is the one a change is made on; 0 before the first."""

    close_bp = serializers.IntegerField()
    wide_bp = serializers.IntegerField()
    small_nanos = serializers.IntegerField()
    small_tokens = serializers.IntegerField()
    version = serializers.IntegerField()


class LimitsView(ActorMixin, APIView):
    """The limits of reconciliation; change them."""

    permission_required = {"GET": P.SOURCE_VIEW, "PUT": P.SOURCE_MANAGE}

    @extend_schema(responses=LimitsSerializer)
    def get(self, request: Request) -> Response:
        return Response(_limits())

    @extend_schema(examples=[examples.LIMITS], request=LimitsSerializer, responses=LimitsSerializer)
    def put(self, request: Request) -> Response:
        asked = LimitsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        set_limits(actor=self.actor, version=data.pop("version"), limits=Limits(**data))
        return Response(_limits())


def _limits() -> dict[str, int]:
    return asdict(selectors.limits_in_force()) | {"version": selectors.limits_version()}
