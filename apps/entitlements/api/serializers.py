"""Entitlements as JSON."""

from rest_framework import serializers

from apps.entitlements.enums import Gives, Holder, Reach, Why
from apps.entitlements.models import Entitlement
from apps.portfolio.enums import ModelClass, StandingTo, Tier
from apps.pricing.enums import Standing


class EntitlementSerializer(serializers.ModelSerializer):
    """Who may use what their tier does not give, both days included.

    `last` is the last day on which it holds, earlier than `ends_on` where it was ended early.
    """

    gives = serializers.ChoiceField(Gives.choices(), read_only=True)
    holder = serializers.ChoiceField(Holder.choices(), read_only=True)
    reach = serializers.ChoiceField(Reach.choices(), read_only=True)
    unit_id = serializers.UUIDField(read_only=True, allow_null=True)
    capability_id = serializers.UUIDField(read_only=True, allow_null=True)
    models = serializers.ListField(
        source="model_names", child=serializers.CharField(), read_only=True
    )
    last = serializers.DateField(read_only=True)

    class Meta:
        model = Entitlement
        fields = (
            "id",
            "ref",
            "gives",
            "holder",
            "unit_id",
            "capability_id",
            "user",
            "reach",
            "models",
            "context_tokens",
            "starts_on",
            "ends_on",
            "last",
            "reason",
            "evidence",
            "source_id",
            "source_ref",
            "request_id",
            "asked_by_name",
            "granted_by_name",
            "granted_at",
            "ended_on",
            "ended_by_name",
            "version",
        )
        read_only_fields = fields


class EndSerializer(serializers.Serializer):
    """The version read, and why it ends today."""

    version = serializers.IntegerField()
    reason = serializers.CharField(max_length=2000)


class DaysSerializer(serializers.Serializer):
    """Days [start, end) of the ledger; at most 366, 30 up to today by default."""

    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)


class SumSerializer(serializers.Serializer):
    """Nanos of the report's currency: the known cost."""

    tokens = serializers.IntegerField()
    cost_nanos = serializers.IntegerField()


class UseLineSerializer(serializers.Serializer):
    """Use of one model by one unit: in its tier, by entitlements, outside."""

    unit_id = serializers.CharField(allow_blank=True)
    unit = serializers.CharField()
    provider = serializers.CharField(allow_blank=True)
    model = serializers.CharField(allow_blank=True)
    standing = serializers.ChoiceField(Standing.choices())
    model_class = serializers.ChoiceField(ModelClass.choices, allow_blank=True)
    tier = SumSerializer()
    entitled = SumSerializer()
    outside = SumSerializer()
    capabilities = serializers.ListField(child=serializers.CharField())


class EntitlementUseSerializer(SumSerializer):
    entitlement_id = serializers.UUIDField()


class UseSerializer(serializers.Serializer):
    """`unused` are premium entitlements that held in these days and were not needed."""

    start = serializers.DateField()
    end = serializers.DateField()
    currency = serializers.CharField()
    lines = UseLineSerializer(many=True)
    entitlements = EntitlementUseSerializer(many=True)
    unused = serializers.ListField(child=serializers.UUIDField())


class ContextSerializer(serializers.Serializer):
    """Input tokens of single calls. Null `limit`: none; null figures: no source tells them."""

    capability_id = serializers.UUIDField()
    capability = serializers.CharField()
    limit = serializers.IntegerField(allow_null=True)
    entitlement_id = serializers.UUIDField(allow_null=True)
    calls = serializers.IntegerField(allow_null=True)
    p50 = serializers.IntegerField(allow_null=True)
    p95 = serializers.IntegerField(allow_null=True)
    largest = serializers.IntegerField(allow_null=True)
    over = serializers.IntegerField(allow_null=True)
    designed = serializers.IntegerField(allow_null=True)
    story = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(["over", "within", "unknown"])


class AppliedSerializer(serializers.Serializer):
    """The tier in force for a capability, unit or person, and why."""

    holder = serializers.ChoiceField(Holder.choices())
    id = serializers.CharField(help_text="Of the capability or unit; the person's name.")
    name = serializers.CharField()
    tier = serializers.ChoiceField(Tier.choices)
    why = serializers.ChoiceField(Why.choices())
    from_unit_id = serializers.UUIDField(allow_null=True)
    from_story = serializers.CharField(allow_blank=True)
    models_to = serializers.ChoiceField(ModelClass.choices, allow_blank=True)
    standing_to = serializers.ChoiceField(StandingTo.choices, allow_blank=True)
    context_to = serializers.IntegerField(allow_null=True)


class SetTierSerializer(serializers.Serializer):
    """Of one unit or one person. `tier` empty takes it back; `version` 0 sets the first one."""

    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    user = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    tier = serializers.ChoiceField(Tier.choices, allow_blank=True)
    version = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class AssignmentSerializer(serializers.Serializer):
    """The tier that somebody gave a unit or a person."""

    unit_id = serializers.UUIDField(allow_null=True)
    user = serializers.CharField(allow_blank=True)
    tier = serializers.ChoiceField(Tier.choices, allow_blank=True)
    version = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)
    changed_at = serializers.DateTimeField()
    changed_by_name = serializers.CharField()
