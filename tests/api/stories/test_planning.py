"""Templates, settings, import, check, similar and the priced answer over the API."""

import pytest
from django.test import Client

from apps.access.roles import Role
from apps.stories import bands
from apps.stories.estimator import dump
from apps.stories.models import EstimatingSettings, StoryTemplate, TokenStory
from tests.factories.stories import make_assumptions, make_prices, make_story, make_submitted

pytestmark = pytest.mark.django_db

TABLE = (
    "title,team,template,model,cap,value_metric,value_why\n"
    "Claims,Platform,agent,atlas/medium,4000,Time,Tried it.\n"
    "Chat,Nowhere,chatbot,atlas/small,900,Calls,A fifth.\n"
)


@pytest.fixture
def api(world):
    assert world.a.units
    with world.a.scope():
        make_prices()
    client = Client(headers=world.a.key_headers)
    client.world = world
    return client


def send(client, verb, path, data, **more):
    return getattr(client, verb)(f"/api/v1/{path}", data, content_type="application/json", **more)


def story(api, **changes):
    org = api.world.a
    with org.scope():
        return make_story(org.actor(Role.UNIT_LEAD), org.units["platform"].id, **changes)


def test_price_this_says_tier_band_levers_and_other_models(api):
    answer = send(
        api, "post", "estimates/",
        {"assumptions": dump(make_assumptions()), "monthly_cap": "4000", "pattern": "chatbot"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["estimate"]["month"]["cost"]["likely"]["nanos"] == 2_538_174_240_000
    assert (body["tier"]["tier"], body["tier"]["because"]) == (
        "standard", ["month_cost", "tokens_per_run"],
    )  # fmt: skip
    assert body["reference"] == {
        "pattern": "chatbot", "tokens": 62_582, "low": 1_000, "high": 12_000, "state": "far",
    }  # fmt: skip
    assert {lever["key"]: lever["effect_nanos"] for lever in body["levers"]}["trim"] < 0
    assert any(other["chosen"] for other in body["alternatives"])
    with api.world.a.scope():
        assert not TokenStory.objects.exists()


def test_price_this_refuses_by_field(api):
    answer = send(api, "post", "estimates/", {"assumptions": {"starts_on": "2026-12-01"}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("assumptions")


def test_starts_are_ready_to_file(api):
    starts = api.get("/api/v1/story-starts/").json()
    assert [s["key"] for s in starts] == [
        "chatbot", "retrieval", "agent", "documents", "coding", "analytics",
    ]  # fmt: skip
    a = {**starts[2]["assumptions"]}
    a["production"] = {**a["production"], "mix": [
        {"provider": "atlas", "model": "medium", "share": "100"}]}  # fmt: skip
    priced = send(api, "post", "estimates/", {"assumptions": a, "pattern": "agent"}).json()
    assert priced["reference"]["state"] == "ok"


def test_templates_over_their_life(api):
    made = send(api, "post", "story-templates/", {"name": "Kept", "ref": story(api).ref})
    assert made.status_code == 201, made.content
    path = f"story-templates/{made.json()['id']}/"
    renamed = send(api, "patch", path, {"version": 1, "name": "Renamed"}).json()
    assert (renamed["name"], renamed["version"]) == ("Renamed", 2)
    stale = send(api, "patch", path, {"version": 1, "name": "Lost"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert send(api, "post", f"{path}retire/", {"version": 2}).json()["retired_at"]
    assert send(api, "post", f"{path}restore/", {"version": 3}).json()["retired_at"] is None
    assert [t["name"] for t in api.get("/api/v1/story-templates/").json()["results"]] == ["Renamed"]
    assert api.get(f"/api/v1/{path}").json()["source_ref"] == "TS-0001"
    lacking = send(api, "post", "story-templates/", {"name": "Nothing"})
    assert lacking.status_code == 422
    assert {e["field"] for e in lacking.json()["errors"]} == {"unit", "assumptions"}


def test_settings_are_read_and_replaced(api):
    found = api.get("/api/v1/estimating/").json()
    assert (found["version"], found["value_from"]) == (0, None)
    sizes = {**bands.dump(bands.DEFAULT_SIZES), "S": {"low": 1, "likely": 2, "high": 3}}
    changed = send(api, "put", "estimating/sizes/", {"version": 0, "sizes": sizes}).json()
    assert (changed["version"], changed["sizes"]["S"]["likely"]) == (1, 2)
    wrong = send(
        api, "put", "estimating/references/", {"version": 1, "references": {"chatbot": {}}}
    )
    assert wrong.status_code == 422
    stale = send(api, "put", "estimating/sizes/", {"version": 0, "sizes": sizes})
    assert stale.status_code == 409


def test_the_amount_is_set_by_people_only(api):
    by_key = send(api, "put", "estimating/value/", {"version": 0, "value_from": "25000"})
    assert by_key.status_code == 403
    cfo = api.world.a.client(Role.CFO)
    header = {"X-TokenOps-Organization": api.world.a.slug}
    done = send(
        cfo, "put", "estimating/value/", {"version": 0, "value_from": "25000"}, headers=header
    )
    assert done.json()["value_from"]["amount"] == "25000.000000000"
    with api.world.a.scope():
        assert EstimatingSettings.objects.get().value_from_nanos == 25_000 * 10**9


def test_tiers_are_read_and_replaced(api):
    found = api.get("/api/v1/tiers/").json()
    found["document"]["tiers"][1]["month_cost_from"] = 1
    done = send(api, "put", "tiers/", {**found, "reason": "Lower."})
    assert done.json()["version"] == 1
    assert send(api, "put", "tiers/", found).status_code == 409
    wrong = send(api, "put", "tiers/", {"version": 1, "document": {"tiers": []}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "tiers")


def test_import_checks_files_and_repeats(api):
    seen = send(api, "post", "stories/import/", {"table": TABLE}).json()
    assert (seen["valid"], seen["refused"], seen["imported"]) == (1, 1, 0)
    assert seen["rows"][1]["errors"][0]["field"] == "team"
    key = {"Idempotency-Key": "once"}
    first = send(
        api, "post", "stories/import/", {"table": TABLE, "confirm": True},
        headers={**api.world.a.key_headers, **key},
    )  # fmt: skip
    assert (first.json()["imported"], first.json()["rows"][0]["ref"]) == (1, "TS-0001")
    replay = send(
        api, "post", "stories/import/", {"table": TABLE, "confirm": True},
        headers={**api.world.a.key_headers, **key},
    )  # fmt: skip
    assert (replay.json(), replay["Idempotency-Replayed"]) == (first.json(), "true")
    again = send(api, "post", "stories/import/", {"table": TABLE, "confirm": True}).json()
    assert (again["known"], again["imported"]) == (1, 0)
    with api.world.a.scope():
        assert TokenStory.objects.count() == 1


def test_the_check_answers_what_the_command_reads(api):
    made = story(api)
    found = api.get("/api/v1/stories/check/", {"branch": f"feature/{made.ref}"}).json()
    assert set(found) == {"approved", "detail", "fix", "warning", "story", "status", "url"}
    assert (found["approved"], found["story"], found["status"]) == (False, made.ref, "draft")
    assert found["url"].endswith(f"/o/acme/stories/{made.ref}/")
    assert api.get("/api/v1/stories/check/").status_code == 422


def test_issue_text_and_similar_stories(api):
    org = api.world.a
    made = story(api, pattern="agent", title="A *bold* name")
    with org.scope():
        like = make_submitted(
            org.actor(Role.UNIT_LEAD), org.units["platform"].id, pattern="agent", title="Like it"
        )
    text = api.get(f"/api/v1/stories/{made.ref}/issue/").json()["markdown"]
    assert text.startswith("## A \\*bold\\* name\n")
    assert "| Production, a month | 876\u00a0M | $1,828 | $2,538 | $3,934 |" in text
    assert "- **Interactions a month:** 14,000" in text
    frozen = api.get(f"/api/v1/stories/{like.ref}/issue/").json()["markdown"]
    assert "| Production, a month | 876\u00a0M | $1,828 | $2,538 | $3,934 |" in frozen
    found = api.get(f"/api/v1/stories/{made.ref}/similar/").json()
    assert [(row["ref"], row["score"], row["change"]) for row in found] == [(like.ref, 14, None)]
    assert found[0]["because"] == [
        "same pattern", "same category", "same team", "same model", "similar volume",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "path", "data"),
    [
        ("put", "estimating/sizes/", {"version": 0, "sizes": {}}),
        ("put", "tiers/", {"version": 0, "document": {}}),
        ("post", "story-templates/", {"name": "X", "ref": "TS-0001"}),
        ("post", "stories/import/", {"table": TABLE, "confirm": True}),
    ],
)
def test_a_viewer_may_read_and_change_nothing(api, verb, path, data):
    story(api)
    client = api.world.a.client(Role.VIEWER)
    header = {"X-TokenOps-Organization": api.world.a.slug}
    assert send(client, verb, path, data, headers=header).status_code == 403
    with api.world.a.scope():
        assert not StoryTemplate.objects.exists()
        assert TokenStory.objects.count() == 1


def test_the_design_review_is_read_by_keys_and_set_by_people(api):
    found = api.get("/api/v1/design-review/").json()
    assert (found["version"], found["document"]["gate"]) == (0, False)
    document = {**found["document"], "gate": True}
    data = {"version": 0, "document": document}
    assert send(api, "put", "design-review/", data).status_code == 403
    cto = api.world.a.client(Role.CTO)
    header = {"X-TokenOps-Organization": api.world.a.slug}
    done = send(cto, "put", "design-review/", data, headers=header)
    assert (done.json()["version"], done.json()["document"]) == (1, document)
    assert send(cto, "put", "design-review/", data, headers=header).status_code == 409
    wrong = {"version": 1, "document": {**document, "tiers": []}}
    refused = send(cto, "put", "design-review/", wrong, headers=header)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "tiers")
    assert api.get("/api/v1/design-review/").json()["version"] == 1
