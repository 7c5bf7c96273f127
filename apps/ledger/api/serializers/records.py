"""Records and what was superseded."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.ledger.api.serializers.figures import MoneySerializer, TokensSerializer
from apps.ledger.selectors.records import Words, counts_of


class RecordSerializer(serializers.Serializer):
    """The current version of one record, with the words of its source. `code` is its address."""

    code = serializers.CharField()
    record_key = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    observed_at = serializers.DateTimeField()
    granularity = serializers.CharField()
    version = serializers.IntegerField()
    provider = serializers.CharField()
    model = serializers.CharField()
    model_as_sent = serializers.CharField()
    api_key_id = serializers.CharField()
    api_key = serializers.CharField()
    project = serializers.CharField()
    user = serializers.CharField(
        help_text="Another word for the person where you may not see people."
    )
    source_id = serializers.UUIDField()
    unit_id = serializers.UUIDField(allow_null=True)
    capability_id = serializers.UUIDField(allow_null=True)
    story_id = serializers.UUIDField(allow_null=True)
    phase = serializers.CharField()
    decided_by = serializers.CharField(help_text="The rule that gave the owner, or how else.")
    rule_id = serializers.UUIDField(allow_null=True)
    tokens = TokensSerializer()
    requests = serializers.IntegerField(allow_null=True)
    cost = MoneySerializer(allow_null=True)
    cost_status = serializers.CharField()
    cost_basis = serializers.CharField()

    def to_representation(self, record: Any) -> dict[str, Any]:
        words: Words = self.context["words"]
        found, owner, tokens = words.of(record.dimset_id), words.owner(record), counts_of(record)
        return {
            "code": record.code,
            "record_key": str(record.record_key),
            "occurred_at": record.occurred_at.isoformat(),
            "observed_at": record.observed_at.isoformat(),
            "granularity": record.get_granularity_display().lower(),
            "version": record.version,
            "provider": found.provider_name,
            "model": found.model_name,
            "model_as_sent": found.model,
            "api_key_id": found.api_key_id,
            "api_key": found.api_key,
            "project": found.project or found.project_id,
            "user": words.user(record),
            "source_id": str(found.source_id),
            "unit_id": owner and owner.unit_id and str(owner.unit_id),
            "capability_id": owner and owner.capability_id and str(owner.capability_id),
            "story_id": owner and owner.story_id and str(owner.story_id),
            "phase": owner.phase if owner else "",
            "decided_by": words.decider(record),
            "rule_id": owner and owner.rule_id and str(owner.rule_id),
            "tokens": {**tokens.as_dict(), "total": tokens.total},
            "requests": record.requests,
            "cost": money(record.cost_nanos, self.context["currency"]),
            "cost_status": record.get_cost_status_display(),
            "cost_basis": record.get_cost_basis_display(),
        }


class RestatementSerializer(serializers.Serializer):
    """A superseded version of a record and what replaced it."""

    id = serializers.UUIDField()
    record_key = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    restated_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    reason = serializers.CharField()
    old_tokens = serializers.IntegerField()
    new_tokens = serializers.IntegerField()
    old_cost = MoneySerializer(allow_null=True)
    new_cost = MoneySerializer(allow_null=True)
    difference = MoneySerializer()

    def to_representation(self, row: Any) -> dict[str, Any]:
        currency = self.context["currency"]
        return {
            "id": str(row.id),
            "record_key": str(row.record_key),
            "occurred_at": row.occurred_at.isoformat(),
            "restated_at": row.restated_at.isoformat(),
            "version": row.version,
            "reason": row.reason,
            "old_tokens": row.old_tokens,
            "new_tokens": row.new_tokens,
            "old_cost": money(row.old_cost_nanos, currency),
            "new_cost": money(row.new_cost_nanos, currency),
            "difference": money(row.difference_nanos, currency),
        }


class GroupSerializer(serializers.Serializer):
    by = serializers.ChoiceField(["source", "day", "model", "reason"], default="source")


class RestatedGroupSerializer(serializers.Serializer):
    """Restatements of one source, day, model or reason. Unknown costs count as nothing."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField()
    old_tokens = serializers.IntegerField()
    new_tokens = serializers.IntegerField()
    old_cost = MoneySerializer()
    new_cost = MoneySerializer()
    difference = MoneySerializer()
    unknown_before = serializers.IntegerField(help_text="Versions that had no cost before.")

    def to_representation(self, row: Any) -> dict[str, Any]:
        currency = self.context["currency"]
        names = ("key", "label", "count", "old_tokens", "new_tokens", "unknown_before")
        return {
            **{name: getattr(row, name) for name in names},
            "old_cost": money(row.old_cost_nanos, currency),
            "new_cost": money(row.new_cost_nanos, currency),
            "difference": money(row.difference_nanos, currency),
        }
