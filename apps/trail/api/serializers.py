"""How evidence looks in the API."""

from rest_framework import serializers

from apps.trail.models import TrailEvent


class TrailEventSerializer(serializers.ModelSerializer):
    """One event. Instants are UTC. `actor_code` tells the system's own programs apart."""

    actor_name = serializers.CharField(source="who", read_only=True)
    actor_code = serializers.CharField(
        read_only=True, help_text="Stable; empty for people and keys"
    )

    class Meta:
        model = TrailEvent
        fields = (
            "id",
            "at",
            "actor_kind",
            "actor_id",
            "actor_name",
            "actor_code",
            "action",
            "object_type",
            "object_id",
            "object_label",
            "before",
            "after",
            "reason",
            "request_id",
            "ip",
        )
        read_only_fields = fields


class SealSerializer(serializers.Serializer):
    """How far the chain of hashes reaches."""

    blocks = serializers.IntegerField()
    events = serializers.IntegerField(help_text="Sealed events")
    unsealed = serializers.IntegerField(help_text="Events that wait for the next sealing")
    last_hash = serializers.CharField()
    sealed_at = serializers.DateTimeField(allow_null=True)


class VerdictSerializer(serializers.Serializer):
    """The chain recomputed from the stored events."""

    holds = serializers.BooleanField(source="ok")
    blocks = serializers.IntegerField()
    events = serializers.IntegerField()
    unsealed = serializers.IntegerField()
    problem = serializers.CharField(help_text="The first thing that does not hold, or empty")
