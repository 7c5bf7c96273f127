"""Provider accounts known, declared and connected; the coverage meter and its blind spots."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.connectors.accounts import rules
from apps.connectors.accounts.meter import meter
from apps.connectors.accounts.rules import Known, Part
from apps.connectors.models import ProviderAccount, ProviderCost
from apps.trail.models import TrailEvent
from tests.factories.connectors import make_source
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNIT = 10**9


@pytest.fixture
def org(world):
    """One account that usage and a bill name, one only a bill, use without an account, and a
    gateway's account that is compared."""
    side = world.a
    for role in (Role.ADMIN, Role.VIEWER, Role.TOKENOPS_LEAD):
        side.person(role)
    with time_machine.travel(NOW, tick=False):
        with side.scope():
            assert side.units["core"]
            price("m1")
            first = NOW.date() - timedelta(days=60)
            source = make_source("openai", name="OpenAI main", account="Main", history_from=first)
            other = make_source("anthropic", name="Claude", account="claude", history_from=first)
            say = {"provider": "openai", "model": "gpt-5", "granularity": "day", "requests": None}
            take(
                [usage(occurred_at=NOW.replace(hour=0) - timedelta(days=n), account="main", **say)
                 for n in range(1, 11)],
                source.id,
            )  # fmt: skip
            push = make_source("records_api", name="Agents")
            take([usage(occurred_at=NOW - timedelta(days=2), provider="acme")], push.id)
            for one, amount in ((source, UNIT // 10), (other, 3 * UNIT)):
                ProviderCost.objects.create(
                    source=one, account=one.account, day=NOW.date() - timedelta(days=3),
                    line_item="all", amount_nanos=amount, first_nanos=amount, currency="USD",
                )  # fmt: skip
            side.source, side.push = source, push
        yield side


def rows(org, name="accounts", query=""):
    answer = org.client(Role.VIEWER).get(org.url(f"connectors:{name}") + f"?format=csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return {next(iter(row.values())): row for row in csv.DictReader(io.StringIO(text))}


def test_every_account_with_how_it_is_known(org, client):
    with org.scope():
        ProviderCost.objects.filter(source__name="Claude").update(account="old-claude")
    found = rows(org)
    assert {key: (row["Provider"], row["Connection"]) for key, row in found.items()} == {
        "old-claude": ("anthropic", "Billed only"),
        "claude": ("anthropic", "Connected"),
        "main": ("openai", "Connected"),
        "Not stated": ("acme", "Connected"),
    }
    assert found["old-claude"]["Billed (USD)"] == "3.000000000"
    assert set(rows(org, query="&known=billed")) == {"old-claude"}
    assert set(rows(org, query="&provider=acme")) == {"Not stated"}
    page = org.client(Role.VIEWER).get(org.url("connectors:accounts")).content.decode()
    assert "2 of 3 known accounts connected" in page
    assert "accounts/one/" not in page
    assert "accounts/one/?provider=anthropic&amp;account=old-claude" in (
        org.client(Role.ADMIN).get(org.url("connectors:accounts")).content.decode()
    )
    listed = client.get("/api/v1/provider-accounts/", headers=org.key_headers).json()["results"]
    by = {line["account"].lower(): line for line in listed}
    assert (by["main"]["sources"], by["main"]["bills"]) == (["OpenAI main"], ["OpenAI main"])
    assert by["main"]["last_seen"] == "2026-11-19"
    assert (by[""]["provider"], by[""]["known_as"]) == ("acme", "connected")


def test_an_account_is_declared_decided_about_and_taken_back(org, client):
    new, one = org.url("connectors:account_new"), org.url("connectors:account")
    forget = org.url("connectors:account_forget")
    body = {
        "provider": "Google", "account": "Vertex-1", "standing": "tolerated", "owner": "Data",
        "payment": "A team’s card", "version": "0",
    }  # fmt: skip
    admin, viewer = org.client(Role.ADMIN), org.client(Role.VIEWER)
    asked = "?provider=google&account=vertex-1"
    assert viewer.post(new, body).status_code == 403
    assert viewer.get(new).status_code == 403
    assert admin.post(new, {**body, "standing": "loved"}).status_code == 422
    assert admin.post(new, {**body, "account": " "}).status_code == 422
    assert admin.get(one + asked).status_code == 404
    with org.scope():
        assert not ProviderAccount.objects.exists()
        before = meter(org.person(Role.TOKENOPS_LEAD).actor).accounts
    assert admin.post(new, body).status_code == 302
    assert admin.post(new, {**body, "account": "VERTEX-1"}).status_code == 409
    with org.scope():
        assert meter(org.person(Role.TOKENOPS_LEAD).actor).accounts == Part(
            before.part, before.whole + 1
        )
        assert TrailEvent.objects.get(action="account.saved").after["owner"] == "Data"
    assert rows(org)["Vertex-1"]["Connection"] == "Not connected"
    assert 'value="Vertex-1"' in admin.get(one + asked).content.decode()
    banned = {"standing": "banned", "name": "Old trial", "provider": "x", "version": "1"}
    assert admin.post(one + asked, banned).status_code == 302
    assert admin.post(one + asked, banned).status_code == 409
    with org.scope():
        row = ProviderAccount.objects.get()
        assert (row.provider, row.account, row.name, row.version) == (
            "google", "Vertex-1", "Old trial", 2,
        )  # fmt: skip
        assert meter(org.person(Role.TOKENOPS_LEAD).actor).accounts == before
    assert viewer.post(forget + asked, {"version": "2"}).status_code == 403
    assert admin.post(forget + asked, {"version": "1"}).status_code == 409
    assert admin.post(forget + asked, {"version": "2"}).status_code == 302
    with org.scope():
        assert not ProviderAccount.objects.exists()
        assert TrailEvent.objects.get(action="account.forgotten").before["name"] == "Old trial"


def test_accounts_over_the_api(org, client):
    url, headers = "/api/v1/provider-accounts/", org.key_headers

    def put(key, **fields):
        body = {"provider": "openai", "account": "main", "standing": "sanctioned", **fields}
        return client.put(
            url, body, content_type="application/json",
            headers={**headers, "Idempotency-Key": key},
        )  # fmt: skip

    answer = put("a", owner="Platform")
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert answer.json()["sources"] == ["OpenAI main"]
    assert put("b").status_code == 409
    assert put("c", standing="loved", version=1).status_code == 422
    assert put("d", account="", version=1).status_code == 422
    gone = client.delete(
        f"{url}?provider=openai&account=MAIN&version=1", headers={**headers, "Idempotency-Key": "e"}
    )
    assert gone.status_code == 204
    viewer = org.client(Role.VIEWER)
    refused = viewer.put(
        url, {}, content_type="application/json",
        headers={"X-TokenOps-Organization": org.slug, "Idempotency-Key": "f"},
    )  # fmt: skip
    assert refused.status_code == 403
    with org.scope():
        assert not ProviderAccount.objects.exists()


def test_who_sees_a_part_sees_no_accounts(org):
    lead = org.client(Role.UNIT_LEAD)
    for name in ("accounts", "coverage"):
        assert lead.get(org.url(f"connectors:{name}")).status_code == 403


def test_the_meter_and_its_blind_spots(org, client):
    with org.scope():
        found = meter(org.person(Role.TOKENOPS_LEAD).actor)
        spots = {(spot.kind, spot.title): spot for spot in found.spots}
        assert found.accounts == Part(2, 2)
        # Claude billed 3 and nobody counted its tokens; what OpenAI billed is of counted tokens.
        assert found.spend == Part(102_800_000, 3_102_800_000)
        assert spots["spend", "anthropic: spend without token counts"].cost_nanos == 3 * UNIT
        assert spots["price", "openai: 11.0\N{NO-BREAK SPACE}K tokens without a price"]
        # Ten days of OpenAI, two since the first of the agents.
        assert found.days == Part(11, 12)
        assert spots["days", "Agents: 1 day without data"].detail == "Of 2 days: 19 Nov."
        assert len(spots) == 5
        assert ("requests", "OpenAI main counts no requests") in spots
        assert any(kind == "nameless" and "acme" in title for kind, title in spots)
    page = org.client(Role.VIEWER).get(org.url("connectors:coverage")).content.decode()
    assert "Known accounts connected" in page
    assert "OpenAI main counts no requests" in page
    only = rows(org, "coverage", "&kind=spend")
    assert {row["Kind"] for row in only.values()} == {"Spend without token counts"}
    told = client.get("/api/v1/coverage/", headers=org.key_headers).json()
    assert told["accounts"] == {"part": 2, "whole": 2, "share": 1.0}
    assert {spot["kind"] for spot in told["blind_spots"]} >= {"spend", "requests", "nameless"}


def test_how_an_account_is_known():
    assert rules.known_as(counted=True, compared=True, billed=True) is Known.CONNECTED
    assert rules.known_as(counted=False, compared=True, billed=True) is Known.COMPARED
    assert rules.known_as(counted=False, compared=False, billed=True) is Known.BILLED
    assert rules.known_as(counted=False, compared=False, billed=False) is Known.DECLARED


def test_days_that_tell_something():
    start, end = date(2026, 11, 1), date(2026, 11, 11)
    used = {date(2026, 11, 6), date(2026, 11, 8)}
    assert rules.days_told(start, end, date(2026, 11, 6), used, None) == (
        5, [date(2026, 11, 7), date(2026, 11, 9), date(2026, 11, 10)],
    )  # fmt: skip
    # Complete until the 9th: the 7th is known to be without use.
    assert rules.days_told(start, end, date(2026, 11, 6), used, date(2026, 11, 9)) == (
        5, [date(2026, 11, 9), date(2026, 11, 10)],
    )  # fmt: skip
    assert rules.days_told(start, end, date(2026, 12, 1), used, None) == (0, [])


def test_spend_beyond_what_was_measured_has_no_token_counts():
    measured = [("a", 70, True), ("a", 10, False), ("b", 50, True)]
    billed = {"a": 100, "b": 40, "c": 5}
    assert rules.spend_told(measured, billed) == (Part(120, 155), {"a": 30, "c": 5})
    assert rules.spend_told(measured, billed, {"a"}) == (Part(140, 155), {"a": 10, "c": 5})
    assert rules.spend_told([], {}) == (Part(0, 0), {})
    assert Part(0, 0).share is None
