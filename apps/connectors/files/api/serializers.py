"""Places and files in the API. A secret goes in and never comes out."""

from typing import Any

from rest_framework import serializers

from apps.connectors.api.serializers import Strict
from apps.connectors.enums import SourceRole
from apps.connectors.files.enums import Content, Place
from apps.connectors.files.models import FileLocation, FileRun, SourceFile
from apps.connectors.files.services import Where


class PlaceFields(Strict):
    """Where the files are: a folder, or a bucket with its key."""

    name = serializers.CharField(max_length=120)
    place = serializers.ChoiceField(choices=Place.choices())
    folder = serializers.CharField(max_length=500, required=False, allow_blank=True)
    endpoint = serializers.CharField(max_length=255, required=False, allow_blank=True)
    bucket = serializers.CharField(max_length=63, required=False, allow_blank=True)
    prefix = serializers.CharField(max_length=500, required=False, allow_blank=True)
    region = serializers.CharField(max_length=40, required=False, allow_blank=True)
    access_key = serializers.CharField(max_length=128, required=False, allow_blank=True)
    secret = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, write_only=True
    )
    content = serializers.ChoiceField(choices=Content.choices(), default=Content.AUTO.value)
    saved = serializers.UUIDField(required=False, allow_null=True)
    bill_only = serializers.BooleanField(default=False)
    schedule_minutes = serializers.IntegerField(default=60)

    def where(self) -> Where:
        """The place as the body describes it."""
        data: dict[str, Any] = self.validated_data
        return Where(**{name: data[name] for name in Where.__dataclass_fields__ if name in data})


class NewPlaceSerializer(PlaceFields):
    """A new source of files."""

    history_from = serializers.DateField(required=False)
    role = serializers.ChoiceField(SourceRole.choices, default=SourceRole.RECORD)


class ChangePlaceSerializer(PlaceFields):
    """The same, on the version of the source that was read. No secret keeps the stored one."""

    version = serializers.IntegerField()


class PlaceSerializer(serializers.ModelSerializer):
    """The place of a source's files."""

    name = serializers.CharField(source="source.name", read_only=True)
    endpoint = serializers.CharField(source="source.base_url", read_only=True)
    secret_hint = serializers.CharField(source="source.credential_hint", read_only=True)
    schedule_minutes = serializers.IntegerField(source="source.schedule_minutes", read_only=True)
    version = serializers.IntegerField(source="source.version", read_only=True)

    class Meta:
        model = FileLocation
        fields = (
            "source_id", "name", "place", "folder", "endpoint", "bucket", "prefix", "region",
            "access_key", "secret_hint", "content", "saved_id", "bill_only", "schedule_minutes",
            "version",
        )  # fmt: skip
        read_only_fields = fields


class SourceFileSerializer(serializers.ModelSerializer):
    """One file as last listed. `import_id` is the import that read it last."""

    import_id = serializers.UUIDField(source="job_id", read_only=True)

    class Meta:
        model = SourceFile
        fields = (
            "id", "key", "collection", "state", "etag", "size", "modified_at", "read_at",
            "versions", "error", "import_id",
        )  # fmt: skip
        read_only_fields = fields


class FileRunSerializer(serializers.ModelSerializer):
    """What a run found: listed files, new and changed ones, those taken to read, and the rest."""

    class Meta:
        model = FileRun
        fields = (
            "listed", "fresh", "changed", "taken", "taken_bytes", "gone", "ignored", "failed",
        )  # fmt: skip
        read_only_fields = fields
