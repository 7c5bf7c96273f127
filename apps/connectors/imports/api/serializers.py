"""How imports look in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MONEY_SCHEMA, money
from apps.connectors.imports.models import ImportJob, SavedMapping
from apps.connectors.imports.rules.presets import LABELS
from apps.connectors.imports.rules.targets import GRANULARITIES, KINDS_OF_FILE


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
    kind = serializers.ChoiceField(choices=list(KINDS_OF_FILE.items()), default="usage")
    preset = serializers.ChoiceField(
        choices=[("", "None"), *LABELS.items()], default="", allow_blank=True
    )
    bill_only = serializers.BooleanField(default=False)


class MapSerializer(serializers.Serializer):
    """A mapping, the source its rows belong to, and the columns that tell rows apart."""

    mapping = MappingSerializer()
    source_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    key_columns = serializers.ListField(child=serializers.CharField(max_length=120), default=list)


class ImportSerializer(serializers.ModelSerializer):
    """One import with its figures. `samples` are the first refused rows.

    `accepted` rows go into the ledger, `bill_rows` stay on the bill: `bill` has the reasons, the
    sums of each money column (decimal texts) and what goes where. `costs` are nanos by currency.
    """

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
            "costs",
            "bill",
            "bill_rows",
            "bill_written",
            "withdrawn",
            "collection",
            "automatic",
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


class SavedMappingSerializer(serializers.ModelSerializer):
    """A mapping with a name. `uses` counts the files it was put on."""

    class Meta:
        model = SavedMapping
        fields = (
            "id",
            "name",
            "mapping",
            "key_columns",
            "source_name",
            "version",
            "uses",
            "used_at",
            "created_by_name",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class SaveMappingSerializer(serializers.Serializer):
    """What to keep under a name."""

    name = serializers.CharField(max_length=120)
    mapping = MappingSerializer()
    key_columns = serializers.ListField(child=serializers.CharField(max_length=120), default=list)
    source_name = serializers.CharField(max_length=120, required=False, allow_blank=True)


class ChangeMappingSerializer(SaveMappingSerializer):
    """The same, on the version that was read."""

    version = serializers.IntegerField()


class UseMappingSerializer(serializers.Serializer):
    """The saved mapping to put on a file."""

    saved = serializers.UUIDField()
