"""How rules look in the API."""

from functools import cached_property
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.attribution import selectors
from apps.attribution.enums import Field, Operator, Phase, RuleConfidence
from apps.attribution.models import AttributionRule, RuleUse
from apps.attribution.rules import MAX_VALUES, Dimensions
from apps.attribution.services import RuleDraft


class ConditionSerializer(serializers.Serializer):
    """One comparison. `tag` names the tag where `field` is tag."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            "field": serializers.ChoiceField(choices=Field.choices()),
            "operator": serializers.ChoiceField(choices=Operator.choices()),
            "values": serializers.ListField(
                child=serializers.CharField(max_length=255), min_length=1, max_length=MAX_VALUES
            ),
            "tag": serializers.CharField(max_length=64, required=False, allow_blank=True),
        }


class RuleUseSerializer(serializers.ModelSerializer):
    """What a rule decided on the days from `starts_on` to before `ends_on`, as of an instant."""

    class Meta:
        model = RuleUse
        fields = (
            "records",
            "tokens",
            "cost_nanos",
            "unpriced_records",
            "starts_on",
            "ends_on",
            "as_of",
        )


class RuleSerializer(serializers.ModelSerializer):
    """A rule. `position` 1 is asked first. `version` states what an update was made on."""

    conditions = ConditionSerializer(many=True, required=False)
    unit_id = serializers.UUIDField(required=False, allow_null=True)
    capability_id = serializers.UUIDField(required=False, allow_null=True)
    story = serializers.CharField(source="story_code", required=False, allow_blank=True)
    phase = serializers.ChoiceField(choices=Phase.choices(), required=False, allow_blank=True)
    confidence = serializers.ChoiceField(choices=RuleConfidence.choices(), required=False)
    decided = serializers.SerializerMethodField()
    position = serializers.IntegerField(min_value=1, required=False)
    version = serializers.IntegerField(min_value=1, required=False)

    class Meta:
        model = AttributionRule
        fields = (
            "id",
            "position",
            "name",
            "conditions",
            "unit_id",
            "capability_id",
            "story",
            "phase",
            "work_item",
            "confidence",
            "starts_on",
            "ends_on",
            "status",
            "version",
            "decided",
        )
        read_only_fields = ("id", "status")

    @cached_property
    def _uses(self) -> dict[UUID, RuleUse]:
        return selectors.rule_uses()

    @extend_schema_field(RuleUseSerializer(allow_null=True))
    def get_decided(self, rule: AttributionRule) -> dict[str, Any] | None:
        """Counted every hour; null for a rule that decided nothing."""
        use = self._uses.get(rule.id)
        return None if use is None else dict(RuleUseSerializer(use).data)

    def draft(self) -> RuleDraft:
        data = self.validated_data
        return RuleDraft(
            name=data["name"],
            conditions=[dict(item) for item in data.get("conditions", [])],
            unit_id=data.get("unit_id"),
            capability_id=data.get("capability_id"),
            story=data.get("story_code", ""),
            phase=data.get("phase", ""),
            work_item=data.get("work_item", ""),
            confidence=data.get("confidence", RuleConfidence.RULE.value),
            starts_on=data.get("starts_on"),
            ends_on=data.get("ends_on"),
        )


class OrderSerializer(serializers.Serializer):
    """All active rules, first asked first."""

    rule_ids = serializers.ListField(child=serializers.UUIDField(), max_length=2_000)


class UsageSerializer(serializers.Serializer):
    """Usage to ask the rules about."""

    day = serializers.DateField(required=False)
    tags = serializers.DictField(
        child=serializers.CharField(max_length=255, allow_blank=True), required=False
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        texts = [name for name in Dimensions.__dataclass_fields__ if name != "tags"]
        return {
            name: serializers.CharField(max_length=255, required=False, allow_blank=True)
            for name in texts
        } | super().get_fields()

    def dimensions(self) -> Dimensions:
        return Dimensions(**{k: v for k, v in self.validated_data.items() if k != "day"})


class AssignmentSerializer(serializers.Serializer):
    """To whom the usage belongs, and which rule decided."""

    unit_id = serializers.UUIDField(allow_null=True)
    capability_id = serializers.UUIDField(allow_null=True)
    story_id = serializers.UUIDField(allow_null=True)
    phase = serializers.CharField()
    work_item = serializers.CharField()
    confidence = serializers.CharField()
    rule_id = serializers.UUIDField(allow_null=True)


def assignment_data(found: Any) -> dict[str, Any]:
    return dict(AssignmentSerializer(found).data)
