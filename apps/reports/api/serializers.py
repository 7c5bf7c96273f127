"""Schedules and copies as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.reports import rules
from apps.reports.enums import Cadence
from apps.reports.models import ReportDelivery, ReportSchedule
from apps.reports.services.saving import MOST_RECIPIENTS
from apps.savedviews.rules import NAME_LIMIT, QUERY_LIMIT
from apps.savedviews.selectors import readable


class ReportRecipientSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The membership.")
    name = serializers.CharField()


PEOPLE = "recipients__membership__user"
"""What a row's recipients are read with."""


class ReportScheduleSerializer(serializers.ModelSerializer):
    """`due_at` is the next time, null while paused. `last_state` is that of the newest copy."""

    recipients = serializers.SerializerMethodField()
    last_sent_at = serializers.DateTimeField(allow_null=True, read_only=True)
    last_state = serializers.CharField(allow_null=True, read_only=True)
    last_reason = serializers.CharField(allow_null=True, read_only=True)

    class Meta:
        model = ReportSchedule
        fields = (
            "id",
            "kind",
            "name",
            "query",
            "cadence",
            "hour",
            "weekday",
            "month_day",
            "with_csv",
            "with_pdf",
            "owner",
            "owner_name",
            "recipients",
            "due_at",
            "last_sent_at",
            "last_state",
            "last_reason",
            "version",
        )
        read_only_fields = fields

    def to_representation(self, instance: ReportSchedule) -> dict[str, Any]:
        """People in the filters are for those who may see people."""
        found: dict[str, Any] = super().to_representation(instance)
        actor = self.context.get("actor") or self.context["request"].auth
        return {**found, "query": readable(actor, instance.kind, instance.query)}

    @extend_schema_field(ReportRecipientSerializer(many=True))
    def get_recipients(self, row: ReportSchedule) -> list[dict[str, str]]:
        people = [one.membership for one in row.recipients.all()]
        return [{"id": str(one.id), "name": str(one)} for one in sorted(people, key=str)]


class WantedSerializer(serializers.Serializer):
    """`query` holds the filters of the page, as in its address. `weekday` (0 is Monday) counts for
    weeks, `month_day` for months; hours are of the organization's time zone."""

    name = serializers.CharField(max_length=NAME_LIMIT)
    query = serializers.CharField(max_length=QUERY_LIMIT, allow_blank=True, default="")
    cadence = serializers.ChoiceField(Cadence.choices)
    hour = serializers.IntegerField(min_value=0, max_value=23, default=7)
    weekday = serializers.IntegerField(min_value=0, max_value=6, default=0)
    month_day = serializers.IntegerField(min_value=1, max_value=rules.LAST_MONTH_DAY, default=1)
    with_csv = serializers.BooleanField(default=True)
    with_pdf = serializers.BooleanField(default=False)
    recipients = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_RECIPIENTS
    )


class NewScheduleSerializer(WantedSerializer):
    kind = serializers.CharField(max_length=40, help_text="league or explore")


class ChangedScheduleSerializer(WantedSerializer):
    version = serializers.IntegerField(min_value=1)


class ScheduleVersionSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=1)


class CopySerializer(serializers.ModelSerializer):
    """One person's copy of the report of the days [period_start, period_end)."""

    period_start = serializers.DateField(source="issue.period_start", read_only=True)
    period_end = serializers.DateField(source="issue.period_end", read_only=True)
    asked_for = serializers.SerializerMethodField(help_text="By its recipient, not by schedule.")
    recipient = serializers.UUIDField(source="membership_id", read_only=True)
    recipient_name = serializers.CharField(source="membership.user.display_name", read_only=True)

    class Meta:
        model = ReportDelivery
        fields = (
            "id",
            "period_start",
            "period_end",
            "asked_for",
            "recipient",
            "recipient_name",
            "state",
            "reason",
            "headline",
            "attempts",
            "created_at",
            "sent_at",
        )
        read_only_fields = fields

    def get_asked_for(self, row: ReportDelivery) -> bool:
        return row.issue.asked_by_id is not None
