"""Requests and answers as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals import selectors
from apps.approvals.api.serializers.talk import ConditionSerializer, QuestionSerializer
from apps.approvals.enums import (
    Decision,
    RejectReason,
    RequestStatus,
    StepStatus,
)
from apps.approvals.models import (
    ApprovalRequest,
)
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
    amount = MoneyField(source="amount_nanos", read_only=True, allow_null=True)
    approved = MoneyField(source="approved_nanos", read_only=True, allow_null=True)

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


class ApprovalDetailSerializer(ApprovalSerializer):
    """With facts, route and answers, and whether the caller may answer now."""

    steps = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()
    blocked = serializers.SerializerMethodField()
    cap_refused = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields = (
            *ApprovalSerializer.Meta.fields,
            "facts",
            "steps",
            "conditions",
            "questions",
            "blocked",
            "cap_refused",
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

    def get_cap_refused(self, request: ApprovalRequest) -> str:
        """Why an approval cannot carry a lower cap; empty when it can."""
        return selectors.cap_refused(request)


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


class SampleSerializer(serializers.Serializer):
    """Looking at an automatic approval: agree, or object with a note."""

    agree = serializers.BooleanField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class WithdrawSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LIMIT, default=""
    )
