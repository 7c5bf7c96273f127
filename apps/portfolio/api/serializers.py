"""Capabilities as JSON."""

from rest_framework import serializers

from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier
from apps.portfolio.models import Capability


class CapabilitySerializer(serializers.ModelSerializer):
    """`slug` is the code usage records and rules refer to; it never changes."""

    unit_id = serializers.UUIDField()
    owner_membership_id = serializers.UUIDField(allow_null=True, required=False)
    slug = serializers.CharField(required=False, allow_blank=True, max_length=60)
    kind = serializers.ChoiceField(CapabilityKind.choices)
    stage = serializers.ChoiceField(Stage.choices, required=False)
    tier = serializers.ChoiceField(Tier.choices, required=False)
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
    tier = serializers.ChoiceField(Tier.choices, required=False)
    data_class = serializers.ChoiceField(DataClass.choices, required=False)
    unit_id = serializers.UUIDField(required=False)
    owner_membership_id = serializers.UUIDField(required=False, allow_null=True)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)


class RetireSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
