"""Routes as JSON."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals import selectors
from apps.approvals.models import (
    ApprovalPolicy,
    ApprovalPolicyVersion,
)
from apps.approvals.rules.policy import FACTS, OPS_BY_TYPE

DOCUMENT_SCHEMA = {
    "type": "object",
    "description": (
        "Conditions and ordered steps. Facts: "
        + "; ".join(f"{name} ({', '.join(OPS_BY_TYPE[kind])})" for name, kind in FACTS.items())
    ),
    "properties": {
        "lane": {"type": "string", "enum": ["people", "auto"]},
        "guardrails": {"type": ["object", "null"]},
        "when": {"type": "array", "items": {"type": "object"}},
        "steps": {"type": "array", "items": {"type": "object"}},
    },
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


class PolicyVersionSerializer(serializers.ModelSerializer):
    """One state of a route's document."""

    class Meta:
        model = ApprovalPolicyVersion
        fields = ("number", "document", "note", "author_name", "created_at")
        read_only_fields = fields


class PolicyCreateSerializer(serializers.Serializer):
    """A new route; the lowest `priority` that applies is taken."""

    name = serializers.CharField(max_length=120)
    document = DocumentField()
    note = serializers.CharField(max_length=2000)
    subject_type = serializers.CharField(
        required=False, allow_blank=True, max_length=40, default=""
    )
    priority = serializers.IntegerField(required=False, default=100)
    is_active = serializers.BooleanField(required=False, default=True)


class SimulateSerializer(serializers.Serializer):
    """An edited document to try on what was asked; `policy_id` is the route it would replace."""

    document = DocumentField()
    policy_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    subject_type = serializers.CharField(
        required=False, allow_blank=True, max_length=40, default=""
    )
    priority = serializers.IntegerField(required=False, default=100)
    is_active = serializers.BooleanField(required=False, default=True)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=50)


class TakenSerializer(serializers.Serializer):
    """The route of one request: its policy, its steps, or none where the rule approves."""

    policy = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    auto = serializers.BooleanField()
    skipped = serializers.CharField(help_text="why an automatic lane was left")


class SimulatedRowSerializer(serializers.Serializer):
    id = serializers.UUIDField(source="request.id")
    subject_ref = serializers.CharField(source="request.subject_ref")
    title = serializers.CharField(source="request.title")
    opened_at = serializers.DateTimeField(source="request.opened_at")
    before = TakenSerializer()
    after = TakenSerializer()
    changed = serializers.BooleanField()


class SimulationSerializer(serializers.Serializer):
    """Old and new routes of past requests, newest first, and what they come to."""

    changed = serializers.IntegerField()
    auto_before = serializers.IntegerField()
    auto_after = serializers.IntegerField()
    answers_before = serializers.IntegerField(help_text="steps that people would decide")
    answers_after = serializers.IntegerField()
    rows = SimulatedRowSerializer(many=True)


class PolicyChangeSerializer(serializers.Serializer):
    """A new version of a route. `version` is the `current_version` that was read."""

    version = serializers.IntegerField()
    document = DocumentField()
    note = serializers.CharField(max_length=2000)
    name = serializers.CharField(required=False, max_length=120)
    is_active = serializers.BooleanField(required=False)
    subject_type = serializers.CharField(required=False, allow_blank=True, max_length=40)
    priority = serializers.IntegerField(required=False)
