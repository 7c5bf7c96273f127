"""How a notification looks in the API."""

from rest_framework import serializers

from apps.notifications.models import Notification


class NotificationSerializer(serializers.ModelSerializer):
    """One line of the person's inbox."""

    class Meta:
        model = Notification
        fields = ("id", "kind", "title", "body", "path", "created_at", "read_at")
        read_only_fields = fields


class PreferencesSerializer(serializers.Serializer):
    """E-mail per group: `now`, `digest`, `never`, or "" as the event needs; and the digest's time.

    On PUT, groups that are left out keep what they have.
    """

    emails = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=8))
    hour = serializers.IntegerField(min_value=0, max_value=23, default=8)
    weekends = serializers.BooleanField(default=False)
