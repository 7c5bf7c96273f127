"""Saved views as JSON."""

from typing import Any

from rest_framework import serializers

from apps.savedviews import pages, rules, selectors
from apps.savedviews.models import SavedView


class SavedViewSerializer(serializers.ModelSerializer):
    """A named query string of a page, without people for those who may not see people."""

    class Meta:
        model = SavedView
        fields = ("id", "page", "name", "query", "is_shared", "owner_name", "updated_at")
        read_only_fields = fields

    def to_representation(self, instance: SavedView) -> dict[str, Any]:
        found: dict[str, Any] = super().to_representation(instance)
        return {**found, "query": selectors.query_of(self.context["request"].auth, instance)}


class SaveViewSerializer(serializers.Serializer):
    """What to keep. The same name of the same person on the same page is replaced."""

    page = serializers.CharField(max_length=40, help_text="such as " + ", ".join(pages.names()))
    name = serializers.CharField(max_length=rules.NAME_LIMIT)
    query = serializers.CharField(max_length=rules.QUERY_LIMIT, allow_blank=True, default="")
    shared = serializers.BooleanField(default=False)
