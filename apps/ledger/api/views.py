"""The ledger in the API: the query service, records, restatements, periods."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.api.pagination import CursorPagination
from apps.common.errors import Invalid, NotFound
from apps.common.periods import Month
from apps.common.web.filters import parse_day
from apps.ledger import services
from apps.ledger.api import serializers
from apps.ledger.enums import PeriodStatus
from apps.ledger.models import Reattribution, UsageAdjustment, UsageRecord, UsageRestatement
from apps.ledger.query import GROUPINGS, Query, run, time_limit
from apps.ledger.selectors import (
    adjustments,
    periods,
    records,
    recost,
    restatements,
    retention,
    suggestions,
)
from apps.ledger.selectors.checklist import checklist
from apps.ledger.selectors.state import ledger_settings


class UsageQueryView(APIView):
    """Figures of any days, grouped and filtered: the numbers every page of the portal shows."""

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
            result = run(Query(**values, filters=filters, unit_ids=units))
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


class RecordPagination(CursorPagination):
    ordering = ("-occurred_at", "-record_key")  # type: ignore[assignment]


class RestatementPagination(CursorPagination):
    ordering = ("-restated_at", "-id")  # type: ignore[assignment]


_DAYS = [
    OpenApiParameter("start", OpenApiTypes.DATE, description="First day."),
    OpenApiParameter("end", OpenApiTypes.DATE, description="Day after the last one."),
]


class _InDays(generics.ListAPIView):
    """A list of rows of [start, end)."""

    def between(self, found: QuerySet[Any]) -> QuerySet[Any]:
        asked: list[date | None] = []
        for name in ("start", "end"):
            text = self.request.query_params.get(name, "")
            day = parse_day(text)
            if text and day is None:
                raise Invalid(f"{text!r} is not a day.", field=name, fix="Use YYYY-MM-DD.")
            asked.append(day)
        return records.of_days(found, *asked)

    def get_serializer_context(self) -> dict[str, Any]:
        common = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return common
        return {
            **common,
            "currency": ledger_settings().currency,
            "words": records.Words(),
        }


class RecordListView(_InDays):
    """Current versions of usage records in sight, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.RecordSerializer
    pagination_class = RecordPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=_DAYS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageRecord]:
        return self.between(records.records(self.request.auth))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_serializer(*args, **kwargs)
        if kwargs.get("many") and args:
            found.context["words"].load(row.dimset_id for row in args[0])
        return found


class RestatementListView(_InDays):
    """Superseded versions of records in sight, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.RestatementSerializer
    pagination_class = RestatementPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=_DAYS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageRestatement]:
        return self.between(records.restatements(self.request.auth))


class RestatementSummaryView(_InDays):
    """Restatements taken together; days are those of the usage."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.RestatedGroupSerializer
    filter_backends: tuple[Any, ...] = ()
    pagination_class = None

    @extend_schema(parameters=[serializers.GroupSerializer, *_DAYS])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = serializers.GroupSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = self.between(records.restatements(request.auth))
        rows = restatements.grouped(found, asked.validated_data["by"])
        return Response({"results": self.get_serializer(rows, many=True).data})

    def get_queryset(self) -> QuerySet[UsageRestatement]:
        return self.between(records.restatements(self.request.auth))


class AdjustmentPagination(CursorPagination):
    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class AdjustmentListView(generics.ListAPIView):
    """Changes that reached closed months, the latest first. `month` is the closed one."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = serializers.AdjustmentSerializer
    pagination_class = AdjustmentPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=[OpenApiParameter("month", OpenApiTypes.STR, description="YYYY-MM")])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageAdjustment]:
        found = adjustments.adjustments(self.request.auth)
        text = self.request.query_params.get("month", "")
        return adjustments.from_month(found, _month(text)) if text else found

    def get_serializer_context(self) -> dict[str, Any]:
        common = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return common
        return {
            **common,
            "currency": ledger_settings().currency,
            "words": adjustments.SliceWords(),
        }

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_serializer(*args, **kwargs)
        if kwargs.get("many") and args:
            found.context["words"].load(row.slice_id for row in args[0])
        return found


class PeriodListView(APIView):
    """Every month with usage, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(responses=serializers.PeriodSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response({"results": [_period_json(row) for row in periods.periods()]})


class PeriodView(APIView):
    """One month, and its steps."""

    permission_required = {"GET": P.USAGE_VIEW, "POST": P.PERIOD_MANAGE}

    @extend_schema(
        parameters=[serializers.VerifySerializer], responses=serializers.OnePeriodSerializer
    )
    def get(self, request: Request, month: str) -> Response:
        asked = serializers.VerifySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(_one_period(_month(month), verify=asked.validated_data["verify"]))

    @extend_schema(request=serializers.StepSerializer, responses=serializers.OnePeriodSerializer)
    def post(self, request: Request, month: str) -> Response:
        asked = serializers.StepSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        which, note = _month(month), asked.validated_data["note"]
        base = {"actor": request.auth, "month": which, "version": asked.validated_data["version"]}
        match asked.validated_data["step"]:
            case "settle":
                services.settle_period(**base, note=note)
            case "close":
                services.close_period(**base, note=note)
            case _:
                services.reopen_period(**base, reason=note)
        return Response(_one_period(which, verify=False))


class UnattributedView(APIView):
    """Keys and projects whose usage belongs to nobody, the dearest first, with likely owners."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(responses=serializers.UnattributedSerializer(many=True))
    def get(self, request: Request) -> Response:
        found = suggestions.unattributed(visible_unit_ids(request.auth, P.USAGE_VIEW))
        currency = ledger_settings().currency
        rows = suggestions.orphans(found.rows, found.start, found.end)
        return Response({"results": [serializers.orphan_json(row, currency) for row in rows]})


class ReattributionView(APIView):
    """The last runs of the attribution rules over recorded usage, with their progress."""

    permission_required = {"GET": P.ATTRIBUTION_VIEW}

    @extend_schema(responses=serializers.ReattributionSerializer(many=True))
    def get(self, request: Request) -> Response:
        rows = Reattribution.objects.order_by("-created_at", "-id")[:20]
        context = {"currency": ledger_settings().currency}
        found = serializers.ReattributionSerializer(rows, many=True, context=context)
        return Response({"results": found.data})


class UnpricedView(APIView):
    """Models used in the last year without a price."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(responses=serializers.UnpricedSerializer(many=True))
    def get(self, request: Request) -> Response:
        units = visible_unit_ids(request.auth, P.USAGE_VIEW)
        found = [
            {
                "provider": row.keys[0],
                "model": row.keys[1],
                "tokens": row.unpriced_tokens,
                "requests": row.unpriced_requests,
                "records": row.unpriced_records,
            }
            for row in recost.unpriced_models(units)
        ]
        return Response({"results": serializers.UnpricedSerializer(found, many=True).data})


class RecostView(APIView):
    """GET: what pricing the waiting records would do. POST: have a worker do it."""

    permission_required = {"GET": P.PRICE_MANAGE, "POST": P.PRICE_MANAGE}

    @extend_schema(
        parameters=[serializers.AskRecostSerializer], responses=serializers.RecostSerializer
    )
    def get(self, request: Request) -> Response:
        asked = serializers.AskRecostSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = services.preview_recost(**asked.validated_data)
        return Response(serializers.recost_json(found, ledger_settings().currency))

    @extend_schema(
        request=serializers.AskRecostSerializer, responses={202: serializers.RecostJobSerializer}
    )
    def post(self, request: Request) -> Response:
        asked = serializers.AskRecostSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = services.request_recost(actor=request.auth, **asked.validated_data)
        job.refresh_from_db()
        body = serializers.recost_job_json(job, ledger_settings().currency)
        return Response(body, status=status.HTTP_202_ACCEPTED)


class RecostJobView(APIView):
    """A pricing job and its progress."""

    permission_required = {"GET": P.PRICE_MANAGE}

    @extend_schema(operation_id="recost_job_retrieve", responses=serializers.RecostJobSerializer)
    def get(self, request: Request, recost_job_id: UUID) -> Response:
        job = recost.recost_job(recost_job_id)
        return Response(serializers.recost_job_json(job, ledger_settings().currency))


class RetentionView(APIView):
    """How long raw records are kept. Setting it removes what is due, for good."""

    permission_required = {"GET": P.USAGE_VIEW, "PUT": P.PERIOD_MANAGE}

    @extend_schema(
        parameters=[serializers.KeepSerializer], responses=serializers.RetentionAnswerSerializer
    )
    def get(self, request: Request) -> Response:
        asked = serializers.KeepSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = retention.retention()
        keep = asked.validated_data.get("months", found.months)
        return Response(_retention_json(found, keep))

    @extend_schema(
        request=serializers.RetentionSerializer, responses=serializers.RetentionAnswerSerializer
    )
    def put(self, request: Request) -> Response:
        asked = serializers.RetentionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = services.set_retention(actor=request.auth, **asked.validated_data)
        return Response(_retention_json(found, found.months))


def _retention_json(found: retention.Retention, keep: int | None) -> dict[str, Any]:
    body = {
        "months": found.months,
        "version": found.version,
        "results": retention.months(keep),
    }
    return dict(serializers.RetentionAnswerSerializer(body).data)


def _month(text: str) -> date:
    try:
        return Month.parse(text).start
    except ValueError:
        raise NotFound("There is no such month.", code="period_not_found") from None


def _one_period(month: date, *, verify: bool) -> dict[str, Any]:
    row = periods.period(month)
    checks = [] if row.status == PeriodStatus.CLOSED else checklist(month)
    return {
        **_period_json(row),
        "checklist": serializers.CheckSerializer(checks, many=True).data,
        "unchanged": periods.is_unchanged(month) if verify else None,
    }


def _period_json(row: periods.PeriodRow) -> dict[str, Any]:
    context = {"currency": ledger_settings().currency}
    return dict(serializers.PeriodSerializer(row, context=context).data)
