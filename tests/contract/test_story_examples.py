"""Every example of a request in the description of the story endpoints is sent, and works."""

import datetime as dt
import json
from decimal import Decimal

import pytest
import yaml
from django.db import transaction
from django.test import Client

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.api.schema import description
from apps.pricing.services import RateTerms, negotiate_rate
from apps.stories import services
from apps.stories.api.examples import MODEL, REF, TEAM
from apps.stories.models import TokenStory
from tests.factories.stories import make_prices, make_story

pytestmark = pytest.mark.django_db

PREFIXES = ("/api/v1/stories/", "/api/v1/estimat", "/api/v1/story-")

#: What has to be true of TS-0001 before an act: the acts that lead there.
BEFORE = {
    "withdraw": ["submit"],
    "amend": ["submit"],
    "discard": ["submit", "amend"],
    "delivery": ["approve"],
    "live": ["approve", "start_delivery"],
    "true-up": ["approve", "start_delivery", "go_live"],
    "close": ["approve"],
}


def collected():
    """(method, path, name, body) of every example of a request."""
    schema = yaml.safe_load(description())
    found = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            for name, example in content.get("application/json", {}).get("examples", {}).items():
                if path.startswith(PREFIXES):
                    found.append((method, path, name, example["value"]))
    return found


@pytest.fixture
def org(world):
    assert world.a.actor(Role.CFO)
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
        make_story(world.a.actor(Role.UNIT_LEAD), world.a.units["platform"].id)
    return world.a


def prepare(org, path):
    """Bring TS-0001 to where the act of the path begins; its version then."""
    from apps.approvals.selectors import open_request_of
    from apps.approvals.services import decide

    lead = org.actor(Role.UNIT_LEAD)
    with org.scope():
        for act in BEFORE.get(path.rstrip("/").rsplit("/", 1)[-1], []):
            story = TokenStory.objects.get(ref=REF)
            if act in ("submit", "approve"):
                services.submit(actor=lead, story_id=story.id, version=story.version)
            elif act == "amend":
                services.amend(actor=lead, story_id=story.id)
            else:
                getattr(services, act)(actor=lead, story_id=story.id)
            if act == "approve":
                request = open_request_of("story", story.id)
                decide(
                    actor=org.actor(Role.CFO), request_id=request.id, version=request.version,
                    decision="approve", note="",
                )  # fmt: skip
        return TokenStory.objects.get(ref=REF).version


def send(org, method, path, body):
    """The answer to an example, with the organization's ids in place of the capitals."""
    version = prepare(org, path)
    text = json.dumps(body)
    text = text.replace(TEAM, str(org.units["platform"].id)).replace("TEAM-NAME", "Platform")
    sent = json.loads(text)
    if "{ref}" in path:
        sent["version"] = version
    return Client(headers=org.key_headers).generic(
        method.upper(), path.replace("{ref}", REF), json.dumps(sent), "application/json"
    )


def test_every_example_runs(org):
    examples = collected()
    refused = []
    for method, path, name, body in examples:
        with transaction.atomic():
            answer = send(org, method, path, body)
            transaction.set_rollback(True)
        if answer.status_code not in (200, 201):
            refused.append((method, path, name, answer.status_code, answer.content[:300]))
    assert refused == []
    assert len(examples) > 15
