"""Audits as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.access.roles import Role
from apps.audits.enums import Severity
from apps.audits.models import Audit, AuditBaseline, AuditReport, Finding, Signature
from apps.audits.selectors import SIGNING_ROLES, sign_off_of, signatures
from apps.audits.services.plan import DEFAULT_ROLES
from apps.common import clock
from apps.common.api.fields import MoneyField


class BaselineSerializer(serializers.ModelSerializer):
    """The frozen figures' identity; the document itself is at its own address."""

    class Meta:
        model = AuditBaseline
        fields = (
            "number",
            "captured_at",
            "data_as_of",
            "sha256",
            "spend_nanos",
            "tokens",
        )


class SignatureSerializer(serializers.ModelSerializer):
    stands = serializers.BooleanField(
        read_only=True, help_text="False once the approval it was given with was taken back."
    )

    class Meta:
        model = Signature
        fields = ("role", "person_name", "capacity", "sha256", "signed_at", "stands")


class ReportSerializer(serializers.ModelSerializer):
    """One issue of the report with the signatures under it."""

    signatures = serializers.SerializerMethodField()

    class Meta:
        model = AuditReport
        fields = ("number", "sha256", "issued_at", "signatures")

    @extend_schema_field(SignatureSerializer(many=True))
    def get_signatures(self, report: AuditReport) -> Any:
        return SignatureSerializer(signatures(report).order_by("id"), many=True).data


class FindingSerializer(serializers.ModelSerializer):
    """A finding. `effect` is null when the money is unknown, never zero."""

    effect = MoneyField(source="effect_nanos", read_only=True, allow_null=True)
    check = serializers.CharField(source="check_name", read_only=True)
    accepted_until = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields = (
            "id",
            "number",
            "check",
            "severity",
            "title",
            "seen",
            "remedy",
            "effect",
            "evidence",
            "status",
            "version",
            "unit",
            "owner",
            "due_on",
            "response",
            "resolution",
            "exception",
            "accepted_until",
        )

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_accepted_until(self, finding: Finding) -> Any:
        """The last day somebody has decided to live with it; null when it must be answered."""
        known = finding.exception
        return known.ends_on if known and finding.is_accepted_on(clock.today()) else None


class AuditSerializer(serializers.ModelSerializer):
    class Meta:
        model = Audit
        fields = (
            "id",
            "ref",
            "title",
            "purpose",
            "unit",
            "period_start",
            "period_end",
            "currency",
            "status",
            "version",
            "lead",
            "required_roles",
            "created_at",
            "signed_at",
        )
        read_only_fields = fields


class AuditDetailSerializer(AuditSerializer):
    """An audit with what it froze, found and issued."""

    baselines = BaselineSerializer(many=True, read_only=True)
    findings = FindingSerializer(many=True, read_only=True)
    reports = ReportSerializer(many=True, read_only=True)
    sign_off = serializers.SerializerMethodField(
        help_text="The approval request for the signatures; null before the first report."
    )

    class Meta(AuditSerializer.Meta):
        fields: tuple[str, ...] = (  # type: ignore[assignment]
            *AuditSerializer.Meta.fields,
            "baselines",
            "findings",
            "reports",
            "sign_off",
        )
        read_only_fields: tuple[str, ...] = fields  # type: ignore[assignment]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_sign_off(self, audit: Audit) -> Any:
        request = sign_off_of(audit)
        return request.id if request else None


class PlanSerializer(serializers.Serializer):
    """A new audit of [period_start, period_end)."""

    title = serializers.CharField(max_length=200)
    purpose = serializers.CharField(required=False, allow_blank=True, default="")
    period_start = serializers.DateField()
    period_end = serializers.DateField()
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)
    required_roles = serializers.ListField(
        child=serializers.ChoiceField([role.value for role in SIGNING_ROLES]),
        required=False,
        default=[role.value for role in DEFAULT_ROLES],
    )


class VersionSerializer(serializers.Serializer):
    """The version the caller has read: an action on an older one answers 409."""

    version = serializers.IntegerField(min_value=1)


class NewFindingSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    seen = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    remedy = serializers.CharField(required=False, allow_blank=True, default="")
    effect_nanos = serializers.IntegerField(required=False, allow_null=True, default=None)


class FindingActionSerializer(VersionSerializer):
    """`assign` needs owner; `respond` a text; `resolve`, `dismiss` and `reopen` a text; `accept` a
    text (why one lives with it) and `until`: it asks for an exception, which others decide.
    """

    action = serializers.ChoiceField(
        ["assign", "respond", "resolve", "dismiss", "reopen", "accept"]
    )
    owner = serializers.UUIDField(required=False, allow_null=True, default=None)
    due_on = serializers.DateField(required=False, allow_null=True, default=None)
    until = serializers.DateField(required=False, allow_null=True, default=None)
    text = serializers.CharField(required=False, allow_blank=True, default="")


class SignSerializer(VersionSerializer):
    """The role to sign for and the SHA-256 of the report that was read."""

    role = serializers.ChoiceField([role.value for role in Role])
    sha256 = serializers.CharField(max_length=64)


class ReopenSerializer(VersionSerializer):
    reason = serializers.CharField()
