"""Estimates as the API shows them."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MONEY_SCHEMA, MoneyField, money
from apps.portfolio.enums import CapabilityKind, Tier
from apps.stories.api.schema import FIGURE, MONEY_FIGURE, SPAN
from apps.stories.api.serializers import AssumptionsField
from apps.stories.enums import Pattern, Phase
from apps.stories.estimator import Estimate, Figure, Total
from apps.stories.selectors.judging import Judged


class EstimateRequestSerializer(serializers.Serializer[Any]):
    """Assumptions to price, and optionally the cap to hold them against."""

    assumptions = AssumptionsField()
    monthly_cap = MoneyField(allow_null=True, default=None)
    capability = serializers.UUIDField(
        allow_null=True, default=None, help_text="Its data class and tier count."
    )
    kind = serializers.ChoiceField(CapabilityKind.choices, default=CapabilityKind.PRODUCTION.value)
    pattern = serializers.ChoiceField(
        [("", ""), *Pattern.choices()],
        allow_blank=True,
        default="",
        help_text="Decides the reference band.",
    )


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "currency": {"type": "string"},
            "price_version": {"type": "string"},
            "draws": {"type": "integer"},
            "seed": {"type": "integer"},
            "ranged_phases": {
                "type": "array",
                "items": {"type": "string", "enum": [p.value for p in Phase]},
                "description": "Phases whose range is the author's; others took the usual error.",
            },
            "volume": {"type": "string", "description": "Interactions of a typical month."},
            "calls": {"type": "string", "description": "Calls of a model in one interaction."},
            "month": SPAN,
            "first_year": SPAN,
            "lifetime": SPAN,
            "phases": {"type": "object", "additionalProperties": SPAN},
            "months": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "phase": {"type": "string", "enum": [p.value for p in Phase]},
                        "month": {"type": "string", "format": "date"},
                        "tokens": FIGURE,
                        "cost": MONEY_FIGURE,
                    },
                },
            },
            "cost_per_interaction": MONEY_SCHEMA,
            "cap": {
                "type": "string",
                "enum": ["none", "within", "high_case_over", "likely_over"],
            },
            "models": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "provider": {"type": "string"},
                        "model": {"type": "string"},
                        "share": {"type": "string", "description": "Percent of the calls."},
                        "cost": MONEY_SCHEMA,
                    },
                },
            },
            "tornado": {
                "type": "array",
                "description": "Inputs by how far their low and high move the cost, widest first.",
                "items": {
                    "type": "object",
                    "properties": {
                        "input": {"type": "string"},
                        "label": {"type": "string"},
                        "low": {"type": ["string", "null"]},
                        "high": {"type": ["string", "null"]},
                        "at_low": MONEY_SCHEMA,
                        "at_high": MONEY_SCHEMA,
                    },
                },
            },
            "warnings": {"type": "array", "items": {"type": "string"}},
        },
    }
)
class EstimateField(serializers.JSONField):
    """An estimate; the shape is in the schema."""


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "tier": {"type": "string", "enum": Tier.values},
            "because": {"type": "array", "items": {"type": "string"}},
            "model_class": {"type": "string"},
            "guidance": {"type": "string"},
        },
    }
)
class TierField(serializers.JSONField):
    """The consumption tier and why."""


@extend_schema_field(
    {
        "type": ["object", "null"],
        "properties": {
            "pattern": {"type": "string"},
            "tokens": {"type": "integer", "format": "int64"},
            "low": {"type": "integer", "format": "int64"},
            "high": {"type": "integer", "format": "int64"},
            "state": {"type": "string", "enum": ["ok", "near", "far"]},
        },
    }
)
class BandField(serializers.JSONField):
    """Tokens an interaction against what is usual."""


class CheaperSerializer(serializers.Serializer[Any]):
    """A lever and its effect on the likely month; negative is cheaper."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    effect_nanos = serializers.IntegerField()


class AlternativeSerializer(serializers.Serializer[Any]):
    """The same work on another model."""

    model = serializers.CharField()
    name = serializers.CharField()
    month_cost = serializers.JSONField()
    chosen = serializers.BooleanField()


class EstimateSerializer(serializers.Serializer[Any]):
    """The answer of the estimator, and what follows from it."""

    estimate = EstimateField()
    tier = TierField()
    reference = BandField()
    levers = CheaperSerializer(many=True)
    alternatives = AlternativeSerializer(many=True)


def judgement_body(found: Judged) -> dict[str, Any]:
    """Tier, reference band, levers and other models as JSON."""
    band = found.band
    return {
        "tier": {
            "tier": found.tier.tier.value,
            "because": list(found.tier.because),
            "model_class": found.tier.model_class,
            "guidance": found.tier.guidance,
        },
        "reference": band
        and {
            "pattern": band.pattern,
            "tokens": band.tokens,
            "low": band.band.low,
            "high": band.band.high,
            "state": band.tone,
        },
        "levers": [
            {"key": lever.key, "label": lever.label, "effect_nanos": effect}
            for lever, effect in found.pulled
        ],
        "alternatives": [
            {
                "model": other.key,
                "name": other.name,
                "month_cost": money(other.cost, found.result.currency),
                "chosen": other.chosen,
            }
            for other in found.others
        ],
    }


def estimate_body(result: Estimate, cap_nanos: int | None) -> dict[str, Any]:
    """An estimate as JSON: exact likely figures beside P10, P50 and P90."""
    currency = result.currency

    def span(total: Total) -> dict[str, Any]:
        return {
            "tokens": _figure(total.tokens),
            "cost": _money(total.cost, currency),
            "kinds": dict(total.kinds),
        }

    return {
        "currency": currency,
        "price_version": result.price_version,
        "draws": result.draws,
        "seed": result.seed,
        "ranged_phases": sorted(result.ranged_phases),
        "volume": text_of(result.volume),
        "calls": text_of(result.calls),
        "month": span(result.month),
        "first_year": span(result.first_year),
        "lifetime": span(result.lifetime),
        "phases": {name: span(total) for name, total in result.phases.items()},
        "months": [
            {
                "phase": cell.phase,
                "month": cell.month,
                "tokens": _figure(cell.tokens),
                "cost": _money(cell.cost, currency),
            }
            for cell in result.cells
        ],
        "cost_per_interaction": money(result.cost_per_interaction, currency),
        "cap": cap_state(result, cap_nanos),
        "models": [
            {
                "provider": m.provider,
                "model": m.model,
                "share": text_of(m.share),
                "cost": money(m.cost, currency),
            }
            for m in result.models
        ],
        "tornado": [
            {
                "input": s.path,
                "label": s.label,
                "low": text_of(s.low),
                "high": text_of(s.high),
                "at_low": money(s.at_low, currency),
                "at_high": money(s.at_high, currency),
            }
            for s in result.tornado
        ],
        "warnings": list(result.warnings),
    }


def cap_state(result: Estimate, cap_nanos: int | None) -> str:
    """How the month stands against a cap."""
    if cap_nanos is None:
        return "none"
    if result.month.cost.range.p90 <= cap_nanos:
        return "within"
    return "high_case_over" if result.month.cost.range.p50 <= cap_nanos else "likely_over"


def _figure(figure: Figure) -> dict[str, int]:
    low, middle, high = figure.range
    return {"likely": figure.likely, "p10": low, "p50": middle, "p90": high}


def _money(figure: Figure, currency: str) -> dict[str, Any]:
    return {name: money(value, currency) for name, value in _figure(figure).items()}


def text_of(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
