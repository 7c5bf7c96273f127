"""Webhooks as the API shows and takes them."""

from rest_framework import serializers

from apps.webhooks.enums import Form
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint


class EndpointSerializer(serializers.ModelSerializer):
    """An endpoint. Its address and secret are never shown."""

    class Meta:
        model = WebhookEndpoint
        fields = (
            "id",
            "name",
            "form",
            "host",
            "actions",
            "status",
            "paused_reason",
            "version",
            "created_at",
            "created_by_name",
        )
        read_only_fields = fields


class NewEndpointSerializer(serializers.Serializer):
    """`actions`: names like `story.approved`, groups like `story.*`; empty for everything."""

    name = serializers.CharField(max_length=120)
    form = serializers.ChoiceField(Form.choices, default=Form.SIGNED)
    address = serializers.CharField(max_length=2000)
    actions = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, default=list
    )


class ChangeSerializer(serializers.Serializer):
    """`address` left out or empty: the present one stays."""

    version = serializers.IntegerField(min_value=1)
    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    actions = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, default=list
    )


class VersionSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=1)


class PauseSerializer(VersionSerializer):
    reason = serializers.CharField(max_length=200)


class SecretSerializer(EndpointSerializer):
    """An endpoint with its new secret, which no other answer holds; null for chat channels."""

    secret = serializers.CharField(read_only=True, allow_null=True)

    class Meta(EndpointSerializer.Meta):
        fields: tuple[str, ...] = (*EndpointSerializer.Meta.fields, "secret")  # type: ignore[assignment]
        read_only_fields: tuple[str, ...] = fields  # type: ignore[assignment]


class DeliverySerializer(serializers.ModelSerializer):
    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "event_id",
            "action",
            "label",
            "status",
            "attempts",
            "status_code",
            "error",
            "duration_ms",
            "created_at",
            "tried_at",
            "body",
        )
        read_only_fields = fields
