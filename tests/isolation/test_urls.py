"""Every page and every API route, found by itself, called across organizations.

A new address needs nothing here unless its parameter has a name of its own: then PARAMETERS says
which model it names, and until it does the test fails and says so.
"""

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.access.roles import Role
from tests.isolation.rows import COMPANIONS, row_of

pytestmark = pytest.mark.django_db

#: Parameter of an address, or `url name:parameter`, to the model it names and the attribute used.
PARAMETERS = {
    "plan_id": "seats.SeatPlan",
    "attachment_id": "discussions.Attachment",
    "comment_id": "discussions.Comment",
    "item_id": "discussions.WorkItem",
    "endpoint_id": "webhooks.WebhookEndpoint",
    "delivery_id": "webhooks.WebhookDelivery",
    "alarm_id": "connectors.SchemaAlarm",
    "ask_id": "asks.Ask",
    "audit_id": "audits.Audit",
    "batch_id": "ledger.IngestBatch",
    "binding": "organizations.RoleBinding",
    "binding_id": "organizations.RoleBinding",
    "budget_id": "budgets.Budget",
    "burn_id": "budgets.BudgetBurn",
    "capability_id": "portfolio.Capability",
    "change_id": "changelog.CapabilityChange",
    "entitlement_id": "entitlements.Entitlement",
    "event_id": "trail.TrailEvent",
    "exchange_rate_id": "fx.ExchangeRate",
    "file_id": "fx.RateFile",
    "schedule_id": "reports.ReportSchedule",
    "sprint_id": "sprints.Sprint",
    "cycle_id": "planning.PlanningCycle",
    "envelope_id": "planning.Envelope",
    "condition_id": "approvals.ApprovalCondition",
    "delegation_id": "approvals.ApprovalDelegation",
    "holiday_id": "approvals.ApprovalHoliday",
    "question_id": "approvals.ApprovalQuestion",
    "finding_id": "audits.Finding",
    "invitation_id": "organizations.Invitation",
    "job_id": "imports.ImportJob",
    "key_id": "organizations.ApiKey",
    "person_id": "organizations.Membership",
    "policy_id": "approvals.ApprovalPolicy",
    "rate_id": "pricing.NegotiatedRate",
    "request_id": "approvals.ApprovalRequest",
    "rule_id": "attribution.AttributionRule",
    "run_id": "connectors.PullRun",
    "saved_id": "imports.SavedMapping",
    "source_id": "connectors.Source",
    "story_id": "stories.TokenStory",
    "template_id": "stories.StoryTemplate",
    "unit_id": "organizations.Unit",
    "view_id": "savedviews.SavedView",
    "quality_alert_id": "quality.QualityAlert",
    "recost_job_id": "ledger.RecostJob",
    "run": "ledger.UsageRun.code",
    "record": "ledger.UsageRecord.code",
    "ref": "stories.TokenStory.ref",
    "trail:event:pk": "trail.TrailEvent",
    "notifications:one:pk": "notifications.Notification",
    "notification_id": "notifications.Notification",
    **{
        f"organizations:{name}:pk": f"organizations.{model}"
        for model, names in {
            "Unit": "unit unit_move unit_retire unit_restore",
            "Membership": "person person_suspend person_restore role_take",
            "Invitation": "invitation invitation_revoke",
            "ApiKey": "key key_rotate key_revoke",
            "SupportVisit": "visit_end",
        }.items()
        for name in names.split()
    },
}

#: Plain numbers and words that name no row by themselves.
VALUES = {"kind": "production", "number": 1, "old": 1, "new": 1, "month": "2026-11"}

#: Addresses whose parameter names something that belongs to no organization.
GLOBAL = {
    "pricing:detail": "the public price catalogue",
    "pricing:standing": "the public price catalogue; what is said about a model is one's own",
}


@dataclass(frozen=True)
class Route:
    """One address below `/o/<org>/` or `/api/v1/`."""

    name: str
    path: str
    parameters: tuple[str, ...]
    callback: object

    @property
    def key(self):
        return self.name or self.path


def walk(patterns, prefix="", namespace=""):
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from walk(entry.url_patterns, path, inner)
        elif isinstance(entry, URLPattern):
            names = tuple(n for n in entry.pattern.converters if n != "org")
            yield Route(f"{namespace}{entry.name}", path, names, entry.callback)


def names_a_row(route):
    return route.key not in GLOBAL and not set(route.parameters) <= set(VALUES)


ROUTES = list(walk(get_resolver().url_patterns))
PORTAL = {r.key: r for r in ROUTES if r.path.startswith("o/<slug:org>/")}
API = {r.key: r for r in ROUTES if r.path.startswith("api/v1/")}
PORTAL_WITH_IDS = [r for r in PORTAL.values() if names_a_row(r)]
API_WITH_IDS = [r for r in API.values() if names_a_row(r)]
OPEN_API = {"openapi-json", "openapi-yaml"}
OUTSIDE = {
    "",
    "account",
    "healthz",
    "invitations",
    "metrics",
    "preferences",
    "profile",
    "readyz",
    "setup",
    "support",
}


def model_of(route, parameter):
    """(model, attribute) that a parameter names."""
    named = PARAMETERS.get(f"{route.name}:{parameter}") or PARAMETERS.get(parameter)
    if named is None:
        pytest.fail(
            f"{route.path}: say in PARAMETERS of tests/isolation/test_urls.py what "
            f"{parameter!r} names"
        )
    app, model, *attribute = named.split(".")
    return apps.get_model(app, model), (attribute or ["pk"])[0]


def arguments(route, organization):
    """The address's arguments naming rows of an organization."""
    found = {}
    with organization.scope():
        for parameter in route.parameters:
            if parameter in VALUES:
                found[parameter] = VALUES[parameter]
                continue
            model, attribute = model_of(route, parameter)
            found[parameter] = getattr(row_of(model), attribute)
            for label in COMPANIONS.get(model._meta.label, ()):
                row_of(apps.get_model(label))
    return found


def nowhere(route):
    """Arguments of the right form that name nothing in any organization."""
    return {p: VALUES.get(p, "TS-9999" if p == "ref" else UUID(int=7)) for p in route.parameters}


def calls(client, url, **extra):
    """The answer to GET, and where the address only takes posts, to POST. Nothing is kept."""
    with transaction.atomic():
        response, method = client.get(url, **extra), "GET"
        if response.status_code in {302, 405}:
            response, method = (
                client.post(url, {}, content_type="application/json", **extra),
                "POST",
            )
        transaction.set_rollback(True)
    return response, method


def address(route, slug, values):
    if slug is None:
        return reverse(route.name, kwargs=values)
    return reverse(route.name, kwargs={"org": slug, **values})


def tells(client, route, slug, foreign, **extra):
    """What is wrong when another organization's row does not answer as a row that is nowhere: a
    page with 404, an action with whatever it says first, and never with success.
    """
    response, method = calls(client, address(route, slug, foreign), **extra)
    twin, _ = calls(client, address(route, slug, nowhere(route)), **extra)
    if response.status_code != twin.status_code:
        return [f"{route.key}: {response.status_code}, but {twin.status_code} for no row"]
    if response.status_code != 404 and (method == "GET" or response.status_code < 400):
        return [f"{route.key}: {method} answers {response.status_code}"]
    return []


def test_every_parameter_of_an_address_names_a_model():
    for route in (*PORTAL.values(), *API.values()):
        for parameter in route.parameters:
            if parameter not in VALUES and route.key not in GLOBAL:
                model_of(route, parameter)


def test_pages_know_nothing_of_another_organizations_rows(world):
    client, slug = world.a.client(Role.OWNER), world.a.organization.slug
    wrong = []
    for route in PORTAL_WITH_IDS:
        wrong += tells(client, route, slug, arguments(route, world.b))
    assert wrong == []
    assert len(PORTAL_WITH_IDS) > 50


def test_the_same_pages_are_there_for_their_own_organization(world):
    """The control: without it the test above could pass on ids that name nothing."""
    client, slug = world.b.client(Role.OWNER), world.b.organization.slug
    client.raise_request_exception = False
    assert [
        route.key
        for route in PORTAL_WITH_IDS
        if calls(client, address(route, slug, arguments(route, world.b)))[0].status_code == 404
    ] == []


def test_a_member_of_another_organization_finds_no_page(world):
    client, slug = world.a.client(Role.OWNER), world.b.organization.slug
    answers = {
        (route.key, verb): getattr(client, verb)(address(route, slug, nowhere(route))).status_code
        for route in PORTAL.values()
        for verb in ("get", "post")
    }
    assert {k: v for k, v in answers.items() if v != 404} == {}


def test_a_stranger_is_sent_to_the_login(world):
    slug = world.b.organization.slug
    for route in PORTAL.values():
        response = Client().get(address(route, slug, nowhere(route)))
        assert response.status_code == 302, route.key
        assert response.headers["Location"].startswith("/account/login/?next="), route.key


def test_api_routes_know_nothing_of_another_organizations_rows(world):
    owner, program = world.a.client(Role.OWNER), Client()
    header = {"X-TokenOps-Organization": world.a.organization.slug}
    wrong = []
    for route in API_WITH_IDS:
        foreign = arguments(route, world.b)
        wrong += tells(owner, route, None, foreign, headers=header)
        by_key, _ = calls(program, address(route, None, foreign), headers=world.a.key_headers)
        if by_key.status_code < 400:
            wrong.append(f"{route.key}: {by_key.status_code} for an API key")
        if by_key.headers["Content-Type"] != "application/problem+json":
            wrong.append(f"{route.key}: {by_key.headers['Content-Type']}")
    assert wrong == []
    assert len(API_WITH_IDS) > 30


def test_the_same_api_routes_are_there_for_their_own_organization(world):
    client = world.b.client(Role.OWNER)
    client.raise_request_exception = False
    header = {"X-TokenOps-Organization": world.b.organization.slug}
    absent = []
    for route in API_WITH_IDS:
        url = address(route, None, arguments(route, world.b))
        if calls(client, url, headers=header)[0].status_code == 404:
            absent.append(route.key)
    assert absent == []


def test_api_routes_want_credentials_of_their_organization(world):
    member = world.a.client(Role.OWNER)
    callers = (
        (Client(), {}),
        (Client(), {"Authorization": "Bearer tok_nothing"}),
        (member, {"X-TokenOps-Organization": world.b.organization.slug}),
        (member, {}),
    )
    wrong = []
    for route in API.values():
        for client, headers in callers if route.key not in OPEN_API else ():
            response, _ = calls(client, address(route, None, nowhere(route)), headers=headers)
            kind = response.headers.get("Content-Type")
            otlp = route.key.startswith("api-otlp-")  # answers with google.rpc.Status
            problem = "application/json" if otlp else "application/problem+json"
            if (response.status_code, kind) != (401, problem):
                wrong.append((route.key, headers, response.status_code, kind))
    assert wrong == []


def test_a_planted_route_without_its_rules_is_found():
    planted = Route("planted:detail", "o/<slug:org>/planted/<uuid:thing_id>/", ("thing_id",), None)
    with pytest.raises(pytest.fail.Exception, match="say in PARAMETERS"):
        model_of(planted, "thing_id")


def test_every_address_of_the_site_is_enumerated_or_public():
    """An address outside the two trees must be one of these."""
    others = {r.path.split("/")[0] for r in ROUTES if r.key not in PORTAL and r.key not in API}
    assert others <= OUTSIDE
