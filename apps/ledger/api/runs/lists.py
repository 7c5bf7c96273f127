"""The list of runs, and one run with its calls."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.api.fields import money
from apps.common.api.pagination import CursorPagination
from apps.ledger.api.runs.reach import PARAMETERS, read_reach
from apps.ledger.api.runs.serializers import RunDetailSerializer, RunSerializer
from apps.ledger.models import PART_COLUMNS, UsageRun
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.state import ledger_settings


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
