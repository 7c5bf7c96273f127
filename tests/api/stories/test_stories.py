"""Stories over the API: file, change, submit, act, price."""

import pytest
from django.test import Client

from apps.access.roles import Role
from apps.stories.estimator import dump
from apps.stories.models import TokenStory
from tests.factories.stories import make_assumptions, make_prices, make_story

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(world):
    """A browserless client with organization A's key."""
    with world.a.scope():
        make_prices()
    client = Client(headers=world.a.key_headers)
    client.world = world
    return client


def body(world, **changes):
    plan = {
        "title": "Claims triage copilot",
        "unit": str(world.a.units["platform"].id),
        "monthly_cap": "4000",
        "assumptions": dump(make_assumptions()),
        "value": {
            "metric": "Handling time",
            "expected_change": "-4.5",
            "adoption": "70",
            "money_per_unit": "0.70",
            "why": "Six adjusters tried it.",
        },
    }
    return {**plan, **changes}


def post(client, path, data):
    return client.post(path, data, content_type="application/json")


def filed(api):
    answer = post(api, "/api/v1/stories/", body(api.world))
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_file_read_and_list(api):
    story = filed(api)
    assert (story["ref"], story["status"], story["version"]) == ("TS-0001", "draft", 1)
    assert story["month_cost"] == {
        "nanos": 2_538_174_240_000,
        "currency": "USD",
        "amount": story["month_cost"]["amount"],
    }
    assert story["draft"]["value"]["money_per_unit"]["nanos"] == 700_000_000
    again = api.get("/api/v1/stories/TS-0001/").json()
    assert again == story
    listed = api.get("/api/v1/stories/", {"status": "draft"}).json()
    assert [row["ref"] for row in listed["results"]] == ["TS-0001"]
    assert api.get("/api/v1/stories/", {"status": "live"}).json()["results"] == []


def test_patch_changes_only_what_is_given(api):
    story = filed(api)
    changed = api.patch(
        "/api/v1/stories/TS-0001/",
        {"version": story["version"], "title": "Renamed", "value": {"unit": "minutes"}},
        content_type="application/json",
    )
    assert changed.status_code == 200, changed.content
    draft = changed.json()["draft"]
    assert draft["title"] == "Renamed"
    assert draft["value"]["unit"] == "minutes"
    assert draft["value"]["metric"] == "Handling time"
    assert draft["monthly_cap"]["nanos"] == 4_000_000_000_000
    stale = api.patch(
        "/api/v1/stories/TS-0001/",
        {"version": story["version"], "title": "Lost"},
        content_type="application/json",
    )
    assert stale.status_code == 409
    assert stale.json()["code"] == "stale_version"


def test_submit_shows_the_frozen_version_and_withdraw_takes_it_back(api):
    filed(api)
    sent = post(api, "/api/v1/stories/TS-0001/submit/", {"version": 1, "note": "First."})
    assert sent.status_code == 200, sent.content
    story = sent.json()
    assert story["status"] == "submitted"
    revision = story["revisions"][0]
    assert revision["number"] == 1
    assert revision["months"][-1]["cost_likely"] == 2_538_174_240_000
    assert story["draft"] is None
    back = post(api, "/api/v1/stories/TS-0001/withdraw/", {"version": story["version"]})
    assert back.json()["status"] == "withdrawn"
    again = post(api, "/api/v1/stories/TS-0001/withdraw/", {"version": 99})
    assert again.status_code == 409


@pytest.mark.parametrize("act", ["live", "delivery", "true-up", "close", "amend", "discard"])
def test_acts_that_do_not_fit_the_state_answer_409(api, act):
    filed(api)
    answer = post(api, f"/api/v1/stories/TS-0001/{act}/", {"version": 1})
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    with api.world.a.scope():
        assert TokenStory.objects.get().version == 1


def test_an_incomplete_story_names_every_gap(api):
    plan = body(api.world, monthly_cap=None, value={})
    post(api, "/api/v1/stories/", plan)
    answer = post(api, "/api/v1/stories/TS-0001/submit/", {"version": 1})
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == ["cap", "value_metric", "value_why"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"assumptions": {"starts_on": "2026-12-01"}}, "assumptions"),
        ({"assumptions": "later"}, "assumptions"),
        ({"assumptions": None}, "assumptions"),
        ({"monthly_cap": 4000.5}, "monthly_cap"),
        ({"monthly_cap": "-1"}, "monthly_cap"),
        ({"monthly_cap": "NaN"}, "monthly_cap"),
        ({"title": ""}, "title"),
        ({"unit": "not-a-uuid"}, "unit"),
        ({"unit": "00000000-0000-7000-8000-000000000000"}, "unit"),
        ({"kind": "robots"}, "kind"),
        ({"work_item_url": "ftp://example.com"}, "work_item_url"),
    ],
)
def test_bad_input_names_its_field(api, changes, field):
    answer = post(api, "/api/v1/stories/", body(api.world, **changes))
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["errors"][0]["field"]
    with api.world.a.scope():
        assert not TokenStory.objects.exists()


def test_unknown_assumptions_are_refused_with_their_path(api):
    document = dump(make_assumptions())
    document["production"]["prompt_text"] = "secret"
    answer = post(api, "/api/v1/estimates/", {"assumptions": document})
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["field"] == "assumptions.production"
    assert "prompt_text" in error["message"]


def test_estimates_are_pure(api):
    answer = post(
        api,
        "/api/v1/estimates/",
        {"assumptions": dump(make_assumptions()), "monthly_cap": "3000"},
    )
    assert answer.status_code == 200, answer.content
    found = answer.json()["estimate"]
    assert found["month"]["cost"]["likely"]["nanos"] == 2_538_174_240_000
    assert found["month"]["tokens"]["likely"] == 876_153_600
    assert found["cap"] == "high_case_over"
    assert found["phases"]["development"]["cost"]["likely"]["nanos"] == 1_719_360_000_000
    assert len(found["months"]) == 2 + 2 + 12
    with api.world.a.scope():
        assert not TokenStory.objects.exists()


def test_an_unpriced_model_is_named(api):
    document = dump(make_assumptions())
    document["production"]["mix"] = [{"provider": "corvid", "model": "32b", "share": "100"}]
    answer = post(api, "/api/v1/estimates/", {"assumptions": document})
    assert answer.status_code == 422
    assert answer.json()["code"] == "model_unpriced"
    assert "corvid 32b" in answer.json()["detail"]


def test_keys_without_the_permission_and_without_a_key(api, world):
    filed(api)
    from tests.factories.organizations import make_api_key

    with world.a.scope():
        _, secret = make_api_key("Reader", scopes=["story.view"])
    reader = Client(headers={"Authorization": f"Bearer {secret}"})
    assert reader.get("/api/v1/stories/").status_code == 200
    assert post(reader, "/api/v1/stories/", body(world)).status_code == 403
    assert post(reader, "/api/v1/stories/TS-0001/submit/", {"version": 1}).status_code == 403
    assert Client().get("/api/v1/stories/").status_code == 401


def test_another_organization_sees_nothing(api, world):
    filed(api)
    other = Client(headers=world.b.key_headers)
    assert other.get("/api/v1/stories/").json()["results"] == []
    assert other.get("/api/v1/stories/TS-0001/").status_code == 404
    assert post(other, "/api/v1/stories/TS-0001/submit/", {"version": 1}).status_code == 404


def test_a_member_reads_only_their_unit(world):
    with world.a.scope():
        make_prices()
        make_story(world.a.actor(Role.UNIT_LEAD), world.a.units["platform"].id)
    member = world.a.client(Role.MEMBER, "claims")
    headers = {"X-TokenOps-Organization": world.a.organization.slug}
    assert member.get("/api/v1/stories/", headers=headers).json()["results"] == []


def test_a_design_review_is_filed_kept_and_scored(api):
    answers = [
        {"key": "prompt-short", "answer": "yes"},
        {"key": "batch-later", "answer": "na", "reason": "People wait."},
    ]
    answer = post(
        api,
        "/api/v1/stories/",
        body(api.world, design={"notes": "Two calls.", "answers": answers}),
    )
    assert answer.status_code == 201, answer.content
    design = answer.json()["draft"]["design"]
    assert (design["score"], design["is_reviewed"]) == (13, False)  # 2 of 15
    assert design["answers"][0]["text"] == "The fixed part of the prompt is short, and first."
    renamed = api.patch(
        "/api/v1/stories/TS-0001/",
        {"version": 1, "title": "Renamed"},
        content_type="application/json",
    ).json()
    assert renamed["draft"]["design"] == design
    wrong = api.patch(
        "/api/v1/stories/TS-0001/",
        {"version": 2, "design": {"answers": [{"key": "weather", "answer": "yes"}]}},
        content_type="application/json",
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "design.weather.key")
    post(api, "/api/v1/stories/TS-0001/submit/", {"version": 2})
    frozen = api.get("/api/v1/stories/TS-0001/").json()["revisions"][0]["design"]
    assert (frozen["score"], frozen["notes"]) == (13, "Two calls.")
