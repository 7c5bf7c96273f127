"""Sources and runs as the API shows and takes them. A credential goes in and never comes out."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import MoneyField
from apps.common.tokens import KINDS
from apps.connectors import selectors
from apps.connectors.enums import PULLED_KINDS, Health, SourceKind, SourceRole
from apps.connectors.models import (
    ComparisonUsage,
    PullRun,
    RoleChange,
    SchemaAlarm,
    Source,
    UnitUsage,
)
from apps.ledger.query.persons import Sight


class SourceSerializer(serializers.ModelSerializer):
    """A source. `cursor` is the instant usage is complete to, null before the first run.

    `role` says whether its usage counts in the totals or is only kept to compare with them.
    """

    health = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    open_alarms = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = (
            "id",
            "name",
            "kind",
            "role",
            "status",
            "health",
            "base_url",
            "account",
            "credential_hint",
            "credential_set_at",
            "schedule_minutes",
            "history_from",
            "cursor",
            "settled_through",
            "progress",
            "open_alarms",
            "next_pull_at",
            "last_run_at",
            "last_success_at",
            "failures",
            "last_error",
            "last_error_code",
            "version",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_health(self, source: Source) -> Health:
        return selectors.health_of(source)

    def get_progress(self, source: Source) -> float | None:
        """Share of the wanted history that has been read; null when nothing is pulled."""
        return selectors.progress_of(source) if source.is_pulled else None

    def get_open_alarms(self, source: Source) -> int:
        """Fields of its answers that changed and that nobody acknowledged."""
        counted: int | None = getattr(source, "open_alarms", None)
        return selectors.open_alarms(source.id) if counted is None else counted


class AlarmSerializer(serializers.ModelSerializer):
    """A field that an answer holds or lacks, against its documentation."""

    class Meta:
        model = SchemaAlarm
        fields = (
            "id",
            "endpoint",
            "field",
            "change",
            "touches_figures",
            "first_seen",
            "last_seen",
            "acknowledged_at",
            "acknowledged_by",
            "note",
        )
        read_only_fields = fields


class UnitSerializer(serializers.ModelSerializer):
    """Usage of a UTC day that is not tokens. A gauge is a level: its days are never added. Of a
    person's activity `detail` is another word for the person where you may not see people."""

    detail = serializers.SerializerMethodField()

    def get_detail(self, row: UnitUsage) -> str:
        return selectors.unit_detail(Sight(self.context["request"].auth), row)

    class Meta:
        model = UnitUsage
        fields = (
            "id",
            "day",
            "what",
            "unit",
            "quantity",
            "requests",
            "gauge",
            "project_id",
            "api_key_id",
            "model",
            "detail",
            "revisions",
        )
        read_only_fields = fields


class ComparedSerializer(serializers.ModelSerializer):
    """What a source counted on a UTC day, for comparison only. `cost` is its own figure. `user` is
    another word for the person where you may not see people."""

    cost = MoneyField(source="cost_nanos", read_only=True, allow_null=True)
    user = serializers.SerializerMethodField()

    def get_user(self, row: ComparisonUsage) -> str:
        return Sight(self.context["request"].auth).name(row.user, None)

    class Meta:
        model = ComparisonUsage
        fields = (
            "id",
            "day",
            "provider",
            "account",
            "project_id",
            "project",
            "api_key_id",
            "api_key",
            "user",
            "model",
            "service_tier",
            *KINDS,
            "requests",
            "cost",
            "revisions",
        )
        read_only_fields = fields


class RunSerializer(serializers.ModelSerializer):
    """One run. All instants are UTC; windows include their start and exclude their end."""

    restated = MoneyField(source="restated_nanos", read_only=True)

    class Meta:
        model = PullRun
        fields = (
            "id",
            "source",
            "kind",
            "trigger",
            "status",
            "requested_by",
            "started_at",
            "finished_at",
            "duration_ms",
            "window_start",
            "window_end",
            "cursor_before",
            "cursor_after",
            "buckets",
            "rows_read",
            "rows_new",
            "rows_changed",
            "rows_unchanged",
            "rows_withdrawn",
            "rows_refused",
            "mismatches",
            "restated",
            "cost_rows",
            "http_calls",
            "retries",
            "error_code",
            "error",
            "notes",
        )
        read_only_fields = fields


class Strict(serializers.Serializer):
    """A body in which an unknown field is an error: a misspelt one would be lost silently."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                message = f"unknown field: this body takes {known}"
                raise serializers.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)


class NewSourceSerializer(Strict):
    """What a new source needs; `credential` is the provider's admin key."""

    kind = serializers.ChoiceField(
        choices=[(kind.value, kind.label) for kind in SourceKind if kind in PULLED_KINDS]
    )
    name = serializers.CharField(max_length=120)
    credential = serializers.CharField(max_length=1000, write_only=True)
    base_url = serializers.CharField(max_length=255, required=False, allow_blank=True)
    account = serializers.CharField(max_length=120, required=False, allow_blank=True)
    schedule_minutes = serializers.IntegerField(required=False)
    role = serializers.ChoiceField(choices=SourceRole.choices, required=False)
    history_from = serializers.DateField(required=False)


class ChangeSourceSerializer(Strict):
    """Fields to change, on the version that was read."""

    version = serializers.IntegerField()
    name = serializers.CharField(max_length=120, required=False)
    base_url = serializers.CharField(max_length=255, required=False, allow_blank=True)
    account = serializers.CharField(max_length=120, required=False, allow_blank=True)
    schedule_minutes = serializers.IntegerField(required=False)
    role = serializers.ChoiceField(choices=SourceRole.choices, required=False)


class CredentialSerializer(Strict):
    """Another credential."""

    version = serializers.IntegerField()
    credential = serializers.CharField(max_length=1000, write_only=True)


class RoleSerializer(Strict):
    """Another role from the start of a ledger day on: `since`, default today. Leave it out for a
    source that programs push to and that is to count: it counts from now on."""

    version = serializers.IntegerField()
    role = serializers.ChoiceField(choices=SourceRole.choices)
    since = serializers.DateField(required=False, allow_null=True)
    reason = serializers.CharField(max_length=500)


class RoleChangeSerializer(serializers.ModelSerializer):
    """A decision about what a source's usage is. `moved` records left the ledger, or the
    comparison; `done_at` is null while they do."""

    class Meta:
        model = RoleChange
        fields = ("id", "role", "since", "reason", "decided_by", "created_at", "moved", "done_at")
        read_only_fields = fields


class VersionSerializer(Strict):
    """The version of the source that was read, and why it changes."""

    version = serializers.IntegerField()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class PullSerializer(Strict):
    """`from_day` reads the UTC days from that one to `to_day` (default: until now) once more."""

    from_day = serializers.DateField(required=False)
    to_day = serializers.DateField(required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class NoteSerializer(Strict):
    """What was found out."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True)
