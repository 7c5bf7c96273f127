"""Every example of a request in the API's description is sent, and works."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
import yaml
from django.conf import settings
from django.db import transaction
from django.test import Client

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.api.schema import SNAPSHOT
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalCondition, ApprovalPolicy, ApprovalRequest
from apps.asks import services as asks
from apps.asks.services import AskInput
from apps.common import clock
from apps.pricing.services import RateTerms, negotiate_rate
from apps.stories import services
from apps.stories.api.examples import MODEL
from apps.stories.models import TokenStory
from apps.webhooks import services as webhooks
from apps.webhooks.models import WebhookEndpoint
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_prices, make_story, make_submitted

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)

COVERED = (
    "/api/v1/stories/",
    "/api/v1/story-",
    "/api/v1/estimat",
    "/api/v1/approv",
    "/api/v1/requests/",
    "/api/v1/webhooks/",
    "/api/v1/worth/",
)
"""Where every operation with a JSON body has an example: filing, deciding and being told."""

DRAFT, WAITING, APPROVED = "TS-0001", "TS-0002", "TS-0003"

#: The story an act begins with, and the acts that lead there. Otherwise the draft.
BEFORE: dict[str, tuple[str, list[str]]] = {
    "withdraw": (WAITING, []),
    "amend": (WAITING, []),
    "discard": (WAITING, ["amend"]),
    "delivery": (APPROVED, []),
    "live": (APPROVED, ["start_delivery"]),
    "true-up": (APPROVED, ["start_delivery", "go_live"]),
    "close": (APPROVED, []),
    "supersede": (APPROVED, []),
    "value": (APPROVED, []),
}


@dataclass
class Given:
    """What an example stands on: ids for its address and capitals, who sends it, a version."""

    ids: dict[str, str] = field(default_factory=dict)
    role: Role | None = None
    version: int | None = None


def operations():
    """(method, path, examples by name) of every operation that takes JSON, of the snapshot."""
    text = (Path(settings.BASE_DIR) / SNAPSHOT).read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path, found in yaml.load(text, loader)["paths"].items():  # noqa: S506 -- both are safe
        for method, operation in found.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                yield method, path, content.get("examples", {})


@pytest.fixture
def org(world):
    with time_machine.travel(NOW):
        for role in (Role.CFO, Role.CIO, Role.ADMIN, Role.UNIT_LEAD):
            assert world.a.actor(role)
        assert world.a.key_headers
        with world.a.scope():
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
            lead, unit_id = world.a.actor(Role.UNIT_LEAD), world.a.units["platform"].id
            make_story(lead, unit_id)
            make_submitted(lead, unit_id)
            approved = make_submitted(lead, unit_id)
            with clock.at(NOW - dt.timedelta(days=30)):
                approvals.decide(
                    actor=world.a.actor(Role.CFO), request_id=approved.request_id, version=1,
                    decision="approve", conditions=[approvals.Asked("Report the value.")],
                )  # fmt: skip
        yield world.a


def story_in(org, act: str) -> TokenStory:
    """The story an act begins with, brought to where it begins."""
    ref, steps = BEFORE.get(act, (DRAFT, []))
    story = TokenStory.objects.get(ref=ref)
    for step in steps:
        story = getattr(services, step)(actor=org.actor(Role.UNIT_LEAD), story_id=story.id)
    return story


def request_of(ref: str) -> ApprovalRequest:
    return ApprovalRequest.objects.get(subject_ref=ref)


def a_request(role: Role) -> Callable[[Any], Given]:
    return lambda org: Given({"request_id": str(request_of(WAITING).id)}, role)


def an_answer(org) -> Given:
    request = request_of(WAITING)
    approvals.decide(
        actor=org.actor(Role.CFO), request_id=request.id, version=1, decision="approve"
    )
    return Given({"request_id": str(request.id)}, Role.CFO)


def an_automatic_one(org) -> Given:
    request = request_of(APPROVED)
    ApprovalRequest.objects.filter(id=request.id).update(lane="auto", sample_status="due")
    return Given({"request_id": str(request.id)}, Role.CFO)


def a_condition(org) -> Given:
    return Given({"condition_id": str(ApprovalCondition.objects.get().id)}, Role.CIO)


def a_question(org) -> Given:
    request = request_of(WAITING)
    question = approvals.ask_question(
        actor=org.actor(Role.CFO), request_id=request.id, text="Who measures it?"
    )
    return Given({"question_id": str(question.id)}, Role.UNIT_LEAD)


def a_route(org) -> Given:
    approvals.ensure_default_policy()
    return Given({"policy_id": str(ApprovalPolicy.objects.get().id)}, Role.OWNER)


def a_budget(org) -> Given:
    budget = make_budget(scope="unit", unit_id=org.units["platform"].id)
    return Given({"BUDGET-ID": str(budget.id)}, Role.UNIT_LEAD)


def sent_back(org) -> Given:
    lead = org.actor(Role.UNIT_LEAD)
    ask = asks.file_ask(
        actor=lead,
        asked=AskInput(
            kind="exception", rule="model", title="A preview model", reason="Seals.", about="x",
            unit_id=org.units["platform"].id, starts_on=dt.date(2026, 12, 1),
            ends_on=dt.date(2027, 1, 31),
        ),
    )  # fmt: skip
    request = ApprovalRequest.objects.get(id=ask.request_id)
    approvals.decide(
        actor=org.actor(Role.CFO), request_id=request.id, version=1, decision="request_changes",
        note="Measure it.",
    )  # fmt: skip
    ask.refresh_from_db()
    return Given({"ask_id": str(ask.id)}, Role.UNIT_LEAD, ask.version)


def a_webhook(org) -> Given:
    endpoint, _ = webhooks.create_endpoint(
        actor=org.actor(Role.ADMIN), name="Board", form="signed",
        address="https://hooks.example.com/x", actions=[],
    )  # fmt: skip
    return Given({"endpoint_id": str(endpoint.id)})


def a_paused_webhook(org) -> Given:
    given = a_webhook(org)
    endpoint = WebhookEndpoint.objects.get()
    webhooks.pause_endpoint(
        actor=org.actor(Role.ADMIN), endpoint=endpoint, version=endpoint.version, reason="Later."
    )
    endpoint.refresh_from_db()
    return Given(given.ids, version=endpoint.version)


def a_template(org) -> Given:
    kept = services.save_as_template(actor=org.actor(Role.UNIT_LEAD), ref=DRAFT, name="Kept")
    return Given({"template_id": str(kept.id)})


def a_retired_template(org) -> Given:
    given = a_template(org)
    kept = services.retire_template(
        actor=org.actor(Role.UNIT_LEAD), template_id=given.ids["template_id"], version=1
    )
    return Given(given.ids, version=kept.version)


def a_capability(org) -> Given:
    return Given({"capability_id": str(make_capability("Claims chat").id)}, Role.CFO)


def a_person(role: Role) -> Callable[[Any], Given]:
    return lambda org: Given(role=role)


GIVEN: dict[str, Callable[[Any], Given]] = {
    "post approvals/{request_id}/decide/": a_request(Role.CFO),
    "post approvals/{request_id}/delegate/": a_request(Role.CFO),
    "post approvals/{request_id}/approvers/": a_request(Role.CFO),
    "post approvals/{request_id}/recuse/": a_request(Role.CFO),
    "post approvals/{request_id}/questions/": a_request(Role.CFO),
    "post approvals/{request_id}/withdraw/": a_request(Role.UNIT_LEAD),
    "post approvals/bulk/": a_request(Role.CFO),
    "post approvals/{request_id}/undo/": an_answer,
    "post approvals/{request_id}/sample/": an_automatic_one,
    "post approvals/conditions/{condition_id}/meet/": a_condition,
    "post approvals/conditions/{condition_id}/waive/": a_condition,
    "post approvals/questions/{question_id}/answer/": a_question,
    "post approvals/delegations/": a_person(Role.CFO),
    "put approvals/calendar/": a_person(Role.OWNER),
    "post approvals/calendar/holidays/": a_person(Role.OWNER),
    "post approval-policies/": a_person(Role.OWNER),
    "post approval-policies/simulate/": a_person(Role.OWNER),
    "put approval-policies/{policy_id}/": a_route,
    "post requests/": a_budget,
    "put requests/{ask_id}/": sent_back,
    "put webhooks/{endpoint_id}/": a_webhook,
    "delete webhooks/{endpoint_id}/": a_webhook,
    "post webhooks/{endpoint_id}/pause/": a_webhook,
    "post webhooks/{endpoint_id}/rotate/": a_webhook,
    "post webhooks/{endpoint_id}/resume/": a_paused_webhook,
    "patch story-templates/{template_id}/": a_template,
    "post story-templates/{template_id}/retire/": a_template,
    "post story-templates/{template_id}/restore/": a_retired_template,
    "post worth/{capability_id}/decisions/": a_capability,
    "put estimating/value/": a_person(Role.CFO),
    "put estimating/amendments/": a_person(Role.CFO),
    "put design-review/": a_person(Role.CTO),
}
"""Where the default does not do: TS-0001 is a draft, and the key sends."""


def given_for(org, method: str, path: str) -> Given:
    if "{ref}" in path:
        talk = path.endswith(("/comments/", "/work-items/"))
        story = story_in(org, path.rstrip("/").rsplit("/", 1)[-1])
        return Given(
            {"ref": story.ref}, Role.UNIT_LEAD if talk else None, None if talk else story.version
        )
    found = GIVEN.get(f"{method} {path.removeprefix('/api/v1/')}")
    return found(org) if found else Given()


def send(org, method: str, path: str, body: Any) -> Any:
    """The answer to an example, with the organization's ids in place of the capitals."""
    with org.scope():
        given = given_for(org, method, path)
    other = org.person(Role.CIO).membership.id
    replaced = {
        "TEAM-ID": str(org.units["platform"].id),
        "TEAM-NAME": "Platform",
        "PERSON-ID": str(other),
        "REQUEST-ID": given.ids.get("request_id", ""),
        **given.ids,
    }
    text = json.dumps(body)
    for name, value in replaced.items():
        path = path.replace(f"{{{name}}}", value)
        text = text.replace(name, value) if name.isupper() else text
    sent = json.loads(text)
    if given.version is not None:
        sent["version"] = given.version
    headers = {"X-TokenOps-Organization": org.organization.slug}
    client = Client(headers=org.key_headers) if given.role is None else org.client(given.role)
    return client.generic(
        method.upper(), path, json.dumps(sent), "application/json", headers=headers
    )


def test_every_operation_has_an_example():
    silent = [
        f"{method} {path}"
        for method, path, examples in operations()
        if path.startswith(COVERED) and not examples
    ]
    assert silent == []


def test_every_example_runs(org):
    refused, sent = [], 0
    for method, path, examples in operations():
        for name, example in examples.items():
            with transaction.atomic():
                answer = send(org, method, path, example["value"])
                transaction.set_rollback(True)
            sent += 1
            if answer.status_code not in (200, 201, 204):
                refused.append((method, path, name, answer.status_code, answer.content[:300]))
    assert refused == []
    assert sent > 45
