"""Approvals as JSON."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals import selectors
from apps.approvals.enums import Decision, RequestStatus, StepStatus
from apps.approvals.models import ApprovalPolicy, ApprovalRequest
from apps.approvals.rules.policy import FACTS, OPS_BY_TYPE
from apps.approvals.rules.transitions import NOTE_LIMIT
from apps.common.api.fields import MoneyField


class PersonSerializer(serializers.Serializer):
    """Somebody who may answer a step. `via`: role, fallback, added or delegated."""

    membership_id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    via = serializers.CharField()
    is_open = serializers.BooleanField(help_text="their answer can still count")


class AnswerSerializer(serializers.Serializer):
    """One person's answer."""

    name = serializers.CharField()
    role = serializers.CharField()
    decision = serializers.ChoiceField(Decision.choices())
    note = serializers.CharField()
    cap = serializers.SerializerMethodField()
    request_version = serializers.IntegerField()
    decided_at = serializers.DateTimeField()

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_cap(self, answer: Any) -> int | None:
        """The lowered cap in nanos; null when the approval kept what was in force."""
        return answer.cap_nanos


class StepSerializer(serializers.Serializer):
    """One step of the route."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    mode = serializers.CharField()
    needed = serializers.IntegerField()
    status = serializers.ChoiceField(StepStatus.choices())
    opened_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    approvers = PersonSerializer(many=True, source="people")
    decisions = AnswerSerializer(many=True, source="answers")


class ApprovalSerializer(serializers.ModelSerializer):
    """A request. `version` is what a decision must state; `approved` is the cap in force."""

    unit_id = serializers.UUIDField(read_only=True, allow_null=True)
    requester_id = serializers.UUIDField(read_only=True, allow_null=True)
    status = serializers.ChoiceField(RequestStatus.choices(), read_only=True)
    amount = MoneyField(source="amount_nanos", read_only=True)
    approved = MoneyField(source="approved_nanos", read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = (
            "id",
            "subject_type",
            "subject_id",
            "subject_ref",
            "revision_id",
            "revision_number",
            "title",
            "summary",
            "status",
            "version",
            "unit_id",
            "amount",
            "amount_period",
            "approved",
            "requester_id",
            "requester_name",
            "policy_version",
            "current_step",
            "flags",
            "opened_at",
            "due_at",
            "closed_at",
            "closed_by_name",
            "closed_note",
        )
        read_only_fields = fields


class ApprovalDetailSerializer(ApprovalSerializer):
    """With facts, route and answers, and whether the caller may answer now."""

    steps = serializers.SerializerMethodField()
    blocked = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields = (*ApprovalSerializer.Meta.fields, "facts", "steps", "blocked")
        read_only_fields = fields

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, request: ApprovalRequest) -> Any:
        return StepSerializer(selectors.steps_of(request), many=True).data

    def get_blocked(self, request: ApprovalRequest) -> str:
        """Why the caller has no decision to take; empty when they have one."""
        return selectors.blocked_reason(self.context["request"].auth, request)


class DecideSerializer(serializers.Serializer):
    """An answer to the version that was read. `note` is needed unless approving."""

    version = serializers.IntegerField()
    decision = serializers.ChoiceField(Decision.choices())
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LIMIT, default=""
    )
    cap = MoneyField(required=False, allow_null=True, default=None)


class WithdrawSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LIMIT, default=""
    )


DOCUMENT_SCHEMA = {
    "type": "object",
    "description": (
        "Conditions and ordered steps. Facts: "
        + "; ".join(f"{name} ({', '.join(OPS_BY_TYPE[kind])})" for name, kind in FACTS.items())
    ),
    "properties": {
        "when": {"type": "array", "items": {"type": "object"}},
        "steps": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["steps"],
}


@extend_schema_field(DOCUMENT_SCHEMA)
class DocumentField(serializers.JSONField):
    """The document of a policy; its own parser names what is wrong in it."""


class PolicySerializer(serializers.ModelSerializer):
    """A route with its current document."""

    document = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalPolicy
        fields = (
            "id",
            "name",
            "subject_type",
            "priority",
            "is_default",
            "is_active",
            "current_version",
            "document",
        )
        read_only_fields = fields

    @extend_schema_field(DOCUMENT_SCHEMA)
    def get_document(self, policy: ApprovalPolicy) -> Any:
        return msgspec.to_builtins(selectors.document_of(policy))


class PolicyChangeSerializer(serializers.Serializer):
    """A new version of a route. `version` is the `current_version` that was read."""

    version = serializers.IntegerField()
    document = DocumentField()
    note = serializers.CharField(max_length=2000)
    name = serializers.CharField(required=False, max_length=120)
    is_active = serializers.BooleanField(required=False)
