"""Templates, settings of estimating and imports as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MoneyField, money
from apps.common.errors import FieldError
from apps.portfolio.enums import CapabilityKind
from apps.stories.api.serializers import AssumptionsField
from apps.stories.bands import SIZES
from apps.stories.enums import Pattern, ValuePer
from apps.stories.importing import MAX_CHARACTERS
from apps.stories.models import StoryTemplate
from apps.stories.selectors.similar import Like
from apps.stories.services import ImportResult

_TOKENS = {"type": "integer", "format": "int64", "minimum": 1}


def _band(*parts: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(parts),
        "properties": dict.fromkeys(parts, _TOKENS),
    }


SIZES_SCHEMA = {
    "type": "object",
    "description": "Tokens by size. Low and high are the one-in-ten cases.",
    "required": list(SIZES),
    "properties": {name: _band("low", "likely", "high") for name in SIZES},
}
REFERENCES_SCHEMA = {
    "type": "object",
    "description": "Tokens of one interaction by pattern.",
    "required": [p.value for p in Pattern],
    "properties": {p.value: _band("low", "high") for p in Pattern},
}


@extend_schema_field(SIZES_SCHEMA)
class SizesField(serializers.JSONField):
    """Size bands; the service checks them."""


@extend_schema_field(REFERENCES_SCHEMA)
class ReferencesField(serializers.JSONField):
    """Reference bands; the service checks them."""


class EstimatingSerializer(serializers.Serializer[Any]):
    """What is in force. `version` 0: nothing was ever changed."""

    version = serializers.IntegerField()
    sizes = SizesField()
    references = ReferencesField()
    value_from = serializers.JSONField(help_text="Money, or null when no amount is set.")
    reapproval_percent = serializers.IntegerField(
        help_text="An amendment that moves an amount by more is decided again."
    )


class _SettingsSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class SizesSerializer(_SettingsSerializer):
    """New size bands for the version that was read."""

    sizes = SizesField()


class ReferencesSerializer(_SettingsSerializer):
    """New reference bands for the version that was read."""

    references = ReferencesField()


class ValuePolicySerializer(_SettingsSerializer):
    """The amount; null asks every story for metric and reason only."""

    value_from = MoneyField(allow_null=True)


class ReapprovalSerializer(_SettingsSerializer):
    """The share in percent; null goes back to the default."""

    percent = serializers.IntegerField(allow_null=True, min_value=0, max_value=100)


class StartSerializer(serializers.Serializer[Any]):
    """A built-in pattern, ready to file."""

    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.CharField()
    pattern = serializers.CharField()
    value_metric = serializers.CharField()
    value_unit = serializers.CharField()
    assumptions = AssumptionsField()


class TemplateSerializer(serializers.ModelSerializer[StoryTemplate]):
    """A template of the organization. `document` is the estimator’s document without dates."""

    unit = serializers.UUIDField(source="unit_id", read_only=True)

    class Meta:
        model = StoryTemplate
        fields = (
            "id",
            "name",
            "description",
            "kind",
            "pattern",
            "unit",
            "build_months",
            "document",
            "value_metric",
            "value_unit",
            "value_per",
            "source_ref",
            "version",
            "created_at",
            "updated_at",
            "created_by_name",
            "retired_at",
        )


class KeepSerializer(serializers.Serializer[Any]):
    """A story to keep (`ref`), or a plan of one’s own (`unit`, `kind` and `assumptions`)."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=400, allow_blank=True, default="")
    ref = serializers.CharField(max_length=16, allow_blank=True, default="")
    unit = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(CapabilityKind.choices, default=CapabilityKind.PRODUCTION.value)
    pattern = serializers.ChoiceField([("", ""), *Pattern.choices()], allow_blank=True, default="")
    assumptions = AssumptionsField(required=False)
    value_metric = serializers.CharField(max_length=120, allow_blank=True, default="")
    value_unit = serializers.CharField(max_length=60, allow_blank=True, default="")
    value_per = serializers.ChoiceField(ValuePer.choices(), default=ValuePer.INTERACTION.value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["ref"]:
            lacking = [name for name in ("unit", "assumptions") if name not in attrs]
            if lacking:
                raise serializers.ValidationError(
                    dict.fromkeys(lacking, "needed without a story to keep")
                )
        return attrs


class TemplateChangeSerializer(serializers.Serializer[Any]):
    """Fields to change, and the version they were read at."""

    version = serializers.IntegerField()
    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=400, allow_blank=True, required=False)
    kind = serializers.ChoiceField(CapabilityKind.choices, required=False)
    pattern = serializers.ChoiceField(
        [("", ""), *Pattern.choices()], allow_blank=True, required=False
    )
    assumptions = AssumptionsField(required=False)
    value_metric = serializers.CharField(max_length=120, allow_blank=True, required=False)
    value_unit = serializers.CharField(max_length=60, allow_blank=True, required=False)
    value_per = serializers.ChoiceField(ValuePer.choices(), required=False)


class StateSerializer(serializers.Serializer[Any]):
    """The version that was read."""

    version = serializers.IntegerField()


class ImportSerializer(serializers.Serializer[Any]):
    """A CSV table with a header; see the columns on the import page."""

    table = serializers.CharField(max_length=MAX_CHARACTERS, trim_whitespace=False)
    confirm = serializers.BooleanField(
        default=False, help_text="False checks, true files the valid rows as drafts."
    )


class ProblemFieldSerializer(serializers.Serializer[FieldError]):
    """What is wrong with one cell, and how to mend it."""

    field = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()


class ImportRowSerializer(serializers.Serializer[Any]):
    """One row: valid, refused, known (imported before) or imported."""

    line = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.ChoiceField(["valid", "refused", "known", "imported"])
    ref = serializers.CharField()
    month_cost = serializers.JSONField()
    lifetime_cost = serializers.JSONField()
    errors = ProblemFieldSerializer(many=True)  # type: ignore[assignment]


class ImportResultSerializer(serializers.Serializer[Any]):
    """Every row in its order, and how many there are of each."""

    valid = serializers.IntegerField()
    refused = serializers.IntegerField()
    known = serializers.IntegerField()
    imported = serializers.IntegerField()
    rows = ImportRowSerializer(many=True)


def import_body(result: ImportResult) -> dict[str, Any]:
    """An import’s result as JSON."""
    counts = {name: result.count(name) for name in ("valid", "refused", "known", "imported")}
    return {
        **counts,
        "rows": [
            {
                "line": row.line,
                "title": row.title,
                "status": row.status,
                "ref": row.ref,
                "month_cost": money(row.month_cost, result.currency),
                "lifetime_cost": money(row.lifetime_cost, result.currency),
                "errors": [error.as_dict() for error in row.errors],
            }
            for row in result.rows
        ],
    }


class SimilarSerializer(serializers.Serializer[Any]):
    """A story that resembles another. `change` is measured ÷ estimated − 1 over `months`."""

    ref = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    score = serializers.IntegerField()
    because = serializers.ListField(child=serializers.CharField())
    change = serializers.CharField(allow_null=True)
    months = serializers.IntegerField()


def similar_body(found: Like) -> dict[str, Any]:
    """A similar story as JSON."""
    return {
        "ref": found.story.ref,
        "title": found.story.title,
        "status": found.story.status,
        "score": found.score,
        "because": list(found.because),
        "change": None if found.change is None else f"{found.change:.4f}",
        "months": found.months,
    }


class IssueSerializer(serializers.Serializer[Any]):
    """Markdown for a tracker."""

    ref = serializers.CharField()
    markdown = serializers.CharField()


class CheckSerializer(serializers.Serializer[Any]):
    """Whether an approved story covers the change; else why not and what to do."""

    approved = serializers.BooleanField()
    detail = serializers.CharField()
    fix = serializers.CharField()
    warning = serializers.CharField(
        help_text="Its use is over its budget in this period; empty otherwise."
    )
    story = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    url = serializers.CharField(allow_null=True)
