"""The league table over the API: the figures of the page, exactly."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.api.fields import money
from apps.common.errors import Invalid
from apps.ledger.api.serializers import CoverageSerializer, MoneySerializer
from apps.ledger.query import time_limit
from apps.outcomes.enums import Basis, NoOutcome
from apps.portal.api.domain_serializers import text_of
from apps.portal.rules.league import BY, CAPABILITY, NOT_TOLD, Line, Side
from apps.portal.rules.windows import PERIODS
from apps.portal.selectors.league import League, asked, window_of
from apps.portfolio.enums import CapabilityKind, Stage

DEFAULT_PERIOD = "30d"
PERIOD_KEYS = [key for key, _ in PERIODS]


class LeagueSideSerializer(serializers.Serializer):
    """One window. Null is what nothing tells, never 0."""

    runs = serializers.IntegerField(allow_null=True)
    tokens = serializers.IntegerField()
    input_tokens = serializers.IntegerField(help_text="Cached ones included.")
    cached_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    unpriced_tokens = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    outcomes = serializers.DecimalField(None, None, allow_null=True)
    cost_per_outcome = MoneySerializer(allow_null=True)


class LeagueChangeSerializer(serializers.Serializer):
    """(now - before) ÷ before; null without a base."""

    runs = serializers.DecimalField(None, None, allow_null=True)
    tokens = serializers.DecimalField(None, None, allow_null=True)
    cost = serializers.DecimalField(None, None, allow_null=True)
    cost_per_outcome = serializers.DecimalField(None, None, allow_null=True)


class LeagueAttributedSerializer(serializers.Serializer):
    """Shares of the cost, 0 to 1."""

    direct = serializers.FloatField()
    rule = serializers.FloatField()
    allocated = serializers.FloatField()
    none = serializers.FloatField()


class LeagueLineSerializer(serializers.Serializer):
    """A capability, or a workflow of it; use that nobody claims has no id."""

    capability_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    capability = serializers.CharField(help_text="Of a workflow; empty for capabilities.")
    code = serializers.CharField()
    unit = serializers.CharField()
    owner_id = serializers.UUIDField(allow_null=True)
    owner = serializers.CharField()
    stage = serializers.ChoiceField(["", *Stage.values])
    kind = serializers.ChoiceField(["", *CapabilityKind.values])
    now = LeagueSideSerializer()
    before = LeagueSideSerializer()
    change = LeagueChangeSerializer()
    outcome = serializers.CharField(help_text="The unit of an outcome.")
    basis = serializers.ChoiceField(Basis.choices(), allow_null=True)
    missing = serializers.ChoiceField(
        NoOutcome.choices(), allow_null=True, help_text="Why there is no cost per outcome."
    )
    attributed = LeagueAttributedSerializer(allow_null=True)
    run_share = serializers.DecimalField(
        None, None, allow_null=True, help_text="Part of the cost that lies in runs."
    )


class LeagueSerializer(serializers.Serializer):
    """The dearest first. Days are [start, end), of the ledger's time zone."""

    by = serializers.ChoiceField(BY)
    start = serializers.DateField()
    end = serializers.DateField()
    before_start = serializers.DateField()
    before_end = serializers.DateField()
    currency = serializers.CharField()
    data_as_of = serializers.DateTimeField(allow_null=True)
    coverage = CoverageSerializer()
    total = LeagueSideSerializer()
    total_before = LeagueSideSerializer()
    results = LeagueLineSerializer(many=True)


class LeagueView(APIView):
    """Runs, tokens, cost, outcomes and cost per outcome, against the days before."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        operation_id="workflows_list",
        parameters=[
            OpenApiParameter("by", OpenApiTypes.STR, enum=[key for key, _ in BY]),
            OpenApiParameter("period", OpenApiTypes.STR, enum=PERIOD_KEYS),
            OpenApiParameter("start", OpenApiTypes.DATE, description="In place of a period."),
            OpenApiParameter("end", OpenApiTypes.DATE, description="The day after the last."),
            OpenApiParameter("unit", OpenApiTypes.UUID, many=True, description="With all below."),
            OpenApiParameter("capability", OpenApiTypes.UUID, many=True),
            OpenApiParameter("kind", OpenApiTypes.STR, many=True, enum=CapabilityKind.values),
            OpenApiParameter("owner", OpenApiTypes.UUID, description="A membership."),
            OpenApiParameter("stage", OpenApiTypes.STR, enum=Stage.values),
            OpenApiParameter(
                "confidence",
                OpenApiTypes.STR,
                enum=[Basis.MEASURED.value, Basis.PARTLY.value, NOT_TOLD],
            ),
            OpenApiParameter("q", OpenApiTypes.STR, description="Words in name, code or team."),
        ],
        responses=LeagueSerializer,
    )
    def get(self, request: Request) -> Response:
        params = request.query_params
        _known(params.get("by"), "by", [key for key, _ in BY])
        period = params.get("period") or DEFAULT_PERIOD
        _known(period, "period", PERIOD_KEYS)
        start, end = _day(params.get("start"), "start"), _day(params.get("end"), "end")
        if (start is None) != (end is None):
            raise Invalid("Days have a start and an end.", field="end", fix="Send both.")
        if start and end and start >= end:
            raise Invalid(
                "There is at least one day.", field="end", fix="Send the day after the last."
            )
        for axis in ("unit", "capability"):
            for value in params.getlist(axis):
                _id(value, axis)
        with time_limit():
            found = asked(request.auth, params, window_of(period, start, end))
        return Response(league_json(found))


def _known(value: str | None, field: str, known: list[str]) -> None:
    if value and value not in known:
        raise Invalid(
            f"{value[:40]!r} is not known.", field=field, fix=f"Use one of {', '.join(known)}."
        )


def _id(value: str, field: str) -> None:
    try:
        UUID(value)
    except ValueError:
        raise Invalid(
            f"{value[:40]!r} is not an id.", field=field, fix="Send the id as a UUID."
        ) from None


def _day(text: str | None, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"{text!r} is no day.", field=field, fix="Send it as 2026-11-30.") from None


def league_json(found: League) -> dict[str, Any]:
    currency, w = found.settings.currency, found.window
    return {
        "by": found.by or CAPABILITY,
        "start": w.start,
        "end": w.compared_end,
        "before_start": w.before_start,
        "before_end": w.before_end,
        "currency": currency,
        "data_as_of": found.data_as_of,
        "coverage": CoverageSerializer(found.coverage).data,
        "total": _side(found.now, currency),
        "total_before": _side(found.before, currency),
        "results": [_line(line, currency) for line in found.lines],
    }


def _line(line: Line, currency: str) -> dict[str, Any]:
    shares = line.attributed
    return {
        "capability_id": line.capability_id or None,
        "name": line.label,
        "capability": line.of,
        "code": line.code,
        "unit": line.unit,
        "owner_id": line.owner_id or None,
        "owner": line.owner,
        "stage": line.stage,
        "kind": line.kind,
        "now": _side(line.now, currency),
        "before": _side(line.before, currency),
        "change": {
            "runs": _ratio(line.runs_change),
            "tokens": _ratio(line.tokens_change),
            "cost": _ratio(line.cost_change),
            "cost_per_outcome": _ratio(line.per_outcome_change),
        },
        "outcome": line.outcome_unit,
        "basis": line.basis or None,
        "missing": line.missing or None,
        "attributed": None
        if shares is None
        else {name: shares.get(name, 0.0) for name in ("direct", "rule", "allocated", "none")},
        "run_share": _ratio(line.run_share),
    }


def _side(side: Side, currency: str) -> dict[str, Any]:
    return {
        "runs": side.runs,
        "tokens": side.tokens,
        "input_tokens": side.input,
        "cached_tokens": side.cached,
        "output_tokens": side.output,
        "unpriced_tokens": side.unpriced_tokens,
        "cost": money(side.cost_nanos, currency),
        "outcomes": text_of(side.outcomes),
        "cost_per_outcome": money(side.cost_per_outcome, currency),
    }


def _ratio(value: Decimal | None) -> str | None:
    return None if value is None else f"{round(value, 6):f}"
