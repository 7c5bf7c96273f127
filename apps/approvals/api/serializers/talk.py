"""Questions and conditions as JSON."""

from rest_framework import serializers

from apps.approvals.enums import (
    ConditionStatus,
)
from apps.approvals.models import (
    ApprovalCondition,
    ApprovalQuestion,
)
from apps.approvals.rules.transitions import NOTE_LIMIT


class ConditionSerializer(serializers.ModelSerializer):
    """Something an approval asks for, tracked until it is met or waived."""

    request_id = serializers.UUIDField(read_only=True)
    owner_id = serializers.UUIDField(read_only=True, allow_null=True)
    status = serializers.ChoiceField(ConditionStatus.choices(), read_only=True)

    class Meta:
        model = ApprovalCondition
        fields = (
            "id",
            "request_id",
            "subject_type",
            "subject_id",
            "text",
            "owner_id",
            "owner_name",
            "due_on",
            "status",
            "asked_by_name",
            "created_at",
            "closed_at",
            "closed_by_name",
            "closed_note",
        )
        read_only_fields = fields


class QuestionSerializer(serializers.ModelSerializer):
    """A question about a request and its answer; it pauses nothing."""

    class Meta:
        model = ApprovalQuestion
        fields = (
            "id",
            "asked_by_name",
            "text",
            "asked_at",
            "answer",
            "answered_by_name",
            "answered_at",
        )
        read_only_fields = fields


class TextSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=NOTE_LIMIT)


class NoteSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=2000)
