"""Deputies, calendar and metrics as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals.enums import (
    DelegationKind,
)
from apps.approvals.models import (
    ApprovalDelegation,
    ApprovalHoliday,
)


class DelegationSerializer(serializers.ModelSerializer):
    """A deputy from a day to a day, both included. Empty fields mean all."""

    person_id = serializers.UUIDField(read_only=True)
    deputy_id = serializers.UUIDField(read_only=True)
    unit_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = ApprovalDelegation
        fields = (
            "id",
            "person_id",
            "person_name",
            "deputy_id",
            "deputy_name",
            "kind",
            "starts_on",
            "ends_on",
            "subject_type",
            "unit_id",
            "max_amount_nanos",
            "note",
            "created_at",
            "revoked_at",
        )
        read_only_fields = fields


class DelegateSerializer(serializers.Serializer):
    """Naming a deputy; without `person_id` for oneself."""

    deputy_id = serializers.UUIDField()
    person_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    kind = serializers.ChoiceField(
        DelegationKind.choices(), required=False, default=DelegationKind.DELEGATION.value
    )
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    subject_type = serializers.CharField(
        required=False, allow_blank=True, max_length=40, default=""
    )
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    max_amount_nanos = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, default=None
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class HolidaySerializer(serializers.ModelSerializer):
    """A day on which nobody is expected to decide."""

    class Meta:
        model = ApprovalHoliday
        fields = ("id", "day", "name")
        read_only_fields = ("id",)


class CalendarSerializer(serializers.Serializer):
    """The working week (0 is Monday), close of business, and the window for undoing."""

    workdays = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=6))
    closes_at = serializers.TimeField(format="%H:%M")
    undo_hours = serializers.IntegerField(min_value=0, max_value=168)


class CalendarViewSerializer(CalendarSerializer):
    """With the days off."""

    holidays = HolidaySerializer(many=True, read_only=True)


class StepTimeSerializer(serializers.Serializer):
    """Elapsed time of a step, from its opening to its end."""

    name = serializers.CharField()
    count = serializers.IntegerField()
    median_seconds = serializers.IntegerField()
    p90_seconds = serializers.IntegerField()
    late = serializers.IntegerField()


class OverdueSerializer(serializers.Serializer):
    name = serializers.CharField()
    count = serializers.IntegerField()
    oldest_due = serializers.DateTimeField()


class LaneSerializer(serializers.Serializer):
    lane = serializers.CharField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    changes_requested = serializers.IntegerField()
    median_seconds = serializers.IntegerField(allow_null=True)


class MetricsSerializer(serializers.Serializer):
    """Figures of what was closed in [start, end), and what is overdue now."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    open_requests = serializers.IntegerField()
    steps = StepTimeSerializer(many=True)
    overdue = OverdueSerializer(many=True)
    lanes = LaneSerializer(many=True)
    reasons = serializers.SerializerMethodField()
    sampled = serializers.IntegerField()
    objected = serializers.IntegerField()

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_reasons(self, found: Any) -> dict[str, int]:
        """Declined requests by reason."""
        return {reason.value: count for reason, count in found.reasons}
