"""What the buttons of an audit do. Each carries the version of the page it was pressed on."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import requires
from apps.audits import selectors
from apps.audits.services import acceptance, findings, report, sign_off
from apps.audits.web.forms import FindingForm
from apps.audits.web.views import posted_version
from apps.common.errors import Invalid
from apps.common.fmt import plural
from apps.common.web.forms import FormPage
from apps.tenancy.urls import org_url


def _back(request: HttpRequest, audit_id: UUID, anchor: str = "") -> HttpResponse:
    return redirect(org_url(request, "audits:detail", audit_id) + anchor)


@requires(P.AUDIT_RUN)
@require_POST
def run_checks(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """Run the checks and publish what they find."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    raised = findings.raise_findings(
        actor=request.actor, audit=audit, version=posted_version(request)
    )
    messages.success(request, f"{plural(len(raised), 'finding')} raised.")
    return _back(request, audit_id, "#findings")


@requires(P.AUDIT_FINDING_WRITE)
class FindingAdd(FormPage):
    title = "Add a finding"
    submit_label = "Add finding"
    form_class = FindingForm

    def dispatch(self, request: HttpRequest, audit_id: UUID) -> HttpResponseBase:
        self.audit = selectors.audit_by_id(request.actor, audit_id)
        return super().dispatch(request, audit_id=audit_id)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Audits", org_url(self.request, "audits:list")),
            (self.audit.ref, self.cancel_url()),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "audits:detail", self.audit.id)

    def save(self, form: FindingForm) -> str:
        data = form.cleaned_data
        findings.add_finding(
            actor=self.request.actor,
            audit=self.audit,
            title=data["title"],
            seen=data["seen"],
            severity=data["severity"],
            remedy=data["remedy"],
            effect_nanos=form.effect_nanos,
        )
        return self.cancel_url() + "#findings"


@requires(P.AUDIT_FINDING_WRITE)
@require_POST
def assign(request: HttpRequest, audit_id: UUID, finding_id: UUID) -> HttpResponse:
    """Give a finding to a person."""
    finding = selectors.finding_by_id(request.actor, audit_id, finding_id)
    due = request.POST.get("due_on", "")
    try:
        owner_id = UUID(request.POST.get("owner", ""))
        due_on = parse_date(due) if due else None
    except ValueError:
        raise Invalid("choose a person and a date", field="owner") from None
    findings.assign_finding(
        actor=request.actor,
        finding=finding,
        version=posted_version(request),
        owner_id=owner_id,
        due_on=due_on,
    )
    return _back(request, audit_id, f"#finding-{finding.number}")


@requires(P.AUDIT_RESPOND)
@require_POST
def respond(request: HttpRequest, audit_id: UUID, finding_id: UUID) -> HttpResponse:
    """Answer a finding."""
    finding = selectors.finding_by_id(request.actor, audit_id, finding_id)
    findings.respond_to_finding(
        actor=request.actor,
        finding=finding,
        version=posted_version(request),
        response=request.POST.get("response", ""),
    )
    return _back(request, audit_id, f"#finding-{finding.number}")


@requires(P.AUDIT_FINDING_WRITE)
@require_POST
def settle(request: HttpRequest, audit_id: UUID, finding_id: UUID) -> HttpResponse:
    """Resolve, dismiss or reopen a finding."""
    finding = selectors.finding_by_id(request.actor, audit_id, finding_id)
    findings.settle_finding(
        actor=request.actor,
        finding=finding,
        version=posted_version(request),
        action=request.POST.get("action", ""),
        resolution=request.POST.get("resolution", ""),
    )
    return _back(request, audit_id, f"#finding-{finding.number}")


@requires(P.AUDIT_RESPOND)
@require_POST
def accept(request: HttpRequest, audit_id: UUID, finding_id: UUID) -> HttpResponse:
    """Ask to live with a finding until a day."""
    finding = selectors.finding_by_id(request.actor, audit_id, finding_id)
    try:
        until = parse_date(request.POST.get("until", ""))
    except ValueError:
        until = None
    asked = acceptance.ask_to_accept(
        actor=request.actor,
        finding=finding,
        version=posted_version(request),
        reason=request.POST.get("reason", ""),
        until=until,
    )
    messages.success(request, f"{asked.exception} is asked. The people on its route decide.")
    return _back(request, audit_id, f"#finding-{finding.number}")


@requires(P.AUDIT_RUN)
@require_POST
def issue(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """Issue the report for signature."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    issued = report.issue_report(actor=request.actor, audit=audit, version=posted_version(request))
    messages.success(request, f"Report {issued.number} issued. It now waits for signatures.")
    return _back(request, audit_id, "#sign-off")


@requires(P.AUDIT_SIGN)
@require_POST
def sign(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """Sign the report shown on the page."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    signature = sign_off.sign_report(
        actor=request.actor,
        audit=audit,
        version=posted_version(request),
        role=request.POST.get("role", ""),
        sha256=request.POST.get("sha256", ""),
    )
    messages.success(request, f"Signed. SHA-256 {signature.sha256[:16]}…")
    return _back(request, audit_id, "#sign-off")


@requires(P.AUDIT_RUN)
@require_POST
def reopen(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """Back to findings; the next report is a new issue."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    report.reopen_audit(
        actor=request.actor,
        audit=audit,
        version=posted_version(request),
        reason=request.POST.get("reason", ""),
    )
    return _back(request, audit_id)
