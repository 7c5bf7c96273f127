"""The story form: filing, pricing while typing, autosave, and every answer to bad input."""

import pytest

from apps.access.roles import Role
from apps.stories.models import StoryDraft, TokenStory
from tests.factories.stories import make_story

pytestmark = pytest.mark.django_db


def typed(web, **changes):
    """What a person types: the $2,538 story."""
    data = {
        "title": "Claims triage copilot",
        "unit": str(web.unit_id),
        "kind": "production",
        "starts_on": "2026-12",
        "live_on": "2027-02",
        "volume_basis": "interactions",
        "unit_noun": "claim",
        "horizon": "12",
        "production.interactions.likely": "14,000",
        "production.calls.likely": "6",
        "production.parts.system_prompt.likely": "4K",
        "production.parts.context.likely": "5,200",
        "production.parts.output.likely": "640",
        "production.cache_hit.likely": "35%",
        "production.retry.likely": "6",
        "mix.0.model": "atlas/medium",
        "mix.0.share": "100",
        "dev_basis": "none",
        "value_metric": "Handling time",
        "value_unit": "minutes",
        "value_change": "−4.5",
        "value_per": "interaction",
        "value_adoption": "70",
        "value_money": "0.70",
        "value_why": "Six adjusters tried it.",
        "cap": "4,000",
    }
    return {**data, **changes}


def only_story(web):
    with web.org.scope():
        return TokenStory.objects.get()


def test_the_blank_form_opens_with_hints_of_what_is_missing(web):
    page = web.author.get(web.org.url("stories:new"), {"blank": "1"})
    assert page.status_code == 200
    assert "missing before this can be priced" in page.text
    assert "No model is chosen." in page.text


def test_saving_a_draft_and_coming_back_to_it(web):
    done = web.author.post(web.org.url("stories:new"), typed(web, do="save"))
    story = only_story(web)
    assert done.url == web.org.url("stories:edit", story.ref)
    assert story.month_cost_nanos == 2_538_174_240_000
    page = web.author.get(done.url)
    assert 'value="14,000"' in page.text
    assert 'value="0.7"' in page.text
    assert "$2,538" in page.text


def test_submitting_at_once(web):
    done = web.author.post(web.org.url("stories:new"), typed(web, do="submit"))
    story = only_story(web)
    assert done.url == web.org.url("stories:detail", story.ref)
    assert story.status == "submitted"


def test_what_is_missing_is_named_and_nothing_is_stored(web):
    page = web.author.post(
        web.org.url("stories:new"), typed(web, do="submit", cap="", value_why="", title="")
    )
    assert page.status_code == 422
    assert "Some entries need another look" in page.text or "needs another look" in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()
    page = web.author.post(web.org.url("stories:new"), typed(web, do="submit", cap=""))
    assert page.status_code == 422
    assert "No monthly cap is asked for." in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("production.interactions.likely", "many", "Enter a number"),
        ("production.interactions.likely", "-5", "out of range"),
        ("production.cache_hit.likely", "120", "out of range"),
        ("production.cache_hit.low", "60", "low is above likely"),
        ("mix.0.share", "40", "The shares add up to 40%."),
        ("mix.0.model", "corvid/32b", "corvid 32b has no price today."),
        ("live_on", "2026-10", "Go-live is before the start."),
        ("live_on", "soon", "Enter a month as 2027-01."),
        ("horizon", "90", "The horizon is out of range."),
        ("unit", "00000000-0000-0000-0000-000000000000", "Select a valid choice"),
        ("value_evidence_url", "javascript:alert(1)", "This is not a web address."),
        ("title", "x" * 161, "at most 160 characters"),
    ],
)
def test_wrong_input_is_answered_on_its_field(web, field, text, message):
    page = web.author.post(web.org.url("stories:new"), typed(web, do="submit", **{field: text}))
    assert page.status_code == 422
    assert message in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()


def test_estimate_answers_a_fragment_to_htmx_and_a_page_without(web):
    url = web.org.url("stories:estimate")
    part = web.author.post(url, typed(web), headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "$2,538" in part.text
    assert "Within cap" in part.text
    assert "12.2×" in part.text
    assert part.headers["Vary"].find("HX-Request") >= 0
    page = web.author.post(url, typed(web, do="estimate"))
    assert "<html" in page.text
    assert "$2,538" in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()


def test_what_if_shows_its_effect_and_can_be_taken_over(web):
    url = web.org.url("stories:estimate")
    part = web.author.post(
        url, typed(web, w_volume="200", w_cache="20"), headers={"HX-Request": "true"}
    )
    assert "With your what-if" in part.text
    assert "×2.00" in part.text
    page = web.author.post(url, typed(web, do="apply", w_volume="200", w_cache="20"))
    assert 'value="28,000"' in page.text
    assert 'value="55"' in page.text
    assert "With your what-if" not in page.text


def test_half_filled_input_says_what_is_missing(web):
    part = web.author.post(
        web.org.url("stories:estimate"),
        typed(web, **{"mix.0.model": "", "title": "", "unit": ""}),
        headers={"HX-Request": "true"},
    )
    assert part.status_code == 200
    assert "No model is chosen." in part.text


def test_the_cap_decides_the_chip(web):
    url = web.org.url("stories:estimate")
    for cap, words in (
        ("4,000", "Within cap"),
        ("3,000", "High case passes cap"),
        ("2,000", "Likely case passes cap"),
        ("", "No cap yet"),
    ):
        part = web.author.post(url, typed(web, cap=cap), headers={"HX-Request": "true"})
        assert words in part.text


def test_autosave_answers_the_new_version(web):
    with web.org.scope():
        story = make_story(web.org.actor(Role.UNIT_LEAD), web.unit_id)
    url = web.org.url("stories:draft", story.ref)
    data = typed(web, version=story.version, title="Renamed")
    part = web.author.post(url, data, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "Saved just now." in part.text
    assert 'value="2" id="story-version"' in part.text
    with web.org.scope():
        assert StoryDraft.objects.get().title == "Renamed"


def test_autosave_of_wrong_input_keeps_the_draft(web):
    with web.org.scope():
        story = make_story(web.org.actor(Role.UNIT_LEAD), web.unit_id, title="Kept")
    url = web.org.url("stories:draft", story.ref)
    data = typed(web, version=story.version, **{"production.calls.likely": "six"})
    part = web.author.post(url, data, headers={"HX-Request": "true"})
    assert part.status_code == 422
    assert "Not saved. Model calls per interaction: Enter a number" in part.text
    with web.org.scope():
        assert StoryDraft.objects.get().title == "Kept"


def test_a_second_window_does_not_overwrite_the_first(web):
    with web.org.scope():
        story = make_story(web.org.actor(Role.UNIT_LEAD), web.unit_id)
    url = web.org.url("stories:edit", story.ref)
    first = web.author.post(url, typed(web, version=1, title="First", do="save"))
    assert first.status_code == 302
    second = web.author.post(url, typed(web, version=1, title="Second", do="save"))
    assert second.status_code == 409
    missing = web.author.post(url, typed(web, title="Third", do="save"))
    assert missing.status_code == 409
    with web.org.scope():
        assert StoryDraft.objects.get().title == "First"


def test_like_copies_and_unknown_references_do_not_break(web):
    with web.org.scope():
        story = make_story(web.org.actor(Role.UNIT_LEAD), web.unit_id, title="Original")
    page = web.author.get(web.org.url("stories:new"), {"like": story.ref})
    assert "Original (copy)" in page.text
    assert web.author.get(web.org.url("stories:new"), {"like": "TS-9999"}).status_code == 200
    assert web.author.get(web.org.url("stories:new"), {"capability": "x"}).status_code == 200


def test_the_route_is_shown_before_submitting(web):
    web.org.person(Role.CFO)
    part = web.author.post(
        web.org.url("stories:estimate"), typed(web), headers={"HX-Request": "true"}
    )
    assert "Who will approve" in part.text
    assert "CFO Acme" in part.text or "Acme" in part.text


def test_an_amendment_says_whether_it_is_decided_again(web):
    from apps.approvals.services import decide
    from apps.stories import services
    from tests.factories.stories import make_submitted

    lead = web.org.actor(Role.UNIT_LEAD)
    with web.org.scope():
        story = make_submitted(lead, web.unit_id)
        decide(
            actor=web.org.actor(Role.CFO), request_id=story.request_id, version=1,
            decision="approve",
        )  # fmt: skip
        services.amend(actor=lead, story_id=story.id)
    url = web.org.url("stories:edit", story.ref)
    page = web.author.get(url)
    assert "Takes effect at once" in page.text
    posted = typed(web, cap="9000", ref=story.ref)
    again = web.author.post(web.org.url("stories:estimate"), posted, headers={"HX-Request": "true"})
    assert "Takes effect at once" not in again.text
    assert "Decided again:" in again.text
    assert "the cap moves by +125.0%" in again.text
