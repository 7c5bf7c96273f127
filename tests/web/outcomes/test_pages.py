"""Pages and API of worth: the list, one capability, deciding, the card."""

import csv
import datetime as dt
import io

import pytest
import time_machine

from apps.access.roles import Role
from apps.common import clock
from apps.common.money import NANOS
from apps.outcomes.models import WorthDecision
from apps.stories import services as stories
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_prices, make_submitted
from tests.factories.usage import spend
from tests.services.outcomes.conftest import APPROVED, NOW, monthly

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def losing(world, at_now):
    """A live capability that costs $2,500 for 1,000 calls worth $2 each."""
    org, unit_id = world.a, world.a.units["platform"].id
    author, approver = org.actor(Role.UNIT_LEAD), org.actor(Role.CFO)
    with org.scope():
        make_prices()
        with clock.at(APPROVED):
            made = make_capability("Claims chat", unit_id=unit_id)
            story = make_submitted(author, unit_id, **monthly(capability_id=made.id))
            _approve(approver, story)
            stories.start_delivery(actor=author, story_id=story.id)
            stories.go_live(actor=author, story_id=story.id)
            make_capability("Bare", unit_id=unit_id)
        spend(NOW.date() - dt.timedelta(days=3), 2_500 * NANOS, tokens=10**6, capability=made.slug)
        spend(NOW.date() - dt.timedelta(days=3), NANOS, capability="bare")
    return made


def _approve(approver, story):
    from apps.approvals.selectors import open_request_of
    from apps.approvals.services import decide

    request = open_request_of("story", story.id)
    decide(actor=approver, request_id=request.id, version=request.version, decision="approve")


def text(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_answers_filters_and_exports(world, losing):
    client, url = world.a.client(Role.CFO), world.a.url("outcomes:list")
    page = text(client, url)
    assert "1 capability costs $500 a month more than it brings" in page
    assert "Claims chat" in page
    assert "Bare" not in page
    unknown = text(client, f"{url}?standing=unknown")
    assert "Bare" in unknown
    assert "No approved story" in unknown
    assert "Claims chat" not in text(client, f"{url}?decision=keep")
    answer = client.get(f"{url}?standing=all&format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(r["Code"], r["Lost a month"], r["Confidence"]) for r in rows] == [
        ("claims-chat", "500.000000000", "partly"),
        ("bare", "", "no_story"),
    ]


def test_an_empty_list_says_what_will_be_there(world, at_now):
    page = text(world.a.client(Role.CFO), world.a.url("outcomes:list"))
    assert "Nothing costs more than it brings" in page
    assert "A Token Story says what an outcome is worth" in page


def test_one_capability_says_how_it_is_worked_out(world, losing):
    client = world.a.client(Role.CFO)
    page = text(client, world.a.url("outcomes:detail", losing.id))
    assert "Claims chat costs $500 a month more than it brings" in page
    for words in ("Numerator", "Denominator", "$2.50", "$2.00 without the capability", "1,000"):
        assert words in page
    card = text(client, world.a.url("portfolio:detail", losing.id))
    assert "Delivery per token" in card
    assert world.a.url("outcomes:detail", losing.id) in card


def decision(world, **changes):
    return {
        "verdict": "retire",
        "reason": "The call costs less.",
        "owner": str(world.a.person(Role.UNIT_LEAD).membership.id),
        "review_on": "2026-12-20",
        "seen": "0",
        **changes,
    }


def test_who_decides_records_it_and_others_are_not_offered_to(world, losing):
    url = world.a.url("outcomes:decide", losing.id)
    detail = world.a.url("outcomes:detail", losing.id)
    cio = world.a.client(Role.CIO)
    assert "Claims chat costs $500 a month more" in text(cio, url)
    wrong = cio.post(url, decision(world, reason="", review_on="2026-11-01"))
    assert wrong.status_code == 422
    assert cio.post(url, decision(world)).status_code == 302
    page = text(cio, detail)
    assert "The call costs less." in page
    assert "Retire the capability" in page
    assert cio.post(url, decision(world)).status_code == 409
    lead = world.a.client(Role.UNIT_LEAD)
    assert lead.post(url, decision(world)).status_code == 403
    assert url not in text(lead, detail)
    with world.a.scope():
        assert WorthDecision.objects.count() == 1


def test_the_api_gives_the_same_and_lets_no_key_decide(world, losing, client):
    headers = world.a.key_headers
    rows = client.get("/api/v1/worth/", headers=headers).json()["results"]
    assert [(r["code"], r["standing"], r["unknown"]) for r in rows] == [
        ("claims-chat", "not_worth", None),
        ("bare", "unknown", "no_story"),
    ]
    assert rows[0]["given"] == {
        "cost_nanos": 2_500 * NANOS,
        "value_nanos": 2_000 * NANOS,
        "lost_nanos": 500 * NANOS,
        "tokens": 10**6,
        "outcomes": "1000.0000",
        "cost_per_outcome_nanos": 2_500_000_000,
        "alternative_nanos": 2 * NANOS,
        "outcomes_per_million_tokens": "1000.000000",
        "value_per_million_tokens_nanos": 2_000 * NANOS,
    }
    only = client.get("/api/v1/worth/?standing=worth", headers=headers).json()["results"]
    assert only == []
    assert client.get("/api/v1/worth/?standing=good", headers=headers).status_code == 422
    base = f"/api/v1/worth/{losing.id}/"
    assert client.get(base, headers=headers).json()["decisions"] == []
    sent = client.post(
        f"{base}decisions/",
        decision(world),
        content_type="application/json",
        headers={**headers, "Idempotency-Key": "a-key"},
    )
    assert sent.status_code == 403
    with world.a.scope():
        assert not WorthDecision.objects.exists()
