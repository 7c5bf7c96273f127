"""Asks as JSON."""

from rest_framework import serializers

from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.models import Ask
from apps.asks.services import AskInput
from apps.common.api.fields import MoneyField


class AskSerializer(serializers.ModelSerializer):
    """A budget request or an exception. `version` is what a change must state."""

    unit_id = serializers.UUIDField(read_only=True, allow_null=True)
    budget_id = serializers.UUIDField(read_only=True, allow_null=True)
    source_budget_id = serializers.UUIDField(read_only=True, allow_null=True)
    status = serializers.ChoiceField(AskStatus.choices(), read_only=True)
    amount = MoneyField(source="amount_nanos", read_only=True)
    approved = MoneyField(source="approved_nanos", read_only=True)

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


class AskContentSerializer(serializers.Serializer):
    """What a revision says."""

    title = serializers.CharField(max_length=160)
    reason = serializers.CharField(max_length=4000)
    about = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    amount = MoneyField(required=False, allow_null=True, default=None)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)


class FileAskSerializer(AskContentSerializer):
    """Budget kinds need `budget_id`, a transfer also `source_budget_id`; an exception needs `rule`
    and `ends_on`.
    """

    kind = serializers.ChoiceField(AskKind.choices())
    rule = serializers.ChoiceField(Rule.choices(), required=False, allow_blank=True, default="")
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    budget_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    source_budget_id = serializers.UUIDField(required=False, allow_null=True, default=None)

    def asked(self) -> AskInput:
        data = dict(self.validated_data)
        return AskInput(amount_nanos=data.pop("amount"), **data)


class ChangeAskSerializer(AskContentSerializer):
    """The next revision of an ask that was sent back."""

    version = serializers.IntegerField()

    def asked(self, ask: Ask) -> AskInput:
        data = dict(self.validated_data)
        data.pop("version")
        return AskInput(kind=ask.kind, rule=ask.rule, amount_nanos=data.pop("amount"), **data)
