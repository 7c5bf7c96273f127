"""Trends over the API: the figures of the page, exactly."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.budgets.selectors.history import histories
from apps.common import clock
from apps.common.api.fields import money
from apps.common.errors import Invalid
from apps.ledger.query import time_limit
from apps.ledger.query.persons import refuse_names
from apps.ledger.rules.trends import Variability, rounded
from apps.ledger.selectors.state import ledger_settings
from apps.portal.api import serializers
from apps.portal.rules.spans import Stretch
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors import trends as reads
from apps.portal.selectors.amplification import DAYS, amplification
from apps.portal.selectors.slices import ENTITIES, Slice, read_slice

FILTERS = tuple(AXIS_LABELS)
_FILTERS = [
    OpenApiParameter(name, OpenApiTypes.STR, many=True, description="Accepted values.")
    for name in FILTERS
]


class GrowthView(APIView):
    """Growth, doubling time and variability by group. A unit stands for all units below it."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[serializers.GrowthQuerySerializer, *_FILTERS],
        responses=serializers.GrowthSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = _asked(request, serializers.GrowthQuerySerializer)
        chosen, span = _slice(request), _span(asked)
        by, measure = asked["by"], asked["measure"]
        with time_limit():
            found = reads.groups(chosen, span, by, measure)
        lines = []
        for group in found:
            line, days = reads.growth_of(group, span), reads.days_of(group, span)
            lines.append(
                {
                    "key": group.key,
                    "name": group.label,
                    "sums": list(line.sums),
                    "growth": _ratio(line.growth.last),
                    "compound": _text(line.growth.compound),
                    "doubling_periods": _text(line.growth.doubling),
                    "variability": _variability(days.found),
                }
            )
        return Response(
            {
                "measure": measure,
                "by": by,
                "currency": ledger_settings().currency,
                "periods": [_period(period) for period in span.periods],
                "groups": lines,
            }
        )


class PricesView(APIView):
    """Price against volume and bill by period, and why each cost more or less than before."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[serializers.TrendsQuerySerializer, *_FILTERS],
        responses=serializers.PricesSerializer,
    )
    def get(self, request: Request) -> Response:
        span = _span(_asked(request, serializers.TrendsQuerySerializer))
        chosen = _slice(request)
        with time_limit():
            found = reads.prices(chosen, span, reads.first_use(chosen, span))
        currency = ledger_settings().currency
        points = [
            {
                **_period(period),
                "cost": money(point.cost_nanos, currency),
                "tokens": point.tokens,
                "price_index": _ratio(index.price),
                "volume_index": _ratio(index.volume),
                "bill_index": _ratio(index.bill),
            }
            for period, point, index in zip(found.periods, found.points, found.indexes, strict=True)
        ]
        return Response(
            {
                "currency": currency,
                "points": points,
                "elasticity": _ratio(found.elasticity),
                "rebounds": found.rebounds,
                "unpriced_tokens": found.unpriced_tokens,
                "variance": [_step(step, currency) for step in found.steps],
            }
        )


class SensitivityView(APIView):
    """What more tokens in every run cost a year, and what runs repeat, by capability."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[serializers.SensitivityQuerySerializer, *_FILTERS],
        responses=serializers.SensitivitySerializer,
    )
    def get(self, request: Request) -> Response:
        asked = _asked(request, serializers.SensitivityQuerySerializer)
        settings = ledger_settings()
        end = asked.get("end") or clock.today(settings.timezone)
        span = reads.span_now(end - timedelta(days=2 * DAYS), end, "month")
        chosen, currency = _slice(request), settings.currency
        with time_limit():
            first = reads.first_use(chosen, span)
            found = amplification(chosen, span.end, first, asked["extra"])
        lines = [
            {
                "capability_id": line.key,
                "name": line.label,
                "counts": line.counts or None,
                "runs_a_year": _ratio(line.pace.runs_a_year if line.counts else None),
                "tokens_per_run": _ratio(line.pace.tokens_per_run),
                "extra_cost": money(line.extra_nanos, currency),
            }
            for line in found.lines
        ]
        small = [
            {
                "capability_id": one.key,
                "name": one.label,
                "kind": one.kind,
                "counts": one.counts,
                "before": one.before,
                "now": one.now,
                "cost": money(one.year_nanos, currency),
            }
            for one in found.inefficiencies
        ]
        return Response(
            {
                "start": found.start.isoformat(),
                "end": found.end.isoformat(),
                "extra": asked["extra"],
                "currency": currency,
                "capabilities": lines,
                "inefficiencies": small,
            }
        )


class BudgetsView(APIView):
    """How far budgets were used in their last whole periods, and whether use fills them."""

    permission_required = {"GET": P.BUDGET_VIEW}

    @extend_schema(responses=serializers.BudgetsSerializer)
    def get(self, request: Request) -> Response:
        today = clock.today(ledger_settings().timezone)
        end = reads.span_now(today, today + timedelta(days=1), "month").end
        with time_limit():
            found = histories(request.auth, end, None, None)
        lines = [
            {
                "budget_id": str(one.budget.id),
                "name": one.budget.name,
                "measure": one.measure,
                "currency": one.budget.currency,
                "periods": [
                    {
                        "start": period.start.isoformat(),
                        "end": period.end.isoformat(),
                        "limit": use.limit,
                        "used": use.used,
                        "share": _ratio(use.share),
                        "requests": use.requests,
                    }
                    for period, use in zip(one.periods, one.uses, strict=True)
                ],
                "demand": _ratio(one.demand),
                "verdict": one.verdict.value,
            }
            for one in found
        ]
        return Response({"budgets": lines})


def _asked(request: Request, kind: type[Any]) -> dict[str, Any]:
    names = kind().fields
    asked = kind(data={n: request.query_params[n] for n in names if n in request.query_params})
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _span(asked: dict[str, Any]) -> reads.Span:
    start, end = asked["start"], asked["end"]
    if start >= end:
        raise Invalid("There is at least one day.", field="end", fix="Send the day after the last.")
    if (end - start).days > reads.MOST_DAYS:
        raise Invalid(
            f"{(end - start).days} days are too many.",
            field="start",
            fix=f"Ask for at most {reads.MOST_DAYS} days.",
        )
    return reads.span_now(start, end, asked["grain"])


def _slice(request: Request) -> Slice:
    """The actor's reach and the filters; Invalid for what cannot be an id, Forbidden for a person
    who may not be asked for."""
    for axis in ENTITIES & set(request.query_params):
        for value in request.query_params.getlist(axis):
            try:
                UUID(value)
            except ValueError:
                raise Invalid(
                    f"{value[:40]!r} is not an id.", field=axis, fix="Send the id as a UUID."
                ) from None
    found = read_slice(request.auth, request.query_params, FILTERS)
    if found.refused:
        refuse_names(request.query_params.getlist("user"))
    return found


def _variability(found: Variability | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "days": found.days,
        "median": found.p50,
        "p95": found.p95,
        "peak": _ratio(found.peak),
        "variation": _ratio(found.cv),
    }


def _step(step: reads.Step, currency: str) -> dict[str, Any]:
    return {
        "period": _period(step.period),
        "against": _period(step.before),
        "running": step.running,
        "cost": money(step.cost_nanos, currency),
        "change": money(step.drivers.change, currency),
        "parts": {name: money(nanos, currency) for name, nanos in step.drivers.parts.items()},
        "price_events": [
            {
                "on": event.on.isoformat(),
                "name": event.label,
                "provider": event.provider,
                "model": event.model,
            }
            for event in step.events
        ],
    }


def _period(period: Stretch) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _ratio(value: Fraction | None) -> str | None:
    return _text(rounded(value))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
