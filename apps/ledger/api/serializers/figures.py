"""Answers of the query service: money, tokens, rows, coverage, conversion."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.common.tokens import KINDS
from apps.ledger.query import GROUPINGS, Result, Row
from apps.ledger.query.convert import RULE
from apps.ledger.query.plan import GRAINS, ORDERS
from apps.ledger.query.reported import Reported


class QuerySerializer(serializers.Serializer):
    """Parameters of a query. `filter` values repeat: `?unit=…&unit=…&model=…`."""

    start = serializers.DateField(help_text="First day, in the organization's time zone.")
    end = serializers.DateField(help_text="Day after the last one.")
    grain = serializers.ChoiceField(GRAINS, default="total")
    group_by = serializers.ListField(
        child=serializers.ChoiceField(GROUPINGS), max_length=2, default=list
    )
    order = serializers.ChoiceField([*ORDERS, *(f"-{o}" for o in ORDERS)], default="-cost")
    limit = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    runs = serializers.BooleanField(
        default=False,
        help_text="Count the runs that began, too: by unit, capability, kind, story and source.",
    )
    currency = serializers.RegexField(
        "^[A-Z]{3}$",
        required=False,
        help_text="Also convert costs into this currency; default the reporting currency.",
    )


SHARE_COUNTED = (
    "Part of the tokens whose sources count requests, 0 to 1: below 1 the requests are a lower "
    "bound, and `per_request` is of that part. Null without tokens."
)
UNCOUNTED = "Null where there are tokens and no source of them counts requests."


class TokensSerializer(serializers.Serializer):
    """Tokens by disjoint kind."""

    def get_fields(self) -> dict[str, serializers.Field]:
        names = (*KINDS, "total")
        return {name: serializers.IntegerField() for name in names}


class MoneySerializer(serializers.Serializer):
    nanos = serializers.IntegerField()
    currency = serializers.CharField()
    amount = serializers.CharField()


class RowSerializer(serializers.Serializer):
    keys = serializers.ListField(child=serializers.CharField(allow_null=True))
    labels = serializers.ListField(child=serializers.CharField())
    period = serializers.CharField(allow_null=True)
    tokens = TokensSerializer()
    requests = serializers.IntegerField(allow_null=True, help_text=UNCOUNTED)
    requests_share = serializers.FloatField(allow_null=True, help_text=SHARE_COUNTED)
    per_request = MoneySerializer(
        allow_null=True, help_text="Cost of a request, of what counts requests and has a price."
    )
    cost = MoneySerializer(allow_null=True, help_text="Known cost; null when nothing has a price.")
    unpriced_tokens = serializers.IntegerField()
    unpriced_requests = serializers.IntegerField(allow_null=True, help_text=UNCOUNTED)
    runs = serializers.IntegerField(
        allow_null=True, help_text="Runs that began; null unless `runs` was asked for."
    )
    converted = MoneySerializer(
        allow_null=True,
        required=False,
        help_text="The cost in the other currency; null without a rate. Absent unless converted.",
    )


class ConversionSerializer(serializers.Serializer):
    """How costs were converted: each day with the last rate published on or before it."""

    currency = serializers.CharField()
    rates_from = serializers.DateField(allow_null=True, help_text="Oldest publishing day in use.")
    rates_to = serializers.DateField(allow_null=True, help_text="Latest publishing day in use.")
    missing_days = serializers.ListField(child=serializers.DateField())
    reason = serializers.CharField(help_text="Why figures are null; empty when none is.")
    rule = serializers.CharField()


class SourceCoverageSerializer(serializers.Serializer):
    source_id = serializers.UUIDField()
    name = serializers.CharField()
    complete_through = serializers.DateTimeField(allow_null=True)
    lag_seconds = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(["ok", "lagging", "never", "open", "off"])


class CoverageSerializer(serializers.Serializer):
    complete_through = serializers.DateTimeField(allow_null=True)
    sources = SourceCoverageSerializer(many=True)


class ResultSerializer(serializers.Serializer):
    rows = RowSerializer(many=True)
    total = RowSerializer()
    groups = serializers.IntegerField()
    currency = serializers.CharField()
    timezone = serializers.CharField()
    data_as_of = serializers.DateTimeField(allow_null=True)
    coverage = CoverageSerializer()
    confidence = serializers.DictField(child=serializers.FloatField())
    conversion = ConversionSerializer(allow_null=True)


def row_json(row: Row, currency: str) -> dict[str, Any]:
    """A row of an answer."""
    return {
        "keys": list(row.keys),
        "labels": list(row.labels),
        "period": row.period.isoformat() if row.period else None,
        "tokens": {**row.tokens.as_dict(), "total": row.tokens.total},
        "requests": row.counted_requests,
        "requests_share": row.requests_share,
        "per_request": money(row.cost_per_request, currency),
        "cost": money(row.cost_nanos, currency),
        "unpriced_tokens": row.unpriced_tokens,
        "unpriced_requests": row.counted_unpriced_requests,
        "runs": row.runs,
    }


def result_json(result: Result, currency: str = "") -> dict[str, Any]:
    """An answer of the query service, converted where a currency is asked for or reported in."""
    reported = result.convert(currency) if currency else result.reported
    rows = [row_json(row, result.currency) for row in result.rows]
    total = row_json(result.total, result.currency)
    if reported is not None:
        for row, nanos in zip([*rows, total], [*reported.rows, reported.total_nanos], strict=True):
            row["converted"] = money(nanos, reported.currency)
    return {
        "rows": rows,
        "total": total,
        "conversion": _conversion(reported),
        "groups": result.groups,
        "currency": result.currency,
        "timezone": result.timezone,
        "data_as_of": result.data_as_of,
        "coverage": CoverageSerializer(result.coverage).data,
        "confidence": result.confidence,
    }


def _conversion(reported: Reported | None) -> dict[str, Any] | None:
    if reported is None:
        return None
    return {
        "currency": reported.currency,
        "rates_from": reported.first,
        "rates_to": reported.last,
        "missing_days": list(reported.missing),
        "reason": reported.reason,
        "rule": RULE,
    }
