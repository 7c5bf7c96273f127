"""One organization that the examples of the API's description run in.

It grows by them: what an example makes (`GROWS`) is kept for the examples that need it. Every other
example runs in a savepoint that is undone, after the acts that lead to where it begins (`BEFORE`).
A new operation usually needs nothing here: a parameter of its path finds a row by its model
(`tests.isolation.test_urls.PARAMETERS`), and its body takes that row's version.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalCondition, ApprovalPolicy, ApprovalRequest
from apps.asks import services as asks
from apps.asks.services import AskInput
from apps.audits.models import Audit, AuditReport, Finding
from apps.audits.services import baseline, findings, report
from apps.budgets import services as budgets
from apps.common import clock
from apps.connectors import services as sources
from apps.connectors.imports import services as imports
from apps.connectors.models import Source
from apps.entitlements.models import Entitlement
from apps.notifications.services import notify
from apps.organizations import services as organizations
from apps.planning import services as planning
from apps.pricing.services import RateTerms, negotiate_rate
from apps.reports import services as reports
from apps.stories import services
from apps.stories.api.examples import MODEL
from apps.stories.models import TokenStory
from apps.webhooks import services as webhooks
from apps.webhooks.models import WebhookEndpoint
from tests.contract.described import Example, Operation
from tests.factories.budgets import make_budget
from tests.factories.ledger import take, usage
from tests.factories.pricing import load_prices
from tests.factories.stories import make_prices, make_story, make_submitted
from tests.isolation.rows import COMPANIONS, row_of
from tests.isolation.test_urls import PARAMETERS, VALUES
from tests.world import OrganizationWorld

NOW = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
OCTOBER = dt.datetime(2026, 10, 14, 12, tzinfo=dt.UTC)
RECENT = NOW - dt.timedelta(days=3)
DRAFT, WAITING, APPROVED = "TS-0001", "TS-0002", "TS-0003"

GROWS = {
    "post units/": "unit_id",
    "post capabilities/": "capability_id",
    "post budgets/": "budget_id",
    "post attribution-rules/": "rule_id",
    "post negotiated-rates/": "rate_id",
    "post exchange-rates/": "exchange_rate_id",
    "post sources/": "source_id",
    "post imports/mappings/": "saved_id",
    "post imports/": "job_id",
    "post seats/import/": "",
    "post seat-plans/": "plan_id",
    "post changes/": "change_id",
    "post saved-views/": "view_id",
    "post invitations/": "invitation_id",
    "post api-keys/": "key_id",
    "post people/{person_id}/roles/": "binding_id",
    "post planning-cycles/": "cycle_id",
    "post sprints/": "",
    "post audits/": "audit_id",
    "post webhooks/": "endpoint_id",
    "post report-schedules/": "schedule_id",
    "post requests/": "ask_id",
    "post story-templates/": "template_id",
    "post stories/{ref}/comments/": "comment_id",
    "post stories/{ref}/files/": "attachment_id",
    "post stories/{ref}/work-items/": "item_id",
    "post approvals/delegations/": "delegation_id",
    "post approvals/calendar/holidays/": "",
    "put key-inventory/": "",
    "put provider-accounts/": "",
    "post usage/records": "",
}
"""Examples whose work is kept, in this order, and the parameter that the made row is found by."""

WHO: dict[str, Role] = {
    "audits/": Role.TOKENOPS_LEAD,
    "approvals/": Role.CFO,
    "approval-policies/": Role.OWNER,
    "approvals/calendar/": Role.OWNER,
    "budgets/": Role.OWNER,
    "notifications/": Role.CFO,
    "saved-views/": Role.CFO,
    "planning-cycles/": Role.CFO,
    "envelopes/": Role.CFO,
    "worth/": Role.CFO,
    "estimating/value/": Role.CFO,
    "estimating/amendments/": Role.CFO,
    "design-review/": Role.CTO,
    "invitations/": Role.OWNER,
    "api-keys/": Role.OWNER,
    "people/": Role.OWNER,
    "organization/": Role.OWNER,
    "periods/": Role.OWNER,
    "retention/": Role.OWNER,
    "requests/": Role.UNIT_LEAD,
    "report-schedules/": Role.CFO,
}
"""Who sends, by how an address begins; the longest fits. Otherwise a program, by its key."""

QUERY: dict[str, dict[str, Any]] = {
    "get stories/{ref}/diff/": {"old": 1, "new": 1},
    "get stories/check/": {"capability": "claims-triage"},
    "delete exchange-rates/{exchange_rate_id}/": {"reason": "Typed wrong."},
    "delete provider-accounts/": {
        "provider": "google",
        "account": "claims-vertex",
        "version": 1,
    },
    "delete sprints/{sprint_id}/": {"version": 1},
    "delete webhooks/{endpoint_id}/": {"version": 1},
    "delete report-schedules/{schedule_id}/": {"version": 1},
}
SPAN = {"start": "2026-11-01", "end": "2026-12-01"}
"""What operations that ask for days are sent."""


@dataclass
class Given:
    """What an example stands on: ids for its address and capitals, who sends it, a version."""

    ids: dict[str, str] = field(default_factory=dict)
    role: Role | None = None
    version: int | None = None


#: The story an act begins with, and the acts that lead there. Otherwise the draft.
STORIES: dict[str, tuple[str, list[str]]] = {
    "withdraw": (WAITING, []),
    "amend": (WAITING, []),
    "discard": (WAITING, ["amend"]),
    "delivery": (APPROVED, []),
    "live": (APPROVED, ["start_delivery"]),
    "true-up": (APPROVED, ["start_delivery", "go_live"]),
    "report": (APPROVED, ["start_delivery", "go_live"]),
    "close": (APPROVED, []),
    "supersede": (APPROVED, []),
    "value": (APPROVED, []),
    "diff": (WAITING, []),
}


def story_in(org: OrganizationWorld, act: str) -> TokenStory:
    """The story an act begins with, brought to where it begins."""
    ref, steps = STORIES.get(act, (DRAFT, []))
    story = TokenStory.objects.get(ref=ref)
    for step in steps:
        story = getattr(services, step)(actor=org.actor(Role.UNIT_LEAD), story_id=story.id)
    return story


def request_of(ref: str) -> ApprovalRequest:
    return ApprovalRequest.objects.get(subject_ref=ref)


def a_request(role: Role) -> Callable[[Any], Given]:
    return lambda org: Given({"request_id": str(request_of(WAITING).id)}, role)


def an_answer(org: OrganizationWorld) -> Given:
    request = request_of(WAITING)
    approvals.decide(
        actor=org.actor(Role.CFO), request_id=request.id, version=1, decision="approve"
    )
    return Given({"request_id": str(request.id)}, Role.CFO, 2)


def an_automatic_one(org: OrganizationWorld) -> Given:
    request = request_of(APPROVED)
    ApprovalRequest.objects.filter(id=request.id).update(lane="auto", sample_status="due")
    return Given({"request_id": str(request.id)}, Role.CFO)


def a_condition(org: OrganizationWorld) -> Given:
    return Given({"condition_id": str(ApprovalCondition.objects.get().id)}, Role.CIO)


def a_question(org: OrganizationWorld) -> Given:
    question = approvals.ask_question(
        actor=org.actor(Role.CFO), request_id=request_of(WAITING).id, text="Who measures it?"
    )
    return Given({"question_id": str(question.id)}, Role.UNIT_LEAD)


def a_route(org: OrganizationWorld) -> Given:
    approvals.ensure_default_policy()
    return Given({"policy_id": str(ApprovalPolicy.objects.get().id)}, Role.OWNER)


def sent_back(org: OrganizationWorld) -> Given:
    lead = org.actor(Role.UNIT_LEAD)
    ask = asks.file_ask(
        actor=lead,
        asked=AskInput(
            kind="exception", rule="model", title="A preview model", reason="Seals.", about="x",
            unit_id=org.units["platform"].id, starts_on=dt.date(2026, 12, 1),
            ends_on=dt.date(2027, 1, 31),
        ),
    )  # fmt: skip
    approvals.decide(
        actor=org.actor(Role.CFO), request_id=ask.request_id, version=1,
        decision="request_changes", note="Measure it.",
    )  # fmt: skip
    return Given({"ask_id": str(ask.id)}, Role.UNIT_LEAD)


def a_paused_webhook(org: OrganizationWorld) -> Given:
    endpoint = WebhookEndpoint.objects.get()
    webhooks.pause_endpoint(
        actor=org.actor(Role.ADMIN), endpoint=endpoint, version=endpoint.version, reason="Later."
    )
    return Given({"endpoint_id": str(endpoint.id)})


def a_paused_schedule(org: OrganizationWorld) -> Given:
    schedule = apps.get_model("reports.ReportSchedule").objects.earliest("created_at")
    reports.pause_schedule(
        actor=org.actor(Role.CFO), schedule_id=schedule.id, version=schedule.version
    )
    return Given()


def a_recipient(org: OrganizationWorld) -> Given:
    return Given(role=Role.CIO)


def a_sent_report(org: OrganizationWorld) -> Given:
    schedule = apps.get_model("reports.ReportSchedule").objects.earliest("created_at")
    reports.ask_for_one(actor=org.actor(Role.CFO), schedule_id=schedule.id)
    return Given()


def a_retired_template(org: OrganizationWorld) -> Given:
    template = apps.get_model("stories.StoryTemplate").objects.get()
    services.retire_template(
        actor=org.actor(Role.UNIT_LEAD), template_id=template.id, version=template.version
    )
    return Given()


def a_paused_source(org: OrganizationWorld) -> Given:
    source = Source.objects.get(kind="openai")
    sources.pause_source(actor=system_actor("tests"), source_id=source.id, version=source.version)
    return Given()


def a_frozen_audit(org: OrganizationWorld) -> Given:
    audit = Audit.objects.get()
    baseline.freeze_baseline(
        actor=org.actor(Role.TOKENOPS_LEAD), audit=audit, version=audit.version
    )
    return Given()


def a_checked_audit(org: OrganizationWorld) -> Given:
    a_frozen_audit(org)
    lead, audit = org.actor(Role.TOKENOPS_LEAD), Audit.objects.get()
    findings.raise_findings(actor=lead, audit=audit, version=audit.version)
    found = findings.add_finding(
        actor=lead, audit=audit, title="Retries", seen="Every fourth call.", severity="medium",
        remedy="", effect_nanos=None,
    )  # fmt: skip
    return Given({"finding_id": str(found.id)})


def an_answered_audit(org: OrganizationWorld) -> Given:
    a_checked_audit(org)
    for found in Finding.objects.all():
        findings.settle_finding(
            actor=org.actor(Role.TOKENOPS_LEAD), finding=found, version=found.version,
            action="resolve", resolution="Known.",
        )  # fmt: skip
    return Given()


def an_issued_audit(org: OrganizationWorld) -> Given:
    an_answered_audit(org)
    lead, audit = org.actor(Role.TOKENOPS_LEAD), Audit.objects.get()
    issued: AuditReport = report.issue_report(actor=lead, audit=audit, version=audit.version)
    return Given({"SHA256-OF-THE-REPORT": issued.sha256, "number": str(issued.number)})


def to_be_signed(org: OrganizationWorld) -> Given:
    return Given(an_issued_audit(org).ids, Role.CIO)


def a_checked_import(org: OrganizationWorld) -> Given:
    job = apps.get_model("imports.ImportJob").objects.get()
    imports.map_columns(
        actor=system_actor("tests"), job_id=job.id, mapping=imports_mapping(), source_name="",
        key_columns=(),
    )  # fmt: skip
    job.refresh_from_db()
    while imports.check_slice(job.id, job.generation):
        pass
    return Given()


def imports_mapping() -> Any:
    from apps.connectors.imports.api.examples import MAPPING
    from apps.connectors.imports.rules.mapping import Mapping

    return Mapping(**MAPPING)


def files(org: OrganizationWorld) -> Given:
    """A source that reads files."""
    from apps.connectors.files.api.examples import BUCKET
    from apps.connectors.files.services import Where
    from tests.factories.files import connect, in_bucket  # noqa: F401

    known = {name: BUCKET[name] for name in BUCKET if name in Where.__dataclass_fields__}
    source = connect(Where(**known))
    return Given({"source_id": str(source.id)})


def handed_in(org: OrganizationWorld) -> Given:
    """A source that programs push to."""
    pushed = Source.objects.exclude(kind="openai").earliest("created_at")
    return Given({"source_id": str(pushed.id)})


def a_retired_unit(org: OrganizationWorld) -> Given:
    unit = apps.get_model("organizations.Unit").objects.get(name="Claims automation")
    organizations.retire_unit(actor=system_actor("tests"), unit_id=unit.id, reason="Ended.")
    return Given({"unit_id": str(unit.id)})


def a_suspended_person(org: OrganizationWorld) -> Given:
    person = org.person(Role.CIO).membership
    organizations.suspend_person(actor=org.actor(Role.OWNER), membership_id=person.id, reason="")
    return Given()


def allocated(org: OrganizationWorld) -> Given:
    envelope = apps.get_model("planning.Envelope").objects.get()
    planning.allocate_envelope(
        actor=org.actor(Role.CFO), envelope_id=envelope.id, version=envelope.version,
        amount_nanos=10**13, note="",
    )  # fmt: skip
    return Given()


def a_budgetless_envelope(org: OrganizationWorld) -> Given:
    allocated(org)
    cfo, envelope = org.actor(Role.CFO), apps.get_model("planning.Envelope").objects.get()
    for budget in apps.get_model("budgets.Budget").objects.filter(scope="unit"):
        budgets.close_budget(
            actor=cfo, budget_id=budget.id, version=budget.version, note="Planned."
        )
    cycle = envelope.round.cycle
    cycle.refresh_from_db()
    planning.lock_cycle(actor=cfo, cycle_id=cycle.id, version=cycle.version)
    return Given()


def an_entitlement(org: OrganizationWorld) -> Given:
    row_of(Entitlement)
    Entitlement.objects.update(ends_on=dt.date(2027, 5, 31))
    return Given()


def a_failed_delivery(org: OrganizationWorld) -> Given:
    deliveries = apps.get_model("webhooks.WebhookDelivery")
    row_of(deliveries)
    deliveries.objects.update(status="failed")
    return Given()


BEFORE: dict[str, Callable[[Any], Given]] = {
    "post approvals/{request_id}/decide/": a_request(Role.CFO),
    "post approvals/{request_id}/delegate/": a_request(Role.CFO),
    "post approvals/{request_id}/approvers/": a_request(Role.CFO),
    "post approvals/{request_id}/recuse/": a_request(Role.CFO),
    "post approvals/{request_id}/questions/": a_request(Role.CFO),
    "post approvals/{request_id}/withdraw/": a_request(Role.UNIT_LEAD),
    "get approvals/{request_id}/": a_request(Role.CFO),
    "post approvals/bulk/": a_request(Role.CFO),
    "post approvals/{request_id}/undo/": an_answer,
    "post approvals/{request_id}/sample/": an_automatic_one,
    "get approvals/conditions/{condition_id}/": a_condition,
    "post approvals/conditions/{condition_id}/meet/": a_condition,
    "post approvals/conditions/{condition_id}/waive/": a_condition,
    "post approvals/questions/{question_id}/answer/": a_question,
    "put approval-policies/{policy_id}/": a_route,
    "get approval-policies/{policy_id}/": a_route,
    "get approval-policies/{policy_id}/versions/": a_route,
    "put requests/{ask_id}/": sent_back,
    "post webhooks/{endpoint_id}/resume/": a_paused_webhook,
    "post report-schedules/{schedule_id}/resume/": a_paused_schedule,
    "post report-schedules/{schedule_id}/leave/": a_recipient,
    "get report-schedules/{schedule_id}/copies/": a_sent_report,
    "post story-templates/{template_id}/restore/": a_retired_template,
    "post sources/{source_id}/resume/": a_paused_source,
    "get sources/{source_id}/place/": files,
    "put sources/{source_id}/place/": files,
    "get sources/{source_id}/files/": files,
    "post sources/{source_id}/files/": files,
    "post sources/{source_id}/role/": handed_in,
    "get audits/{audit_id}/baseline/": a_frozen_audit,
    "post audits/{audit_id}/checks/": a_frozen_audit,
    "post audits/{audit_id}/findings/": a_frozen_audit,
    "post audits/{audit_id}/findings/{finding_id}/": a_checked_audit,
    "post audits/{audit_id}/issue/": an_answered_audit,
    "post audits/{audit_id}/sign/": to_be_signed,
    "post audits/{audit_id}/reopen/": an_issued_audit,
    "get audits/{audit_id}/reports/{number}/": an_issued_audit,
    "post imports/{job_id}/start/": a_checked_import,
    "get imports/{job_id}/refused/": a_checked_import,
    "post units/{unit_id}/restore/": a_retired_unit,
    "post people/{person_id}/restore/": a_suspended_person,
    "post envelopes/{envelope_id}/budget/": a_budgetless_envelope,
    "post planning-cycles/{cycle_id}/lock/": allocated,
    "post entitlements/{entitlement_id}/end/": an_entitlement,
    "post webhooks/{endpoint_id}/deliveries/{delivery_id}/repeat/": a_failed_delivery,
}
"""Acts that lead to where an example begins."""


@dataclass
class Sent:
    """A request as it is sent."""

    method: str
    path: str
    body: Any
    media: str
    client: Client
    headers: dict[str, str]

    def answer(self, *, key: str = "", other: bool = False) -> Any:
        """The answer; with an Idempotency-Key, and to a body that is not quite the same."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        content, media = self._encoded(other)
        return self.client.generic(
            self.method.upper(), self.path, content, content_type=media, headers=headers
        )

    def _encoded(self, other: bool) -> tuple[bytes, str]:
        if self.media == "multipart/form-data":
            fields = {
                name: SimpleUploadedFile(f"{name}.csv", (value + "\n" * other).encode(), "text/csv")
                for name, value in self.body.items()
            }
            return encode_multipart(BOUNDARY, fields), MULTIPART_CONTENT
        if isinstance(self.body, str):
            return (self.body + "\n" * other).encode(), self.media
        text = "" if self.body is None else json.dumps(self.body)
        return (text + " " * other).encode(), self.media or "application/json"


KEYS = ("pk", "ref")
"""Attributes that a row is also found by; others are only written into addresses."""


class Grown:
    """The organization with what the examples have made of it."""

    def __init__(self, org: OrganizationWorld) -> None:
        self.org = org
        self.ids: dict[str, str] = {}
        for role in (Role.CFO, Role.CIO, Role.CTO, Role.ADMIN, Role.UNIT_LEAD, Role.TOKENOPS_LEAD):
            org.actor(role)
        assert org.key_headers
        with org.scope():
            self._begin()

    def _begin(self) -> None:
        org = self.org
        load_prices(one_model())
        make_prices()
        negotiate_rate(
            actor=system_actor("tests"),
            terms=RateTerms(
                name="Example model",
                provider=MODEL["provider"],
                model=MODEL["model"],
                kind="fixed",
                starts_on=dt.date(2026, 1, 1),
                rates={"input_uncached": Decimal(2), "output": Decimal(8)},
            ),
        )
        lead, platform = org.actor(Role.UNIT_LEAD), org.units["platform"]
        make_story(lead, platform.id)
        make_submitted(lead, platform.id)
        approved = make_submitted(lead, platform.id)
        with clock.at(NOW - dt.timedelta(days=30)):
            approvals.decide(
                actor=org.actor(Role.CFO), request_id=approved.request_id, version=1,
                decision="approve", conditions=[approvals.Asked("Report the value.")],
            )  # fmt: skip
        self.ids |= {
            "TEAM-ID": str(platform.id),
            "TEAM-NAME": platform.name,
            "NEXT-TEAM": str(org.units["claims"].id),
            "OTHER-TEAM": str(org.units["claims"].id),
            "PERSON-ID": str(org.person(Role.CIO).membership.id),
            "person_id": str(org.person(Role.CIO).membership.id),
            "OTHER-BUDGET": str(make_budget().id),
            "REQUEST-ID": str(request_of(WAITING).id),
            "policy_id": "",
            "story_id": str(TokenStory.objects.get(ref=APPROVED).id),
            "unit_id": str(platform.id),
            "month": "2026-10",
            "kind": "production",
        }
        notify(
            recipients=[org.person(Role.CFO).membership.id], kind="approval.waiting",
            key="approval:1", title="TS-0002 waits for you", body="$4,000 a month", path="/",
        )  # fmt: skip

    def keep(self, parameter: str, made: Any) -> None:
        """Remember what an example made."""
        if parameter:
            self.ids[parameter] = self.ids[parameter.upper().replace("_", "-")] = made["id"]
        if parameter == "saved_id":
            self.ids["MAPPING-ID"] = made["id"]
        if parameter == "capability_id":
            with self.org.scope():
                take(
                    [
                        usage(
                            provider="openai", model="gpt-4.1", capability="claims-triage",
                            api_key="claims-nightly", run=run, occurred_at=at,
                        )
                        for run, at in zip(runs(), (OCTOBER, RECENT), strict=True)
                    ]
                )  # fmt: skip

    def prepared(self, operation: Operation, example: Example) -> Sent:
        """The example as it is sent, after the acts that lead to it. Inside a savepoint."""
        org = self.org
        with org.scope():
            given = self._given(operation)
            ids = {**self.ids, **given.ids}
            path, named = operation.path, None
            for parameter in parameters(operation.path):
                row = self._row(parameter, ids)
                named = row if row is not None else named
                path = path.replace(f"{{{parameter}}}", str(ids[parameter]))
            body = self._body(example, ids, given.version, named)
        role = given.role or who(operation)
        client = org.client(role) if role else Client(headers=org.key_headers)
        client.raise_request_exception = False
        query = "&".join(f"{k}={v}" for k, v in queries(operation).items())
        return Sent(
            operation.method,
            f"{path}?{query}" if query else path,
            body,
            example.media,
            client,
            {"X-TokenOps-Organization": org.organization.slug},
        )

    def _given(self, operation: Operation) -> Given:
        if "{ref}" in operation.path and operation.key not in BEFORE:
            talk = bool({"comments", "work-items", "files"} & set(operation.path.split("/")))
            story = story_in(self.org, operation.path.rstrip("/").rsplit("/", 1)[-1])
            return Given({"ref": story.ref}, Role.UNIT_LEAD if talk else None)
        found = BEFORE.get(operation.key)
        return found(self.org) if found else Given()

    def _row(self, parameter: str, ids: dict[str, str]) -> Any:
        """The row that a parameter of the path names; one is made where there is none."""
        named = PARAMETERS.get(parameter)
        if named is None:
            ids.setdefault(parameter, str(VALUES.get(parameter)))
            return None
        app, model, *attribute = named.split(".")
        cls = apps.get_model(app, model)
        name = (attribute or ["pk"])[0]
        if not ids.get(parameter):
            ids[parameter] = str(getattr(row_of(cls), name))
            for label in COMPANIONS.get(cls._meta.label, ()):
                row_of(apps.get_model(label))
        return cls.objects.filter(**{name: ids[parameter]}).first() if name in KEYS else None

    def _body(self, example: Example, ids: dict[str, str], version: int | None, row: Any) -> Any:
        text = json.dumps(example.value)
        for name in sorted(ids, key=len, reverse=True):
            if name.isupper():
                text = text.replace(name, ids[name])
        body = json.loads(text)
        if isinstance(body, dict) and "version" in body:
            if version is None and row is not None:
                version = getattr(row, "version", None) or getattr(row, "current_version", None)
            if version is not None:
                body["version"] = version
        return body


def one_model() -> Any:
    """The price book with the examples' model alone."""
    from dataclasses import replace

    from tests.factories.pricing import small_catalogue

    found = small_catalogue()

    def mine(rows: Any) -> Any:
        return tuple(row for row in rows if row.provider == "openai" and "gpt-4.1" in str(row))

    return replace(
        found,
        providers=tuple(row for row in found.providers if row.key == "openai"),
        models=mine(found.models),
        prices=mine(found.prices),
    )


def runs() -> list[Any]:
    from apps.ledger.schema import RunIn

    return [
        RunIn(id=f"run-{number}", agent="planner", workflow="claims-triage") for number in (1, 2)
    ]


def parameters(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def who(operation: Operation) -> Role | None:
    address = operation.key.partition(" ")[2]
    fitting = [start for start in WHO if address.startswith(start)]
    return WHO[max(fitting, key=len)] if fitting else None


def queries(operation: Operation) -> dict[str, Any]:
    wanted = [
        parameter["name"]
        for parameter in operation.about.get("parameters", [])
        if parameter["in"] == "query" and parameter.get("required")
    ]
    return {name: SPAN[name] for name in wanted if name in SPAN} | QUERY.get(operation.key, {})
