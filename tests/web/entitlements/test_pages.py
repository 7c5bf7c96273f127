"""The pages: lists, one, tiers, use, context, the form that asks, the card of a capability."""

import csv
import io
import re

import pytest

from apps.access.roles import Role
from apps.asks.models import Ask
from apps.entitlements.models import Entitlement, TierAssignment

pytestmark = pytest.mark.django_db


def page(desk, role, name, *args, query="", status=200):
    response = desk.org.client(role).get(desk.org.url(name, *args) + query)
    assert response.status_code == status, response.content.decode()[:1500]
    return response.content.decode()


def rows(desk, role, name, query=""):
    response = desk.org.client(role).get(desk.org.url(name) + f"?format=csv{query}")
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_empty_pages_say_what_to_do(desk):
    html = page(desk, Role.UNIT_LEAD, "entitlements:list")
    assert "Nobody holds an entitlement beyond their tier" in html
    assert "Ask for one" in html
    assert "All use is inside a tier or an entitlement" in page(
        desk, Role.UNIT_LEAD, "entitlements:use"
    )


def test_the_table_filters_and_exports(desk):
    desk.answer(desk.ask())
    desk.answer(desk.ask(to={"user": "ada", "capability_id": None}))
    desk.used(12)
    html = page(desk, Role.EA, "entitlements:list")
    assert "2 entitlements in force" in html
    found = rows(desk, Role.EA, "entitlements:list")
    assert [(r["Who"], r["Tokens used, 30 days"], r["Cost, 30 days (USD)"]) for r in found] == [
        ("ada", "0", "0.000000000"),
        ("Claims", "1100", "0.014000000"),
    ]
    for query, who in (
        ("&holder=user", ["ada"]),
        ("&state=ended", []),
        ("&q=ada", ["ada"]),
        (f"&unit={desk.team}", ["Claims"]),
        ("&gives=context", []),
    ):
        assert [r["Who"] for r in rows(desk, Role.EA, "entitlements:list", query)] == who


def test_one_is_read_and_ended(desk):
    desk.answer(desk.ask())
    with desk.org.scope():
        row = Entitlement.objects.get()
    html = page(desk, Role.EA, "entitlements:detail", row.id)
    assert "Not used in 30 days" in html
    assert "Entitlement granted" in html
    assert "End early" not in page(desk, Role.VIEWER, "entitlements:detail", row.id)
    page(desk, Role.UNIT_LEAD, "entitlements:end", row.id, status=403)
    url = desk.org.url("entitlements:end", row.id)
    refused = desk.org.client(Role.EA).post(url, {"version": 1, "reason": ""})
    assert refused.status_code == 422
    done = desk.org.client(Role.EA).post(url, {"version": 1, "reason": "Over."})
    assert done.status_code == 302
    assert "Ended by" in page(desk, Role.EA, "entitlements:detail", row.id)


def test_use_by_team_and_model(desk):
    desk.used(12)
    desk.used(13, model="m1")
    html = page(desk, Role.EA, "entitlements:use")
    assert "had no entitlement" in html
    found = rows(desk, Role.EA, "entitlements:use")
    assert [(r["Model"], r["Outside (tokens)"], r["In its tier (tokens)"]) for r in found] == [
        ("big", "1100", "0"),
        ("m1", "0", "1100"),
    ]
    assert len(rows(desk, Role.EA, "entitlements:use", "&within=outside")) == 1
    assert "group=capability" in html


def test_tiers_in_force_and_setting_them(desk):
    html = page(desk, Role.VIEWER, "entitlements:tiers")
    assert "the default tier" in html
    page(desk, Role.UNIT_LEAD, "entitlements:tier_unit", desk.team, status=403)
    client = desk.org.client(Role.EA)
    done = client.post(
        desk.org.url("entitlements:tier_unit", desk.team),
        {"tier": "heavy", "version": 0, "reason": "Underwriting."},
    )
    assert done.status_code == 302
    stale = client.post(
        desk.org.url("entitlements:tier_unit", desk.team), {"tier": "light", "version": 0}
    )
    assert stale.status_code == 409
    client.post(
        desk.org.url("entitlements:tier_person"), {"user": "ada", "tier": "heavy", "version": 0}
    )
    with desk.org.scope():
        assert TierAssignment.objects.count() == 2
    found = rows(desk, Role.EA, "entitlements:tiers", "&tier=heavy")
    assert (found[0]["Who"], found[0]["Because"]) == ("Claims", "Its team's (Platform)")
    assert [r["Who"] for r in rows(desk, Role.EA, "entitlements:tiers", "&holder=user")] == ["ada"]


def test_context_page_and_card(desk):
    html = page(desk, Role.EA, "entitlements:context")
    assert "Every capability stays within its context" in html
    assert [r["Entitled to, a call"] for r in rows(desk, Role.EA, "entitlements:context")] == [
        "32000"
    ]
    card = page(desk, Role.EA, "portfolio:detail", desk.capability.id)
    assert "Light tier" in card
    assert "The default. Standard class, all but restricted models" in card


def fields(html):
    return set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', html))


def test_each_kind_has_a_form_of_its_own(desk):
    client = desk.org.client(Role.UNIT_LEAD)
    url = desk.org.url("asks:new")
    query = f"?kind=entitlement&capability={desk.capability.id}"
    choice = client.get(url + query).content.decode()
    for gives in ("premium", "context"):
        assert f"{query.replace('&', '&amp;')}&amp;gives={gives}" in choice
    premium = client.get(f"{url}{query}&gives=premium").content.decode()
    context = client.get(f"{url}{query}&gives=context").content.decode()
    assert "Ask for premium models" in premium
    assert "Ask for long context" in context
    own = {"reach", "models", "user"}
    assert fields(premium) & {*own, "context_tokens"} == own
    assert fields(context) & {*own, "context_tokens"} == {"context_tokens"}


def test_what_is_wrong_is_named_at_its_field(desk):
    client = desk.org.client(Role.UNIT_LEAD)
    url = desk.org.url("asks:new")
    form = {
        "kind": "entitlement", "gives": "premium", "capability": str(desk.capability.id),
        "user": "ana", "reach": "listed", "title": "Harder claims", "reason": "Seals.",
        "starts_on": "2026-11-20", "ends_on": "2026-12-31",
    }  # fmt: skip
    answer = client.post(f"{url}?kind=entitlement&gives=premium", form)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"capability", "models"}
    none = {**form, "capability": "", "user": "", "reach": ""}
    answer = client.post(f"{url}?kind=entitlement&gives=premium", none)
    assert set(answer.context["form"].errors) == {"reach"}
    answer = client.post(f"{url}?kind=entitlement&gives=premium", {**none, "reach": "frontier"})
    assert set(answer.context["form"].errors) == {"unit"}
    other = client.post(f"{url}?kind=entitlement&gives=context", form)
    assert set(other.context["form"].errors) == {"gives", "context_tokens", "evidence"}
    with desk.org.scope():
        assert not Ask.objects.exists()


def test_asked_on_the_form_and_decided_on_its_page(desk):
    client = desk.org.client(Role.UNIT_LEAD)
    url = desk.org.url("asks:new") + "?kind=entitlement&gives=context"
    assert "Ask for long context" in client.get(url).content.decode()
    form = {
        "kind": "entitlement",
        "gives": "context",
        "capability": str(desk.capability.id),
        "unit": "",
        "context_tokens": "400000",
        "title": "Whole policies",
        "reason": "Split ones lose clauses.",
        "evidence": "",
        "amount": "",
        "starts_on": "2026-11-20",
        "ends_on": "2026-12-31",
    }
    refused = client.post(url, form)
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"evidence"}
    done = client.post(url, {**form, "evidence": "94% against 71%."})
    assert done.status_code == 302, done.content.decode()[:2000]
    with desk.org.scope():
        ask = Ask.objects.get()
    assert "up to 400,000 input tokens a call" in page(desk, Role.EA, "asks:detail", ask.id)
    html = page(desk, Role.CFO, "approvals:detail", ask.request_id)
    assert "94% against 71%." in html
    assert "Light tier: Standard class" in html
    desk.answer(ask, "request_changes")
    change = desk.org.url("asks:change", ask.id)
    again = client.post(change, {**form, "evidence": "Again.", "context_tokens": "100000"})
    assert again.status_code == 302, again.content.decode()[:2000]
    desk.answer(ask)
    with desk.org.scope():
        assert Entitlement.objects.get().context_tokens == 100_000
