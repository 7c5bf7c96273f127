"""Figures of runs."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.api.fields import money
from apps.ledger.api.runs.reach import PARAMETERS, read_reach, text_of
from apps.ledger.api.runs.serializers import RunFiguresSerializer
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Names, Reach
from apps.ledger.selectors.state import ledger_settings
from apps.portfolio.selectors import capability_by_id


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
                "calls_per_run": text_of(totals.calls_per_run),
                "retry_share": text_of(totals.retry_share),
                "failed_share": text_of(totals.failed_share),
                "tool_calls": totals.tool_calls,
                "unpriced_calls": totals.unpriced_calls,
                "bloat_ratio": text_of(totals.bloat),
                "parts": totals.parts,
                "worst_bloat": _worst(reach),
                "bands": [
                    {k: text_of(v) if isinstance(v, Decimal) else v for k, v in band.items()}
                    for band in bands
                ],
            }
        )


def _worst(reach: Reach) -> list[dict[str, Any]]:
    """The workflows with the largest bloat ratio."""
    names, lines = Names(), selectors.by_bloat(reach, "workflow_id")
    names.load_words(line.key for line in lines)  # type: ignore[misc]
    return [
        {
            "workflow": names.word(line.key),  # type: ignore[arg-type]
            "bloat_ratio": text_of(line.totals.bloat),
            "context_per_call": line.totals.context_per_call,
            "runs": line.totals.runs,
        }
        for line in lines
    ]
