"""Starts, templates, settings, import, levers and the small pages, in the browser's terms."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.stories import services
from apps.stories.models import EstimatingSettings, StoryTemplate, TokenStory
from tests.factories.stories import make_story, make_submitted
from tests.web.stories.test_form import only_story, typed

pytestmark = pytest.mark.django_db


def estimate(web, **data):
    return web.author.post(
        web.org.url("stories:estimate"), typed(web, **data), headers={"HX-Request": "true"}
    )


def story(web, **changes):
    with web.org.scope():
        return make_story(web.org.actor(Role.UNIT_LEAD), web.unit_id, **changes)


def test_the_start_page_offers_patterns_templates_and_stories(web):
    made = story(web, pattern="agent")
    with web.org.scope():
        services.save_as_template(
            actor=web.org.actor(Role.UNIT_LEAD), ref=made.ref, name="Our agent"
        )
    page = web.author.get(web.org.url("stories:new"))
    for words in ("Chatbot", "Conversational analytics", "Our agent", "Start with an empty form"):
        assert words in page.text


@pytest.mark.parametrize(
    ("template", "shown"),
    [("agent", 'value="2,500"'), ("chatbot", 'value="2,000"'), ("unknown", "New Token Story")],
)
def test_a_start_fills_the_form(web, template, shown):
    page = web.author.get(web.org.url("stories:new"), {"template": template})
    assert page.status_code == 200
    assert shown in page.text


def test_a_template_of_the_organization_fills_the_form(web):
    made = story(web)
    with web.org.scope():
        kept = services.save_as_template(
            actor=web.org.actor(Role.UNIT_LEAD), ref=made.ref, name="Kept"
        )
    page = web.author.get(web.org.url("stories:new"), {"template": str(kept.id)})
    assert 'value="14,000"' in page.text
    assert "$2,538" in page.text


def test_the_panel_says_tier_band_and_levers(web):
    part = estimate(web, pattern="chatbot")
    assert "<b>Standard</b>, for its cost a month, tokens an interaction" in part.text
    assert "5.2 times above a usual chatbot" in part.text
    assert "Trim context by 30%" in part.text
    assert 'value="lever:trim"' in part.text
    assert "Ask for $4,000" in part.text


def test_value_gives_return_break_even_and_cost_per_outcome(web):
    # 14,000 × 70 % × 4.5 × $0.70 = $30,870 a month against $2,538
    part = estimate(web)
    for words in ("$30,870", "12.2×", "1116%", "in month 1", "$0.06"):
        assert words in part.text, words


@pytest.mark.parametrize(
    ("do", "shown"),
    [
        ("lever:trim", 'value="3,640"'),
        ("lever:nothing", 'value="5,200"'),
        ("model:atlas/small", 'value="atlas/small"'),
        ("cap", 'value="4,000"'),
    ],
)
def test_a_change_is_taken_over_into_the_form(web, do, shown):
    page = web.author.post(web.org.url("stories:estimate"), typed(web, do=do, cap=""))
    assert page.status_code == 200
    assert shown in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()


def test_the_panel_ignores_a_button_that_htmx_remembers(web):
    part = estimate(web, do="cap")
    assert "<html" not in part.text
    assert 'id="storyform"' not in part.text


def test_each_slider_says_its_own_effect(web):
    part = estimate(web, w_volume="200", w_input="50")
    assert "×2.00 · +$2,538" in part.text
    assert "50% · −$842" in part.text


def test_models_of_building_and_many_models_survive_the_form(web):
    data = typed(web, do="save", **{"mix.0.share": "40"})
    for row, (model, share) in enumerate(
        (("atlas/small", "30"), ("atlas/medium-2", "10"), ("atlas/medium-3", "20")), start=1
    ):
        data |= {f"mix.{row}.model": model, f"mix.{row}.share": share}
    data |= {"testing.mix.0.model": "atlas/small", "dev_basis": "size", "dev_size": "M"}
    web.author.post(web.org.url("stories:new"), data)
    made = only_story(web)
    page = web.author.get(web.org.url("stories:edit", made.ref))
    for model in ("atlas/medium-3", 'name="testing.mix.0.model"', 'value="atlas/small"'):
        assert model in page.text
    with web.org.scope():
        stored = made.drafts.get().assumptions
    assert [s["model"] for s in stored["production"]["mix"]] == [
        "medium", "small", "medium-2", "medium-3",
    ]  # fmt: skip
    assert stored["testing"]["mix"][0]["model"] == "small"
    assert stored["development"]["size_tokens"]["likely"] == "250000000"


def test_a_chosen_size_keeps_its_band(web):
    web.author.post(
        web.org.url("stories:new"), typed(web, do="save", dev_basis="size", dev_size="M")
    )
    made = only_story(web)
    with web.org.scope():
        document = {
            name: {"low": n, "likely": n, "high": n}
            for n, name in enumerate(("S", "M", "L", "XL", "?"), start=1)
        }
        services.change_sizes(actor=web.org.actor(Role.EA), version=0, document=document)
    url = web.org.url("stories:edit", made.ref)
    web.author.post(url, typed(web, version=1, title="Renamed", dev_basis="size", dev_size="M"))
    with web.org.scope():
        kept = made.drafts.get()
        assert (kept.title, kept.assumptions["development"]["size_tokens"]["likely"]) == (
            "Renamed", "250000000",
        )  # fmt: skip
    web.author.post(url, typed(web, version=2, dev_basis="size", dev_size="S"))
    with web.org.scope():
        assert made.drafts.get().assumptions["development"]["size_tokens"]["likely"] == "1"


def test_mandatory_value_names_the_field(web):
    with web.org.scope():
        services.change_value_policy(
            actor=web.org.actor(Role.CFO), version=0, from_nanos=10_000 * 10**9
        )
    part = estimate(web)
    assert "All of it is needed." in part.text
    page = web.author.post(web.org.url("stories:new"), typed(web, do="submit"))
    assert page.status_code == 422
    for words in ("has no baseline", "states no confidence", "has no date", "has no owner"):
        assert words in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()


def test_keeping_changing_and_retiring_a_template(web):
    made = story(web)
    keep = web.org.url("stories:keep", made.ref)
    assert made.title in web.author.get(keep).text
    done = web.author.post(keep, {"name": "Kept", "description": "For claims."})
    with web.org.scope():
        template = StoryTemplate.objects.get()
    assert done.url == web.org.url("stories:template", template.id)
    taken = web.author.post(keep, {"name": "kept"})
    assert taken.status_code == 409
    assert "There is a template called kept." in taken.text
    page = web.author.get(done.url)
    assert 'value="14,000"' in page.text
    data = {**typed(web), "name": "Better", "description": "", "version": 1}
    changed = web.author.post(done.url, {**data, "production.calls.likely": "8"})
    assert changed.status_code == 302
    stale = web.author.post(done.url, data)
    assert stale.status_code == 409
    wrong = web.author.post(done.url, {**data, "version": 2, "production.calls.likely": "-1"})
    assert wrong.status_code == 422
    assert "out of range" in wrong.text
    listed = web.author.get(web.org.url("stories:templates"))
    assert "Better" in listed.text
    retire = web.org.url("stories:template_retire", template.id)
    assert "Stories made from it stay" in web.author.get(retire).text
    web.author.post(retire)
    gone = web.author.get(web.org.url("stories:templates"), {"state": "offered"})
    assert "Better" not in gone.text
    assert "Better" not in web.author.get(web.org.url("stories:new")).text
    with web.org.scope():
        assert StoryTemplate.objects.get().retired_at


def test_others_see_a_template_and_cannot_change_it(web):
    made = story(web)
    with web.org.scope():
        kept = services.save_as_template(
            actor=web.org.actor(Role.UNIT_LEAD), ref=made.ref, name="Kept"
        )
    viewer = web.org.client(Role.VIEWER)
    url = web.org.url("stories:template", kept.id)
    assert "<fieldset disabled" in viewer.get(url).text
    answer = viewer.post(url, {**typed(web), "name": "Mine", "version": 1})
    assert answer.status_code == 403
    assert viewer.post(web.org.url("stories:template_retire", kept.id)).status_code == 403
    with web.org.scope():
        assert StoryTemplate.objects.get().name == "Kept"


def test_settings_show_and_change(web):
    analyst, cfo = web.org.client(Role.TOKENOPS_ANALYST), web.org.client(Role.CFO)
    page = analyst.get(web.org.url("stories:estimating"))
    assert "250\u00a0M" in page.text
    form = {
        f"{n}.{p}": "1000" for n in ("S", "M", "L", "XL", "?") for p in ("low", "likely", "high")
    }
    form |= {f"{n}.likely": str(k) for k, n in enumerate(("S", "M", "L", "XL", "?"), start=1000)}
    form |= {f"{n}.high": "9000" for n in ("S", "M", "L", "XL", "?")}
    done = analyst.post(web.org.url("stories:sizes"), {**form, "version": 0})
    assert done.status_code == 302, done.text
    wrong = analyst.post(web.org.url("stories:sizes"), {**form, "version": 1, "M.likely": "1"})
    assert wrong.status_code == 422
    assert "low, likely and high are out of order" in wrong.text
    stale = analyst.post(web.org.url("stories:sizes"), {**form, "version": 0})
    assert stale.status_code == 409
    assert cfo.get(web.org.url("stories:sizes")).status_code == 403
    assert analyst.get(web.org.url("stories:value_policy")).status_code == 403
    cfo.post(web.org.url("stories:value_policy"), {"value_from": "25K", "version": 1})
    assert "$25,000" in cfo.get(web.org.url("stories:estimating")).text.replace("$25.0k", "$25,000")
    with web.org.scope():
        assert EstimatingSettings.objects.get().value_from_nanos == 25_000 * 10**9
    bands = {f"{p}.{b}": "5" for p in ("chatbot", "retrieval", "agent", "documents", "coding",
                                       "analytics") for b in ("low", "high")}  # fmt: skip
    assert (
        analyst.post(web.org.url("stories:references"), {**bands, "version": 2}).status_code == 302
    )


def test_import_previews_then_files(web):
    text = (
        "title,team,template,model,cap,value_metric,value_why\n"
        "Claims,Platform,agent,atlas/medium,4000,Time,Tried it.\n"
        "Chat,Nowhere,chatbot,atlas/small,900,Calls,A fifth.\n"
    )
    url = web.org.url("stories:import")
    assert "Example file" in web.author.get(url).text
    page = web.author.post(url, {"file": SimpleUploadedFile("s.csv", text.encode())})
    assert "1 story ready to file, 1 refused" in page.text
    assert "There is no team Nowhere." in page.text
    with web.org.scope():
        assert not TokenStory.objects.exists()
    done = web.author.post(url, {"table": text, "do": "import"})
    assert done.status_code == 302
    web.author.post(url, {"table": text, "do": "import"})
    assert only_story(web).title == "Claims"
    for data, words in (
        ({}, "Choose a file, or paste a table."),
        ({"file": SimpleUploadedFile("s.csv", b"\xff\xfe")}, "not UTF-8"),
        ({"table": "colour\nred"}, "There is no column colour."),
    ):
        answer = web.author.post(url, data)
        assert (answer.status_code, words in answer.text) == (422, True)
    example = web.author.get(web.org.url("stories:import_example"))
    assert b"title" in b"".join(example.streaming_content)
    assert web.org.client(Role.VIEWER).get(url).status_code == 403


def test_issue_text_and_similar(web):
    made = story(web, pattern="agent")
    with web.org.scope():
        other = make_submitted(
            web.org.actor(Role.UNIT_LEAD), web.unit_id, pattern="agent", title="Like it"
        )
    page = web.author.get(web.org.url("stories:issue", made.ref))
    assert "| Production, a month | 876\u00a0M |" in page.text
    file = web.author.get(web.org.url("stories:issue", made.ref), {"download": "1"})
    assert file["Content-Disposition"] == f'attachment; filename="{made.ref}.md"'
    asked = {"pattern": "agent", "mix.0.model": "atlas/medium", "unit": str(web.unit_id),
             "production.interactions.likely": "14K"}  # fmt: skip
    url = web.org.url("stories:similar")
    whole = web.author.get(url, asked)
    assert "<html" in whole.text
    part = web.author.get(url, asked, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "same pattern, same team, same model, similar volume" in part.text
    assert f"like={other.ref}" in part.text
    nothing = web.author.get(url, {"unit": "x", "production.interactions.likely": "many"})
    assert "No story in your sight" in nothing.text
