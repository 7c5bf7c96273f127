"""Audit pages: list, plan, one audit with its actions, report."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.audits import selectors
from apps.audits.documents import document_response
from apps.audits.enums import AuditStatus, FindingStatus, Severity
from apps.audits.models import Audit
from apps.audits.services import baseline, plan
from apps.audits.web.document import declared_chart, headline, phases, report_context
from apps.audits.web.forms import AssignForm, PlanForm
from apps.common import clock, fmt
from apps.common.errors import NotFound
from apps.common.fmt import day_range
from apps.common.web.forms import FormPage
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.organizations.selectors import unit_choices
from apps.tenancy.urls import org_url


@requires(P.AUDIT_VIEW)
class AuditList(ListPage):
    title = "Audits"
    noun = ("audit", "audits")
    columns = (
        Column(
            "ref",
            "Audit",
            sort="ref",
            link=lambda a, r: org_url(r, "audits:detail", a.id),
            sub=lambda a: a.title,
        ),
        Column("title", "Title", in_table=False),
        Column(
            "period",
            "Period",
            value=lambda a: day_range(a.period_start, a.period_end),
            sort="period_start",
            csv=lambda a: f"{a.period_start}/{a.period_end}",
        ),
        Column("scope", "Scope", value=lambda a: a.unit.name if a.unit else "Everything"),
        Column("status", "Status", value=lambda a: a.get_status_display(), sort="status"),
        Column("open_count", "Open findings", sort="open_count", align="num"),
        Column("finding_count", "Findings", sort="finding_count", align="num"),
        Column("lead", "Led by", value=lambda a: str(a.lead)),
    )
    filters = (
        ChoiceFilter("status", "Status", choices=AuditStatus.choices),
        RelationFilter("unit", "Scope", choices=lambda request: unit_choices()),
        SearchFilter("q", "Search", fields=("title", "ref")),
    )
    default_sort = "-ref"

    def get_queryset(self) -> Any:
        return selectors.audits(self.request.actor)

    def get_actions(self) -> list[Action]:
        if not can(self.request.actor, P.AUDIT_RUN):
            return []
        return [Action("Plan an audit", org_url(self.request, "audits:new"), "plus", primary=True)]

    def get_empty(self) -> Empty:
        may_plan = can(self.request.actor, P.AUDIT_RUN)
        return Empty(
            "No audit yet",
            "An audit freezes what was used in a period, checks it, and is signed by two people. "
            "Plan one for the last full month to see what nobody has approved.",
            "Plan an audit" if may_plan else "",
            org_url(self.request, "audits:new") if may_plan else "",
            "clipboard-check",
        )


@requires(P.AUDIT_RUN)
class AuditPlan(FormPage):
    title = "Plan an audit"
    lede = "Its baseline freezes when you say so; the checks then look for what needs an answer."
    submit_label = "Plan audit"
    form_class = PlanForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Audits", org_url(self.request, "audits:list"))]

    def cancel_url(self) -> str:
        return org_url(self.request, "audits:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"actor": self.request.actor}

    def save(self, form: PlanForm) -> str:
        data = form.cleaned_data
        audit = plan.plan_audit(
            actor=self.request.actor,
            title=data["title"],
            period_start=data["period_start"],
            period_end=data["period_end"],
            unit_id=UUID(data["unit"]) if data["unit"] else None,
            purpose=data["purpose"],
            required_roles=data["required_roles"],
        )
        return org_url(self.request, "audits:detail", audit.id)


@requires(P.AUDIT_VIEW)
class AuditDetail(View):
    """The whole audit on one page; every action is a form that carries the version it saw."""

    def get(self, request: HttpRequest, audit_id: UUID) -> HttpResponse:
        try:
            audit = selectors.audit_by_id(request.actor, audit_id)
        except NotFound:
            return self.own_findings(request, audit_id)
        return render(request, "audits/detail.html", self.context(request, audit))

    def own_findings(self, request: HttpRequest, audit_id: UUID) -> HttpResponse:
        """For somebody who answers findings of an audit of more than they see: those, no more.

        Raises NotFound where they have none.
        """
        findings = selectors.findings_to_answer(request.actor, audit_id)
        if not findings:
            raise NotFound("There is no such audit.", code="audit_not_found")
        waiting = sum(finding.status == FindingStatus.ASSIGNED for finding in findings)
        verb = "waits" if waiting == 1 else "wait"
        title = f"{fmt.plural(waiting, 'finding')} {verb} for your answer"
        context = {
            "title": title if waiting else "You have answered your findings",
            "crumbs": [("Audits", ""), (findings[0].audit.ref, "")],
            "audit": findings[0].audit,
            "findings": findings,
            "mine": {f.id for f in findings if selectors.may_respond(request.actor, f)},
        }
        return render(request, "audits/own_findings.html", context)

    def context(self, request: HttpRequest, audit: Audit) -> dict[str, Any]:
        frozen = selectors.latest_baseline(audit)
        report = selectors.latest_report(audit)
        findings = list(
            audit.findings.select_related("owner__user", "unit", "exception", "audit__unit")
        )
        order = {name: index for index, name in enumerate(Severity.values)}
        findings.sort(key=lambda f: (order[f.severity], -(f.effect_nanos or 0), f.number))
        actor = request.actor
        sign_off = selectors.sign_off_of(audit) if report else None
        return {
            "title": headline(audit, frozen, findings),
            "crumbs": [("Audits", org_url(request, "audits:list")), (audit.ref, "")],
            "audit": audit,
            "baseline": frozen,
            "report": report,
            "findings": findings,
            "phases": phases(audit, frozen, findings),
            "chart": declared_chart(audit, frozen) if frozen else None,
            "seats": selectors.seats(audit, report),
            "sign_off": sign_off,
            "in_turn": selectors.role_in_turn(audit, sign_off)
            if sign_off and sign_off.is_open
            else "",
            "signers": selectors.signers(sign_off),
            "to_sign": selectors.roles_to_sign(actor, audit, sign_off),
            "can_run": can(actor, P.AUDIT_RUN, unit_id=audit.unit_id),
            "can_find": can(actor, P.AUDIT_FINDING_WRITE, unit_id=audit.unit_id),
            "accepted": {f.id for f in findings if f.is_accepted_on(clock.today())},
            "acceptable": {f.id for f in findings if selectors.may_ask_to_accept(actor, f)},
            "mine": {f.id for f in findings if selectors.may_respond(actor, f)},
            "assign_form": AssignForm(auto_id=False),
        }


@requires(P.AUDIT_RUN)
@require_POST
def freeze(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """Freeze the baseline."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    frozen = baseline.freeze_baseline(
        actor=request.actor, audit=audit, version=posted_version(request)
    )
    messages.success(request, f"Baseline locked. SHA-256 {frozen.sha256[:16]}…")
    return redirect(org_url(request, "audits:detail", audit_id))


@requires(P.AUDIT_VIEW)
def baseline_json(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """The frozen document, byte for byte as it was hashed."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    frozen = selectors.latest_baseline(audit)
    if frozen is None:
        raise NotFound("the baseline is not frozen yet")
    return document_response(f"{audit.ref}-baseline-{frozen.number}.json", frozen.document)


@requires(P.AUDIT_VIEW)
def verify(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """Recompute the baseline from today's ledger and compare."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    frozen = selectors.latest_baseline(audit)
    if frozen is None:
        raise NotFound("the baseline is not frozen yet")
    context = {
        "title": f"{audit.ref}: is the baseline reproducible?",
        "crumbs": [
            ("Audits", org_url(request, "audits:list")),
            (audit.ref, org_url(request, "audits:detail", audit.id)),
        ],
        "audit": audit,
        "baseline": frozen,
        "check": selectors.verify_baseline(audit, frozen),
    }
    return render(request, "audits/verify.html", context)


@requires(P.AUDIT_VIEW)
def report_page(request: HttpRequest, audit_id: UUID, number: int) -> HttpResponse:
    """One issue of the report as a page that prints."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    report = audit.reports.filter(number=number).first()
    if report is None:
        raise NotFound("no such report")
    return render(request, "audits/report.html", report_context(request, audit, report))


@requires(P.AUDIT_VIEW)
def report_json(request: HttpRequest, audit_id: UUID, number: int) -> HttpResponse:
    """The signed bytes: their SHA-256 is the one in the trail."""
    audit = selectors.audit_by_id(request.actor, audit_id)
    report = audit.reports.filter(number=number).first()
    if report is None:
        raise NotFound("no such report")
    return document_response(f"{audit.ref}-report-{report.number}.json", report.document)


def posted_version(request: HttpRequest) -> int:
    """The version the page was rendered from; a missing one conflicts with every state."""
    text = request.POST.get("version", "")
    return int(text) if text.isdigit() else 0
