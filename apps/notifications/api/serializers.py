"""How a notification looks in the API."""

from rest_framework import serializers

from apps.notifications.models import Notification


class NotificationSerializer(serializers.ModelSerializer):
    """One line of the person's inbox."""

    class Meta:
        model = Notification
        fields = ("id", "kind", "title", "body", "path", "created_at", "read_at")
        read_only_fields = fields
