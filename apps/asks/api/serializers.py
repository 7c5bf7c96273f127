"""Asks as JSON."""

from typing import Any

from rest_framework import serializers

from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.models import Ask
from apps.asks.services import AskInput, EntitlementInput
from apps.common.api.fields import MoneyField
from apps.entitlements.enums import Gives, Reach


class AskSerializer(serializers.ModelSerializer):
    """A budget request or an exception. `version` is what a change must state."""

    unit_id = serializers.UUIDField(read_only=True, allow_null=True)
    budget_id = serializers.UUIDField(read_only=True, allow_null=True)
    source_budget_id = serializers.UUIDField(read_only=True, allow_null=True)
    status = serializers.ChoiceField(AskStatus.choices(), read_only=True)
    amount = MoneyField(source="amount_nanos", read_only=True, allow_null=True)
    approved = MoneyField(source="approved_nanos", read_only=True, allow_null=True)

    class Meta:
        model = Ask
        fields = (
            "id",
            "ref",
            "kind",
            "rule",
            "title",
            "reason",
            "about",
            "unit_id",
            "budget_id",
            "source_budget_id",
            "amount",
            "approved",
            "starts_on",
            "ends_on",
            "status",
            "version",
            "revision_number",
            "request_id",
            "requester_name",
            "created_at",
            "decided_at",
            "decided_by_name",
        )
        read_only_fields = fields


class EntitlementSerializer(serializers.Serializer):
    """What is entitled to, and for whom: a capability, a person of the unit, or the unit itself.

    Premium needs `reach`, with `listed` also `models` as provider/model; context needs
    `context_tokens` of input a call and `evidence`.
    """

    gives = serializers.ChoiceField(Gives.choices())
    capability_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    user = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    reach = serializers.ChoiceField(Reach.choices(), required=False, allow_blank=True, default="")
    models = serializers.ListField(
        child=serializers.CharField(max_length=300), required=False, default=list, max_length=20
    )
    context_tokens = serializers.IntegerField(required=False, allow_null=True, default=None)
    evidence = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)


class AskContentSerializer(serializers.Serializer):
    """What a revision says."""

    title = serializers.CharField(max_length=160)
    reason = serializers.CharField(max_length=4000)
    about = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    amount = MoneyField(required=False, allow_null=True, default=None)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)
    entitlement = EntitlementSerializer(required=False, allow_null=True, default=None)

    @staticmethod
    def entitlement_of(data: dict[str, Any]) -> EntitlementInput | None:
        """Taken out of the validated data."""
        found = data.pop("entitlement")
        return found and EntitlementInput(**{**found, "models": tuple(found["models"])})


class FileAskSerializer(AskContentSerializer):
    """Budget kinds need `budget_id`, a transfer also `source_budget_id`; an exception needs `rule`
    and `ends_on`, an entitlement `entitlement` and `ends_on`.
    """

    kind = serializers.ChoiceField(AskKind.choices())
    rule = serializers.ChoiceField(Rule.choices(), required=False, allow_blank=True, default="")
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    budget_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    source_budget_id = serializers.UUIDField(required=False, allow_null=True, default=None)

    def asked(self) -> AskInput:
        data = dict(self.validated_data)
        wanted = self.entitlement_of(data)
        return AskInput(amount_nanos=data.pop("amount"), entitlement=wanted, **data)


class ChangeAskSerializer(AskContentSerializer):
    """The next revision of an ask that was sent back."""

    version = serializers.IntegerField()

    def asked(self, ask: Ask) -> AskInput:
        data = dict(self.validated_data)
        data.pop("version")
        wanted = self.entitlement_of(data)
        return AskInput(
            kind=ask.kind,
            rule=ask.rule,
            amount_nanos=data.pop("amount"),
            entitlement=wanted,
            **data,
        )
