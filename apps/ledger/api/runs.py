"""Runs in the API: figures, the list, one run with its calls, reference bands."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.api.fields import money
from apps.common.api.pagination import CursorPagination
from apps.common.errors import FieldError, Invalid, NotFound
from apps.common.web.filters import parse_day
from apps.ledger import services
from apps.ledger.api.serializers import MoneySerializer
from apps.ledger.enums import RunWordKind
from apps.ledger.models import PART_COLUMNS, RUN_SUMS, UsageRun
from apps.ledger.rules import bands as rules
from apps.ledger.rules import keys
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Reach, Totals
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import unit_subtree_ids
from apps.portfolio.enums import CapabilityKind
from apps.portfolio.selectors import capability_by_id

MOST_DAYS = 400
PARAMETERS = [
    OpenApiParameter("start", OpenApiTypes.DATE, required=True, description="First day."),
    OpenApiParameter("end", OpenApiTypes.DATE, required=True, description="Day after the last."),
    *(
        OpenApiParameter(name, OpenApiTypes.UUID, many=True)
        for name in ("capability", "unit", "story", "source")
    ),
    *(OpenApiParameter(name, OpenApiTypes.STR, many=True) for name in ("workflow", "agent")),
]


def read_reach(request: Request) -> Reach:
    """The runs a query string asks for, as far as the caller may see them."""
    start, end = _day(request, "start"), _day(request, "end")
    if not 0 < (end - start).days <= MOST_DAYS:
        raise Invalid(
            f"Ask for 1 to {MOST_DAYS} days.", field="end", fix="`end` is the day after the last."
        )
    asked = _ids(request, "unit")
    below = sorted({found for unit in asked for found in unit_subtree_ids(unit)})
    if asked and not below:
        raise NotFound("There is no such unit.", code="unit_not_found")
    return Reach(
        start=start,
        end=end,
        units=visible_unit_ids(request.auth, P.USAGE_VIEW),
        unit=below,
        capability=_ids(request, "capability"),
        story=_ids(request, "story"),
        source=_ids(request, "source"),
        workflow=_words(request, "workflow", RunWordKind.WORKFLOW),
        agent=_words(request, "agent", RunWordKind.AGENT),
    )


def _words(request: Request, name: str, kind: RunWordKind) -> list[int]:
    return [keys.run_word(kind, text) for text in request.query_params.getlist(name)]


def _day(request: Request, name: str) -> date:
    day = parse_day(request.query_params.get(name, ""))
    if day is None:
        raise Invalid(f"`{name}` is not a day.", field=name, fix="Use YYYY-MM-DD.")
    return day


def _ids(request: Request, name: str) -> list[UUID]:
    try:
        return [UUID(text) for text in request.query_params.getlist(name)]
    except ValueError:
        raise Invalid(f"`{name}` is not an id.", field=name, fix="Send a UUID.") from None


class PartsSerializer(serializers.Serializer):
    """Tokens of the parts of prompts, over the calls that state them; `rest` no part claims."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: serializers.IntegerField() for name in (*PART_COLUMNS, "rest")}


class BandSerializer(serializers.Serializer):
    measure = serializers.ChoiceField([m.key for m in rules.MEASURES])
    value = serializers.DecimalField(None, None, allow_null=True)
    low = serializers.DecimalField(None, None, allow_null=True)
    high = serializers.DecimalField(None, None, allow_null=True)
    position = serializers.ChoiceField(["", "below", "inside", "above"])


class RunFiguresSerializer(serializers.Serializer):
    """Figures of the runs in reach. Shares are between 0 and 1; a figure of nothing is null."""

    runs = serializers.IntegerField()
    calls = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    cost_per_run = MoneySerializer(allow_null=True)
    cost_p50 = MoneySerializer(allow_null=True)
    cost_p95 = MoneySerializer(allow_null=True)
    tokens = serializers.IntegerField()
    tokens_p50 = serializers.IntegerField(allow_null=True)
    tokens_p95 = serializers.IntegerField(allow_null=True)
    percentiles_of = serializers.IntegerField(help_text="So many of the latest runs.")
    calls_per_run = serializers.DecimalField(None, None, allow_null=True)
    retry_share = serializers.DecimalField(None, None, allow_null=True)
    failed_share = serializers.DecimalField(None, None, allow_null=True)
    tool_calls = serializers.IntegerField()
    unpriced_calls = serializers.IntegerField()
    bloat_ratio = serializers.DecimalField(None, None, allow_null=True)
    parts = PartsSerializer()
    bands = BandSerializer(many=True, help_text="For one capability: against its kind's bands.")


_COUNTED = (
    "calls",
    "retries",
    "failed_calls",
    "tool_calls",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "unpriced_calls",
)


class RunSerializer(serializers.Serializer):
    """One run: the sums of its own calls. `run` is its code in addresses."""

    run = serializers.CharField(source="code")
    run_id = serializers.CharField()
    parent_run = serializers.CharField(allow_null=True)
    source_id = serializers.UUIDField()
    workflow = serializers.CharField()
    agent = serializers.CharField()
    unit_id = serializers.UUIDField(allow_null=True)
    capability_id = serializers.UUIDField(allow_null=True)
    story_id = serializers.UUIDField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField()
    calls = serializers.IntegerField()
    retries = serializers.IntegerField()
    failed_calls = serializers.IntegerField()
    tool_calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    unpriced_calls = serializers.IntegerField()
    parts = PartsSerializer()

    def to_representation(self, row: UsageRun) -> dict[str, Any]:
        names: selectors.Names = self.context["names"]
        totals = Totals(1, *(getattr(row, name) for name in RUN_SUMS))
        owners = {
            name: str(value) if (value := getattr(row, name)).int else None
            for name in ("unit_id", "capability_id", "story_id")
        }
        return {
            "run": row.code,
            "run_id": row.run_id,
            "parent_run": UsageRun(run_key=row.parent_key).code if row.parent_key else None,
            "source_id": str(row.source_id),
            "workflow": names.word(row.workflow_id),
            "agent": names.word(row.agent_id),
            **owners,
            "started_at": row.started_at.isoformat() if row.started_at else None,
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "outcome": row.get_outcome_display(),
            **{name: getattr(row, name) for name in _COUNTED},
            "cost": money(totals.known_cost, self.context["currency"]),
            "parts": totals.parts,
        }


class CallSerializer(serializers.Serializer):
    """One call of a run, in order."""

    number = serializers.IntegerField()
    occurred_at = serializers.DateTimeField()
    record_key = serializers.UUIDField()
    model = serializers.CharField()
    agent = serializers.CharField()
    tool = serializers.CharField()
    retry = serializers.BooleanField()
    outcome = serializers.CharField()
    input_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    parts = PartsSerializer(allow_null=True)


class RunDetailSerializer(RunSerializer):
    """A run with up to 500 of its calls and the runs it started."""

    call_list = CallSerializer(many=True)
    started_runs = serializers.ListField(child=serializers.CharField())


class RunFiguresView(APIView):
    """Cost, tokens and calls per run, retries, what prompts are made of, against the bands."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(parameters=PARAMETERS, responses=RunFiguresSerializer)
    def get(self, request: Request) -> Response:
        reach = read_reach(request)
        found, currency = selectors.figures(reach), ledger_settings().currency
        bands: list[dict[str, Any]] = []
        if len(reach.capability) == 1:
            kind = capability_by_id(request.auth, reach.capability[0]).kind
            for key, band in selectors.bands_of(kind).items():
                value = found.value(key)
                bands.append(
                    {
                        "measure": key,
                        "value": value,
                        **asdict(band),
                        "position": band.position(value),
                    }
                )
        totals = found.totals
        return Response(
            {
                "runs": totals.runs,
                "calls": totals.calls,
                "cost": money(totals.known_cost, currency),
                "cost_per_run": money(totals.cost_per_run, currency),
                "cost_p50": money(found.cost_p50, currency),
                "cost_p95": money(found.cost_p95, currency),
                "tokens": totals.tokens,
                "tokens_p50": found.tokens_p50,
                "tokens_p95": found.tokens_p95,
                "percentiles_of": found.of,
                "calls_per_run": _text(totals.calls_per_run),
                "retry_share": _text(totals.retry_share),
                "failed_share": _text(totals.failed_share),
                "tool_calls": totals.tool_calls,
                "unpriced_calls": totals.unpriced_calls,
                "bloat_ratio": _text(totals.bloat),
                "parts": totals.parts,
                "bands": [
                    {k: _text(v) if isinstance(v, Decimal) else v for k, v in band.items()}
                    for band in bands
                ],
            }
        )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


class RunPagination(CursorPagination):
    ordering = ("-started_at", "-run_key")  # type: ignore[assignment]


class RunListView(generics.ListAPIView):
    """Runs that began on the days asked for, the latest first."""

    permission_required = {"GET": P.USAGE_VIEW}
    serializer_class = RunSerializer
    pagination_class = RunPagination
    filter_backends: tuple[Any, ...] = ()

    @extend_schema(parameters=PARAMETERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[UsageRun]:
        return selectors.runs(read_reach(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        common = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return common
        return {
            **common,
            "currency": ledger_settings().currency,
            "names": selectors.Names(),
        }

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_serializer(*args, **kwargs)
        if kwargs.get("many") and args:
            found.context["names"].load(args[0])
        return found


class RunView(APIView):
    """One run by its code."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(responses=RunDetailSerializer)
    def get(self, request: Request, run: str) -> Response:
        units = visible_unit_ids(request.auth, P.USAGE_VIEW)
        found = selectors.run_by_code(run, units)
        names, currency = selectors.Names(), ledger_settings().currency
        calls = selectors.calls(found, most=500)
        names.load_words(n for call in calls for n in (call.agent_id or 0, call.tool_id or 0))
        data = RunSerializer(found, context={"names": names, "currency": currency}).data
        listed = [
            {
                "number": call.number,
                "occurred_at": call.occurred_at.isoformat(),
                "record_key": str(call.record_key),
                "model": call.model,
                "agent": names.word(call.agent_id),
                "tool": names.word(call.tool_id),
                "retry": call.retry,
                "outcome": call.outcome.label,
                "input_tokens": call.input_tokens,
                "cached_tokens": call.cached_tokens,
                "output_tokens": call.output_tokens,
                "cost": money(call.cost_nanos, currency),
                "parts": _parts(call),
            }
            for call in calls
        ]
        below = [node.run.code for node in selectors.tree(found, units)[1:]]
        return Response({**data, "call_list": listed, "started_runs": below})


def _parts(call: selectors.Call) -> dict[str, int] | None:
    if call.parts is None:
        return None
    rest = max(0, call.input_tokens - sum(call.parts))
    return {**dict(zip(PART_COLUMNS, call.parts, strict=True)), "rest": rest}


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
            key: {"low": _text(band.low), "high": _text(band.high)} for key, band in found.items()
        },
    }


class RunBandsView(APIView):
    """The bands of every kind of capability."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(responses=BandsSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response({"results": [_bands_json(kind) for kind in CapabilityKind.values]})


class RunBandView(APIView):
    """The bands of one kind of capability."""

    permission_required = {"GET": P.USAGE_VIEW, "PUT": P.CAPABILITY_MANAGE}

    @extend_schema(responses=BandsSerializer)
    def get(self, request: Request, kind: str) -> Response:
        return Response(_bands_json(_kind(kind)))

    @extend_schema(request=BandsSerializer, responses=BandsSerializer)
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
