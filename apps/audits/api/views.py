"""Audits over the API. The services decide; a view reads, calls and shows."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.audits import selectors
from apps.audits.api import examples
from apps.audits.api import serializers as s
from apps.audits.documents import document_response
from apps.audits.models import Audit
from apps.audits.services import acceptance, baseline, findings, plan, report, sign_off
from apps.common.api.bodies import checked
from apps.common.errors import Invalid, NotFound


class AuditListView(ActorMixin, generics.ListAPIView):
    """List audits, newest first; plan one."""

    permission_required = {"GET": P.AUDIT_VIEW, "POST": P.AUDIT_RUN}
    serializer_class = s.AuditSerializer
    filterset_fields = ("status", "unit")

    def get_queryset(self) -> QuerySet[Audit]:
        if getattr(self, "swagger_fake_view", False):
            return Audit._base_manager.none()
        return selectors.audits(self.actor)

    @extend_schema(
        examples=[examples.PLAN], request=s.PlanSerializer, responses={201: s.AuditSerializer}
    )
    def post(self, request: Request) -> Response:
        data = checked(s.PlanSerializer, request)
        audit = plan.plan_audit(
            actor=self.actor,
            title=data["title"],
            purpose=data["purpose"],
            period_start=data["period_start"],
            period_end=data["period_end"],
            unit_id=data["unit"],
            required_roles=data["required_roles"],
        )
        return Response(s.AuditSerializer(audit).data, status=status.HTTP_201_CREATED)


class AuditView(ActorMixin, APIView):
    """One audit with its baselines, findings and reports."""

    permission_required = {"GET": P.AUDIT_VIEW}

    @extend_schema(responses=s.AuditDetailSerializer)
    def get(self, request: Request, audit_id: UUID) -> Response:
        return Response(s.AuditDetailSerializer(selectors.audit_by_id(self.actor, audit_id)).data)


class AuditActionView(ActorMixin, APIView):
    """Base of actions: read the audit, check the body, do it, show the whole audit."""

    body: type[Serializer] = s.VersionSerializer

    def post(self, request: Request, audit_id: UUID) -> Response:
        audit = selectors.audit_by_id(self.actor, audit_id)
        self.act(audit, checked(self.body, request))
        return Response(s.AuditDetailSerializer(selectors.audit_by_id(self.actor, audit_id)).data)

    def act(self, audit: Audit, data: dict[str, Any]) -> None:
        raise NotImplementedError


@extend_schema(
    examples=[examples.VERSION], request=s.VersionSerializer, responses=s.AuditDetailSerializer
)
class FreezeView(AuditActionView):
    """Freeze the baseline."""

    permission_required = {"POST": P.AUDIT_RUN}

    def act(self, audit: Audit, data: dict[str, Any]) -> None:
        baseline.freeze_baseline(actor=self.actor, audit=audit, version=data["version"])


@extend_schema(
    examples=[examples.VERSION], request=s.VersionSerializer, responses=s.AuditDetailSerializer
)
class ChecksView(AuditActionView):
    """Run the checks; each finding is raised once."""

    permission_required = {"POST": P.AUDIT_RUN}

    def act(self, audit: Audit, data: dict[str, Any]) -> None:
        findings.raise_findings(actor=self.actor, audit=audit, version=data["version"])


@extend_schema(
    examples=[examples.VERSION], request=s.VersionSerializer, responses=s.AuditDetailSerializer
)
class IssueView(AuditActionView):
    """Issue the report for signature."""

    permission_required = {"POST": P.AUDIT_RUN}

    def act(self, audit: Audit, data: dict[str, Any]) -> None:
        report.issue_report(actor=self.actor, audit=audit, version=data["version"])


@extend_schema(
    examples=[examples.SIGN], request=s.SignSerializer, responses=s.AuditDetailSerializer
)
class SignView(AuditActionView):
    """Sign the current report for the required role whose turn it is.

    The same as approving the step of `sign_off` over `/approvals/`; declining there, or asking for
    changes, sends the audit back to its findings.
    """

    permission_required = {"POST": P.AUDIT_SIGN}
    body = s.SignSerializer

    def act(self, audit: Audit, data: dict[str, Any]) -> None:
        sign_off.sign_report(actor=self.actor, audit=audit, **data)


@extend_schema(
    examples=[examples.REOPEN], request=s.ReopenSerializer, responses=s.AuditDetailSerializer
)
class ReopenView(AuditActionView):
    """Back to findings; the next report is a new issue."""

    permission_required = {"POST": P.AUDIT_RUN}
    body = s.ReopenSerializer

    def act(self, audit: Audit, data: dict[str, Any]) -> None:
        report.reopen_audit(actor=self.actor, audit=audit, **data)


class FindingListView(ActorMixin, APIView):
    """Add a finding by hand."""

    permission_required = {"POST": P.AUDIT_FINDING_WRITE}

    @extend_schema(
        examples=[examples.FINDING],
        request=s.NewFindingSerializer,
        responses={201: s.FindingSerializer},
    )
    def post(self, request: Request, audit_id: UUID) -> Response:
        audit = selectors.audit_by_id(self.actor, audit_id)
        data = checked(s.NewFindingSerializer, request)
        finding = findings.add_finding(actor=self.actor, audit=audit, **data)
        return Response(s.FindingSerializer(finding).data, status=status.HTTP_201_CREATED)


class FindingActionView(ActorMixin, APIView):
    """Assign, respond to, resolve, dismiss or reopen a finding, or ask to live with it."""

    permission_required = {"POST": P.AUDIT_VIEW}

    @extend_schema(
        examples=[examples.ASSIGN, examples.RESOLVE, examples.ACCEPT],
        operation_id="audits_findings_act",
        request=s.FindingActionSerializer,
        responses=s.FindingSerializer,
    )
    def post(self, request: Request, audit_id: UUID, finding_id: UUID) -> Response:
        finding = selectors.finding_by_id(self.actor, audit_id, finding_id)
        data = checked(s.FindingActionSerializer, request)
        common = {"actor": self.actor, "finding": finding, "version": data["version"]}
        if data["action"] == "assign":
            if data["owner"] is None:
                raise Invalid("who answers is missing", field="owner", fix="send a membership id")
            finding = findings.assign_finding(
                **common, owner_id=data["owner"], due_on=data["due_on"]
            )
        elif data["action"] == "respond":
            finding = findings.respond_to_finding(**common, response=data["text"])
        elif data["action"] == "accept":
            finding = acceptance.ask_to_accept(**common, reason=data["text"], until=data["until"])
        else:
            finding = findings.settle_finding(
                **common, action=data["action"], resolution=data["text"]
            )
        return Response(s.FindingSerializer(finding).data)


class BaselineDocumentView(ActorMixin, APIView):
    """The frozen document, byte for byte as it was hashed."""

    permission_required = {"GET": P.AUDIT_VIEW}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, audit_id: UUID) -> Any:
        audit = selectors.audit_by_id(self.actor, audit_id)
        frozen = selectors.latest_baseline(audit)
        if frozen is None:
            raise NotFound("the baseline is not frozen yet")
        return document_response(f"{audit.ref}-baseline-{frozen.number}.json", frozen.document)


class ReportDocumentView(ActorMixin, APIView):
    """One issue of the report, byte for byte as it was signed."""

    permission_required = {"GET": P.AUDIT_VIEW}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, audit_id: UUID, number: int) -> Any:
        audit = selectors.audit_by_id(self.actor, audit_id)
        issued = audit.reports.filter(number=number).first()
        if issued is None:
            raise NotFound("no such report")
        return document_response(f"{audit.ref}-report-{issued.number}.json", issued.document)
