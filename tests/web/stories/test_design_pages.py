"""The design review on pages: asked in the form, shown to approvers, changed in the settings."""

import pytest

from apps.access.roles import Role
from apps.stories import services
from apps.stories.design import DEFAULT, dump
from apps.stories.models import DesignChecklist, StoryRevision, TokenStory
from tests.web.stories.test_form import typed

pytestmark = pytest.mark.django_db


def mandate(web):
    with web.org.scope():
        services.change_design_checklist(
            actor=web.org.actor(Role.CTO),
            version=0,
            document={**dump(DEFAULT), "tiers": ["standard"], "gate": True},
        )


def answered(**changes):
    data = {f"design.{q.key}.answer": "yes" for q in DEFAULT.questions}
    return {**data, "design.notes": "Two calls, the prompt cached.", **changes}


def test_the_form_asks_refuses_and_sends(web):
    mandate(web)
    url = web.org.url("stories:new")
    refused = web.author.post(url, typed(web, do="submit", **{"design.cache-prompt.answer": "na"}))
    assert refused.status_code == 422
    assert "has no architecture notes" in refused.text
    assert 'id="id_design.cache-prompt.answer_error"' in refused.text
    assert "All of it is needed." in refused.text
    with web.org.scope():
        assert not TokenStory.objects.exists()
    gone = {"design.model-smallest.answer": "no", "design.model-smallest.reason": "Untried."}
    sent = web.author.post(url, typed(web, do="submit", **answered(**gone)))
    assert sent.status_code == 302, sent.text
    with web.org.scope():
        story = TokenStory.objects.get()
        assert StoryRevision.objects.get().design["answers"][4]["reason"] == "Untried."
    page = web.approver.get(web.org.url("approvals:detail", story.request_id)).text
    assert "81 of 100" in page
    assert "Untried." in page
    for name, args, query in (
        ("stories:detail", [story.ref], "?tab=design"),
        ("stories:version", [story.ref, 1], ""),
    ):
        assert (
            "Two calls, the prompt cached." in web.author.get(web.org.url(name, *args) + query).text
        )


def test_what_was_answered_is_there_when_the_draft_is_opened_again(web):
    done = web.author.post(web.org.url("stories:new"), typed(web, do="save", **answered()))
    page = web.author.get(done["Location"]).text
    assert '<option value="yes" selected>Yes</option>' in page
    assert "Two calls, the prompt cached." in page
    assert "100 of 100, 8 of 8 answered" in page


def settings_form(**changes):
    data = {"version": 0, "gate": "on", "tiers": ["heavy"], "go_live_gate": "on"}
    for number, question in enumerate(DEFAULT.questions):
        for part in ("key", "text", "area", "weight"):
            data[f"questions[{number}].{part}"] = getattr(question, part)
    return {**data, **changes}


def test_the_cto_changes_the_questions_and_the_gates(web):
    url, cto = web.org.url("stories:design_review"), web.org.client(Role.CTO)
    assert DEFAULT.questions[0].text in cto.get(url).text
    assert web.approver.get(url).status_code == 403
    assert web.approver.post(url, settings_form()).status_code == 403
    wrong = cto.post(url, settings_form(**{"questions[1].text": "", "tiers": []}))
    assert wrong.status_code == 422
    assert "The gate is on for no tier." in wrong.text
    with web.org.scope():
        assert not DesignChecklist.objects.exists()
    new = {
        "questions[1].text": "",
        "questions[8].text": "Somebody reads the bill.",
        "questions[8].area": "other",
        "questions[8].weight": "4",
    }
    assert cto.post(url, settings_form(**new)).status_code == 302
    with web.org.scope():
        kept = DesignChecklist.objects.get().document
    assert [q["key"] for q in kept["questions"]] == [
        *(q.key for q in DEFAULT.questions if q.key != "context-needed"), "other-1",
    ]  # fmt: skip
    assert (kept["gate"], kept["tiers"], kept["questions"][-1]["weight"]) == (True, ["heavy"], 4)
    assert cto.post(url, settings_form()).status_code == 409
    shown = web.author.get(web.org.url("stories:estimating")).text
    assert "Stories of the heavy tier are submitted only" in shown
