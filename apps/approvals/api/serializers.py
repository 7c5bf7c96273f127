"""Approvals as JSON."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals import selectors
from apps.approvals.enums import (
    ConditionStatus,
    Decision,
    DelegationKind,
    RejectReason,
    RequestStatus,
    StepStatus,
)
from apps.approvals.models import (
    ApprovalCondition,
    ApprovalDelegation,
    ApprovalHoliday,
    ApprovalPolicy,
    ApprovalPolicyVersion,
    ApprovalQuestion,
    ApprovalRequest,
)
from apps.approvals.rules.policy import FACTS, OPS_BY_TYPE
from apps.approvals.rules.transitions import CONDITION_LIMIT, NOTE_LIMIT
from apps.approvals.services import Asked
from apps.approvals.services.bulk import BulkAnswer
from apps.common.api.fields import MoneyField


class PersonSerializer(serializers.Serializer):
    """Somebody who may answer a step. `via`: role, fallback, added or delegated."""

    membership_id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    roles = serializers.ListField(
        child=serializers.CharField(), help_text="every role of the step they hold"
    )
    via = serializers.CharField()
    on_behalf_of_id = serializers.UUIDField(
        allow_null=True, help_text="whose seat it is; null for their own"
    )
    is_required = serializers.BooleanField(help_text="the step does not end without it")
    is_open = serializers.BooleanField(help_text="their answer can still count")


class AnswerSerializer(serializers.Serializer):
    """One person's answer."""

    name = serializers.CharField()
    role = serializers.CharField()
    decision = serializers.ChoiceField(Decision.choices())
    roles = serializers.ListField(child=serializers.CharField())
    on_behalf_names = serializers.CharField()
    note = serializers.CharField()
    reason = serializers.CharField()
    undone = serializers.BooleanField(help_text="taken back: it does not count")
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
            "lane",
            "sample_status",
            "current_step",
            "flags",
            "opened_at",
            "due_at",
            "closed_at",
            "closed_by_name",
            "closed_note",
            "closed_reason",
        )
        read_only_fields = fields


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


class ApprovalDetailSerializer(ApprovalSerializer):
    """With facts, route and answers, and whether the caller may answer now."""

    steps = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()
    blocked = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields = (
            *ApprovalSerializer.Meta.fields,
            "facts",
            "steps",
            "conditions",
            "questions",
            "blocked",
        )
        read_only_fields = fields

    @extend_schema_field(ConditionSerializer(many=True))
    def get_conditions(self, request: ApprovalRequest) -> Any:
        return ConditionSerializer(selectors.conditions_of(request), many=True).data

    @extend_schema_field(QuestionSerializer(many=True))
    def get_questions(self, request: ApprovalRequest) -> Any:
        return QuestionSerializer(selectors.questions_of(request), many=True).data

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, request: ApprovalRequest) -> Any:
        return StepSerializer(selectors.steps_of(request), many=True).data

    def get_blocked(self, request: ApprovalRequest) -> str:
        """Why the caller has no decision to take; empty when they have one."""
        return selectors.blocked_reason(self.context["request"].auth, request)


class AskedSerializer(serializers.Serializer):
    """A condition as it is asked; without an owner the requester owes it."""

    text = serializers.CharField(max_length=CONDITION_LIMIT)
    due_on = serializers.DateField(required=False, allow_null=True, default=None)
    owner_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class DecideSerializer(serializers.Serializer):
    """An answer to the version that was read. `note` is needed unless approving."""

    version = serializers.IntegerField()
    decision = serializers.ChoiceField(Decision.choices())
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LIMIT, default=""
    )
    reason = serializers.ChoiceField(
        RejectReason.choices(),
        required=False,
        allow_blank=True,
        default="",
        help_text="why it is declined; none counts as another reason",
    )
    conditions = AskedSerializer(many=True, required=False, default=list)
    cap = MoneyField(required=False, allow_null=True, default=None)

    def arguments(self) -> dict[str, Any]:
        """What `services.decide` takes besides the request."""
        return _answer(self.validated_data)


def _answer(data: Any) -> dict[str, Any]:
    return {
        "version": data["version"],
        "decision": data["decision"],
        "note": data["note"],
        "reason": data["reason"],
        "cap_nanos": data["cap"],
        "conditions": tuple(Asked(**asked) for asked in data["conditions"]),
    }


class BulkRowSerializer(DecideSerializer):
    """One answer of many."""

    id = serializers.UUIDField()


class BulkSerializer(serializers.Serializer):
    """Up to 100 answers, each worked by itself."""

    answers = BulkRowSerializer(many=True, allow_empty=False)

    def rows(self) -> list[BulkAnswer]:
        return [
            BulkAnswer(request_id=row["id"], **_answer(row))
            for row in self.validated_data["answers"]
        ]


class BulkResultSerializer(serializers.Serializer):
    """What became of one row: `status` is 200, or the status of its refusal."""

    id = serializers.UUIDField(source="request_id")
    status = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()
    request_status = serializers.CharField()
    problems = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        source="errors",
        help_text="each refused field with its message and fix",
    )


class PersonActSerializer(serializers.Serializer):
    """Somebody to hand over to, or to add. `version` is the one that was read."""

    version = serializers.IntegerField()
    person_id = serializers.UUIDField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class RecuseSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    note = serializers.CharField(max_length=2000)


class TextSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=NOTE_LIMIT)


class SampleSerializer(serializers.Serializer):
    """Looking at an automatic approval: agree, or object with a note."""

    agree = serializers.BooleanField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class NoteSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=2000)


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
        "lane": {"type": "string", "enum": ["people", "auto"]},
        "guardrails": {"type": "object"},
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
