"""Saved views as JSON."""

from rest_framework import serializers

from apps.savedviews import pages, rules
from apps.savedviews.models import SavedView


class SavedViewSerializer(serializers.ModelSerializer):
    """A named query string of a page."""

    class Meta:
        model = SavedView
        fields = ("id", "page", "name", "query", "is_shared", "owner_name", "updated_at")
        read_only_fields = fields


class SaveViewSerializer(serializers.Serializer):
    """What to keep. The same name of the same person on the same page is replaced."""

    page = serializers.CharField(max_length=40, help_text="such as " + ", ".join(pages.names()))
    name = serializers.CharField(max_length=rules.NAME_LIMIT)
    query = serializers.CharField(max_length=rules.QUERY_LIMIT, allow_blank=True, default="")
    shared = serializers.BooleanField(default=False)
