"""Routes: who approves what, in sentences; the editor and its simulator."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.approvals import selectors, services, subjects
from apps.approvals.models import ApprovalPolicy
from apps.approvals.rules.policy import AUTO_POLICY, DEFAULT_POLICY, PolicyDocument, parse_policy
from apps.approvals.selectors.simulation import Simulation, simulate_policy
from apps.approvals.web import words
from apps.approvals.web.base import ApprovalsPage
from apps.approvals.web.policy_forms import PolicyForm
from apps.common import fmt
from apps.common.errors import Conflict, DomainError, Invalid
from apps.common.web import csvout
from apps.common.web.forms import add_errors
from apps.organizations.selectors import units
from apps.tenancy.urls import org_url

SIMULATED = 50
TEMPLATES = {"auto": AUTO_POLICY, "people": DEFAULT_POLICY}


def _names() -> dict[str, str]:
    return {str(unit.id): unit.name for unit in units()}


def described(document: PolicyDocument, currency: str, names: dict[str, str]) -> dict[str, Any]:
    """A document as the pages show it: when, steps with their own conditions, guardrails."""
    return {
        "when": words.when_words(document.when, names, currency, otherwise="Everything else"),
        "auto": document.is_auto,
        "route": words.route_words(document),
        "rails": words.guardrail_words(document.guardrails, currency)
        if document.guardrails
        else [],
        "steps": [
            {
                "name": step.name,
                "text": words.step_words(step),
                "when": words.when_words(step.when, names, currency, otherwise=""),
            }
            for step in document.steps
        ],
    }


@requires(P.APPROVAL_VIEW)
class Policies(ApprovalsPage, View):
    """All routes in the order they are tried."""

    tab = "approvals:policies"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        services.ensure_default_policy()
        names, currency = _names(), request.organization.currency
        rows = [
            {
                "policy": policy,
                "about": subjects.labels().get(policy.subject_type, "Everything"),
                **described(selectors.document_of(policy), currency, names),
            }
            for policy in selectors.policies()
        ]
        if request.GET.get("format") == "csv":
            head = ("Name", "About", "Order", "In use", "Version", "When", "Route")
            body = (
                (
                    row["policy"].name,
                    row["about"],
                    row["policy"].priority,
                    row["policy"].is_active,
                    row["policy"].current_version,
                    row["when"],
                    row["route"],
                )
                for row in rows
            )
            return csvout.response("approval-routes.csv", head, body)
        used = [row for row in rows if row["policy"].is_active]
        auto = any(row["auto"] for row in used)
        context = {
            **self.tab_context(),
            "title": f"{fmt.plural(len(used), 'route')} in use"
            + (", small and low risk by rule" if auto else ", people decide everything"),
            "lede": "The first route that applies is taken, from the top.",
            "crumbs": self.get_crumbs(),
            "rows": rows,
            "may_change": can(request.actor, P.APPROVAL_POLICY_MANAGE),
        }
        return render(request, "approvals/policies.html", context)


class Editor(ApprovalsPage, View):
    """What making and changing a route share. POST saves, or tries (`try`), or adds rows."""

    tab = "approvals:policies"
    policy: ApprovalPolicy | None = None

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.policy.name if self.policy else "New route", "")]

    def form(self, data: Any = None, *, more: str = "") -> PolicyForm:
        raise NotImplementedError

    def save(self, form: PolicyForm) -> ApprovalPolicy:
        raise NotImplementedError

    def units(self) -> list[tuple[str, str, str]]:
        return [(str(u.id), u.name, u.code) for u in units()]

    def get(self, request: HttpRequest, *args: Any) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest, *args: Any) -> HttpResponseBase:
        more = request.POST.get("more", "")
        form = self.form(request.POST, more=more if more in {"step", "when"} else "")
        if more:
            return self.page(form)
        if not form.is_valid():
            return self.page(form, status=422)
        if "try" in request.POST:
            return self._tried(form)
        try:
            with transaction.atomic():
                policy = self.save(form)
        except (Invalid, Conflict) as error:
            add_errors(form.head, error)
            return self.page(form, status=error.status)
        messages.success(request, f"{policy.name} is saved as version {policy.current_version}.")
        return HttpResponseRedirect(org_url(request, "approvals:policies"))

    def _tried(self, form: PolicyForm) -> HttpResponse:
        """The routes of what was really asked, under today's policies and under this one."""
        try:
            document = parse_policy(
                form.document(), roles=[role.value for role in selectors.ROUTE_ROLES]
            )
        except DomainError as error:
            add_errors(form.head, error)
            return self.page(form, status=422)
        head = form.head.cleaned_data
        found = simulate_policy(
            self.request.actor,
            document=document,
            policy_id=self.policy.id if self.policy else None,
            name=head["name"],
            subject_type=head["subject_type"],
            priority=head["priority"],
            is_active=head["is_active"],
            limit=SIMULATED,
        )
        return self.page(form, simulation=found)

    def page(
        self, form: PolicyForm, *, status: int = 200, simulation: Simulation | None = None
    ) -> HttpResponse:
        request = self.request
        names, currency = _names(), request.organization.currency
        context: dict[str, Any] = {
            **self.tab_context(),
            "title": f"Change {self.policy.name}" if self.policy else "New route",
            "crumbs": self.get_crumbs(),
            "policy": self.policy,
            "editor": form,
            "form": form.head,
            "currency": currency,
            "simulation": simulation,
            "simulation_words": simulation_words(simulation) if simulation else "",
            "all_errors": [item for f in form.forms() if f.is_bound for item in _messages(f)],
        }
        if self.policy is not None:
            context["versions"] = list(selectors.versions_of(self.policy)[:10])
            context["now"] = described(selectors.document_of(self.policy), currency, names)
            context["zone"] = request.organization.timezone
        return render(request, "approvals/policy.html", context, status=status)


def simulation_words(found: Simulation) -> str:
    """`12 of 50 would take another route; 9 more approved by rule, 11 answers fewer`."""
    total = len(found.rows)
    if not total:
        return "Nothing was asked yet that this could be tried on."
    if not found.changed:
        return f"All of the last {total} would take the route they took."
    parts = [f"{found.changed} of the last {total} would take another route"]
    auto = found.auto_after - found.auto_before
    if auto:
        parts.append(f"{abs(auto)} {'more' if auto > 0 else 'fewer'} approved by rule")
    answers = found.answers_after - found.answers_before
    if answers:
        parts.append(f"{abs(answers)} {'more' if answers > 0 else 'fewer'} steps to decide")
    return "; ".join(parts) + "."


def _messages(form: Any) -> list[str]:
    return [str(message) for messages_ in form.errors.values() for message in messages_]


@requires(P.APPROVAL_POLICY_MANAGE)
class NewPolicy(Editor):
    """`?template=auto` begins with the lane for what is small and low risk."""

    def form(self, data: Any = None, *, more: str = "") -> PolicyForm:
        kind = self.request.GET.get("template", "people")
        document = TEMPLATES.get(kind, DEFAULT_POLICY)
        auto = document.is_auto
        head = {
            "name": "Small and low risk" if auto else "",
            "subject_type": "story" if auto and "story" in subjects.labels() else "",
            "priority": 50 if auto else 100,
            "is_active": True,
        }
        return PolicyForm(data, units=self.units(), head=head, document=document, more=more)

    def save(self, form: PolicyForm) -> ApprovalPolicy:
        head = form.head.cleaned_data
        return services.create_policy(
            actor=self.request.actor,
            document=form.document(),
            **{k: head[k] for k in ("name", "subject_type", "priority", "is_active", "note")},
        )


@requires(P.APPROVAL_POLICY_MANAGE)
class ChangePolicy(Editor):
    """The editor of one route; `?version=n` begins with an earlier document."""

    def dispatch(self, request: HttpRequest, policy_id: UUID) -> HttpResponseBase:
        self.policy = selectors.policy_by_id(policy_id)
        return super().dispatch(request)

    def form(self, data: Any = None, *, more: str = "") -> PolicyForm:
        assert self.policy is not None  # noqa: S101 -- dispatch has found it
        policy = self.policy
        number = self.request.GET.get("version", "")
        document = (
            selectors.version_document(policy, int(number))
            if number.isdecimal() and len(number) < 9
            else selectors.document_of(policy)
        )
        head = {
            "version": policy.current_version,
            "name": policy.name,
            "subject_type": policy.subject_type,
            "priority": policy.priority,
            "is_active": policy.is_active,
            "note": f"Back to version {number}." if number else "",
        }
        return PolicyForm(data, units=self.units(), head=head, document=document, more=more)

    def save(self, form: PolicyForm) -> ApprovalPolicy:
        assert self.policy is not None  # noqa: S101 -- dispatch has found it
        head = form.head.cleaned_data
        fixed = self.policy.is_default
        return services.change_policy(
            actor=self.request.actor,
            policy_id=self.policy.id,
            version=head["version"] or 0,
            document=form.document(),
            note=head["note"],
            name=head["name"],
            is_active=None if fixed else head["is_active"],
            subject_type=None if fixed else head["subject_type"],
            priority=head["priority"],
        )


@requires(P.APPROVAL_VIEW)
class PolicyPage(ApprovalsPage, View):
    """One route with its versions, for reading."""

    tab = "approvals:policies"

    def get(self, request: HttpRequest, policy_id: UUID) -> HttpResponse:
        policy = selectors.policy_by_id(policy_id)
        names, currency = _names(), request.organization.currency
        versions = [
            {
                "version": version,
                **described(selectors.version_document(policy, version.number), currency, names),
            }
            for version in selectors.versions_of(policy)[:20]
        ]
        context = {
            **self.tab_context(),
            "title": policy.name,
            "lede": f"{versions[0]['when']}: {versions[0]['route']}",
            "crumbs": [*self.get_crumbs(), (policy.name, "")],
            "policy": policy,
            "about": subjects.labels().get(policy.subject_type, "Everything"),
            "versions": versions,
            "may_change": can(request.actor, P.APPROVAL_POLICY_MANAGE),
            "zone": request.organization.timezone,
        }
        return render(request, "approvals/policy_detail.html", context)
