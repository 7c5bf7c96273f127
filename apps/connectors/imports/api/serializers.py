"""How imports look in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MONEY_SCHEMA, money
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import GRANULARITIES


class MappingSerializer(serializers.Serializer):
    """Columns to targets; constants for provider, model, account and other dimensions."""

    columns = serializers.DictField(child=serializers.CharField(max_length=80, allow_blank=True))
    constants = serializers.DictField(
        child=serializers.CharField(max_length=255, allow_blank=True), required=False
    )
    granularity = serializers.ChoiceField(choices=list(GRANULARITIES.items()), default="event")
    timezone = serializers.CharField(max_length=64, default="UTC")
    currency = serializers.CharField(max_length=3, default="USD")
    cost_unit = serializers.ChoiceField(choices=("units", "cents"), default="units")


class MapSerializer(serializers.Serializer):
    """A mapping, the source its rows belong to, and the columns that tell rows apart."""

    mapping = MappingSerializer()
    source_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    key_columns = serializers.ListField(child=serializers.CharField(max_length=120), default=list)


class ImportSerializer(serializers.ModelSerializer):
    """One import with its figures. `samples` are the first refused rows."""

    cost = serializers.SerializerMethodField()
    progress = serializers.FloatField(read_only=True)

    class Meta:
        model = ImportJob
        fields = (
            "id",
            "filename",
            "size",
            "header",
            "dropped_columns",
            "status",
            "progress",
            "source_id",
            "source_name",
            "mapping",
            "key_columns",
            "rows",
            "accepted",
            "refused",
            "unpriced",
            "tokens",
            "cost",
            "first_at",
            "last_at",
            "preview",
            "samples",
            "new",
            "changed",
            "unchanged",
            "failure",
            "created_at",
            "checked_at",
            "finished_at",
            "file_deleted_at",
        )
        read_only_fields = fields

    @extend_schema_field(MONEY_SCHEMA)
    def get_cost(self, obj: ImportJob) -> dict[str, Any] | None:
        return money(obj.cost_nanos, obj.mapping.get("currency", "USD"))


class UploadSerializer(serializers.Serializer):
    """The file, as multipart form data."""

    file = serializers.FileField(allow_empty_file=True)
