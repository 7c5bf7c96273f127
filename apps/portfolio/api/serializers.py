"""Capabilities as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.portfolio.enums import (
    CapabilityKind,
    DataClass,
    ModelClass,
    Stage,
    StandingTo,
    Tier,
)
from apps.portfolio.models import Capability

_CLASS = {"type": "string", "description": "Empty: not asked."}
TIERS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "The consumption tiers: all four, lowest first. Null asks for nothing.",
    "required": ["tiers"],
    "properties": {
        "tiers": {
            "type": "array",
            "minItems": 4,
            "maxItems": 4,
            "items": {
                "type": "object",
                "required": ["tier"],
                "properties": {
                    "tier": {"type": "string", "enum": Tier.values},
                    "month_cost_from": {
                        "type": ["integer", "null"],
                        "format": "int64",
                        "description": "Nanos of the price book's currency.",
                    },
                    "tokens_per_run_from": {
                        "type": ["integer", "null"],
                        "format": "int64",
                        "description": "Tokens of one interaction.",
                    },
                    "model_class_from": {**_CLASS, "enum": ["", *ModelClass.values]},
                    "data_class_from": {**_CLASS, "enum": ["", *DataClass.values]},
                    "guidance": {"type": "string", "maxLength": 400},
                    "models_to": {
                        "type": "string",
                        "enum": ["", *ModelClass.values],
                        "description": "The highest class entitled to; empty: no limit.",
                    },
                    "standing_to": {
                        "type": "string",
                        "enum": ["", *StandingTo.values],
                        "description": "The worst standing entitled to; empty: no limit.",
                    },
                    "context_to": {
                        "type": ["integer", "null"],
                        "format": "int64",
                        "description": "Input tokens of one call; null: no limit.",
                    },
                },
            },
        },
        "standard_from": {
            "type": "string",
            "example": "6",
            "description": "Money per million output tokens from which a model is standard.",
        },
        "frontier_from": {"type": "string", "example": "18"},
    },
}


@extend_schema_field(TIERS_SCHEMA)
class TiersField(serializers.JSONField):
    """The document of `tiers.Tiers`; the service checks it."""


class TiersSerializer(serializers.Serializer):
    """The tiers in force. `version` 0 is the default; send back the version you read."""

    version = serializers.IntegerField(min_value=0)
    document = TiersField()
    reason = serializers.CharField(
        max_length=2000, allow_blank=True, default="", write_only=True, help_text="For the trail."
    )


class CapabilitySerializer(serializers.ModelSerializer):
    """`slug` is the code usage records and rules refer to; it never changes."""

    unit_id = serializers.UUIDField()
    owner_membership_id = serializers.UUIDField(allow_null=True, required=False)
    slug = serializers.CharField(required=False, allow_blank=True, max_length=60)
    kind = serializers.ChoiceField(CapabilityKind.choices)
    stage = serializers.ChoiceField(Stage.choices, required=False)
    tier = serializers.ChoiceField(Tier.choices, required=False, allow_blank=True)
    data_class = serializers.ChoiceField(DataClass.choices, required=False)

    class Meta:
        model = Capability
        fields = (
            "id",
            "name",
            "slug",
            "kind",
            "stage",
            "tier",
            "data_class",
            "unit_id",
            "owner_membership_id",
            "description",
            "version",
            "created_at",
            "updated_at",
            "retired_at",
        )
        read_only_fields = ("id", "version", "created_at", "updated_at", "retired_at")


class CapabilityChangeSerializer(serializers.Serializer):
    """Fields to change, and the version they were read at."""

    version = serializers.IntegerField()
    name = serializers.CharField(required=False, max_length=120)
    kind = serializers.ChoiceField(CapabilityKind.choices, required=False)
    stage = serializers.ChoiceField(Stage.choices, required=False)
    tier = serializers.ChoiceField(Tier.choices, required=False, allow_blank=True)
    data_class = serializers.ChoiceField(DataClass.choices, required=False)
    unit_id = serializers.UUIDField(required=False)
    owner_membership_id = serializers.UUIDField(required=False, allow_null=True)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)


class RetireSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
