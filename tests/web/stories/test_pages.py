"""Every story page for people who may and may not see it."""

import datetime as dt

import pytest
import time_machine
from django.utils.html import strip_tags

from apps.access.roles import Role
from apps.common import clock
from apps.stories import services
from apps.stories.models import TokenStory
from tests.factories.stories import make_story, make_submitted

pytestmark = pytest.mark.django_db


def draft(web, **changes):
    actor = web.org.actor(Role.UNIT_LEAD)
    with web.org.scope():
        return make_story(actor, web.unit_id, **changes)


def submitted(web, **changes):
    actor = web.org.actor(Role.UNIT_LEAD)
    with web.org.scope():
        return make_submitted(actor, web.unit_id, **changes)


def test_list_shows_and_filters(web):
    first = draft(web, title="Claims triage")
    draft(web, title="Fraud signals")
    page = web.author.get(web.org.url("stories:list"))
    assert page.status_code == 200
    assert "Claims triage" in page.text
    assert "$2,538" in page.text
    found = web.author.get(web.org.url("stories:list"), {"q": "fraud"})
    assert "Claims triage" not in found.text
    by_ref = web.author.get(web.org.url("stories:list"), {"q": first.ref.lower()})
    assert "Claims triage" in by_ref.text
    none = web.author.get(web.org.url("stories:list"), {"status": "live"})
    assert "Nothing matches these filters" in none.text


def test_list_exports_full_precision(web):
    draft(web, title="=Claims")
    file = web.author.get(web.org.url("stories:list"), {"format": "csv"})
    text = b"".join(file.streaming_content).decode("utf-8-sig")
    assert "'=Claims" in text
    assert "2538.174240" in text


def test_empty_list_teaches(web):
    page = web.author.get(web.org.url("stories:list"))
    assert "No Token Stories yet" in page.text
    assert web.org.url("stories:new") in page.text


@pytest.mark.parametrize("tab", ["", "estimate", "value", "history"])
def test_detail_has_every_tab(web, tab):
    story = submitted(web)
    page = web.author.get(web.org.url("stories:detail", story.ref), {"tab": tab})
    assert page.status_code == 200
    assert story.title in page.text


def test_detail_of_a_draft_offers_to_continue(web):
    story = draft(web)
    page = web.author.get(web.org.url("stories:detail", story.ref))
    assert "Nothing submitted yet" in page.text
    viewer = web.org.client(Role.VIEWER).get(web.org.url("stories:detail", story.ref))
    assert "Continue the draft" not in viewer.text


def test_another_tenant_sees_nothing(web, world):
    story = submitted(web)
    other = world.b.client()
    for name, args in (
        ("stories:detail", [story.ref]),
        ("stories:edit", [story.ref]),
        ("stories:version", [story.ref, 1]),
        ("stories:diff", [story.ref, 1, 1]),
    ):
        assert other.get(world.b.url(name, *args)).status_code == 404
        assert other.get(web.org.url(name, *args)).status_code == 404


def test_a_member_of_another_unit_sees_nothing(web):
    story = draft(web)
    member = web.org.client(Role.MEMBER, "claims")
    assert member.get(web.org.url("stories:detail", story.ref)).status_code == 404


def test_a_viewer_may_read_but_not_write(web):
    story = draft(web)
    viewer = web.org.client(Role.VIEWER)
    assert viewer.get(web.org.url("stories:detail", story.ref)).status_code == 200
    for name, args in (("stories:new", []), ("stories:edit", [story.ref])):
        assert viewer.get(web.org.url(name, *args)).status_code == 403
    act = viewer.post(
        web.org.url("stories:act", story.ref), {"do": "withdraw", "version": story.version}
    )
    assert act.status_code == 403


def test_versions_and_their_difference(web):
    story = submitted(web)
    actor = web.org.actor(Role.UNIT_LEAD)
    with web.org.scope():
        from tests.factories.stories import make_plan

        services.amend(actor=actor, story_id=story.id)
        again = TokenStory.objects.get(id=story.id)
        plan = make_plan(web.unit_id, cap_nanos=2_000_000_000_000)
        again = services.save_draft(
            actor=actor, story_id=story.id, version=again.version, plan=plan
        )
        services.submit(actor=actor, story_id=story.id, version=again.version, note="Cheaper.")
    page = web.author.get(web.org.url("stories:diff", story.ref, 1, 2))
    assert "$4,000" in page.text
    assert "$2,000" in page.text
    assert "−50%" in page.text
    picked = web.author.get(web.org.url("stories:diff_pick", story.ref), {"old": 2, "new": 1})
    assert picked.url == web.org.url("stories:diff", story.ref, 1, 2)
    nothing = web.author.get(web.org.url("stories:diff_pick", story.ref), {"old": "x"})
    assert nothing.status_code == 422
    assert web.author.get(web.org.url("stories:version", story.ref, 2)).status_code == 200
    assert web.author.get(web.org.url("stories:version", story.ref, 9)).status_code == 404


def test_the_approval_page_shows_the_story(web):
    story = submitted(web)
    page = web.approver.get(web.org.url("approvals:detail", story.request_id))
    assert page.status_code == 200
    assert "Cap asked for" in page.text
    assert "How similar stories turned out" in page.text
    assert "P90 stays under the cap" in page.text


def test_acts_move_the_story_and_refuse_a_stale_page(web):
    story = submitted(web)
    url = web.org.url("stories:act", story.ref)
    gone = web.author.post(url, {"do": "withdraw", "version": story.version})
    assert gone.status_code == 302
    stale = web.author.post(url, {"do": "amend", "version": story.version})
    assert stale.status_code == 409
    illegal = web.author.post(url, {"do": "go_live", "version": story.version + 1})
    assert illegal.status_code == 409
    unknown = web.author.post(url, {"do": "explode", "version": story.version + 1})
    assert unknown.status_code == 422
    by_hand = web.author.post(url, {"do": "approve", "version": story.version + 1})
    assert by_hand.status_code == 422
    with web.org.scope():
        assert TokenStory.objects.get(id=story.id).status == "withdrawn"


def test_history_is_told_in_sentences(web):
    with web.org.scope():
        story = make_submitted(web.org.actor(Role.UNIT_LEAD), web.unit_id)
    url = web.org.url("stories:detail", story.ref) + "?tab=history"
    told = " ".join(strip_tags(web.author.get(url).content.decode()).split())
    name = web.org.actor(Role.UNIT_LEAD).name
    assert f"{name} submitted the story, version 1" in told
    assert f"{name} drafted the story" in told


def test_editing_a_story_that_is_live_does_not_warn_that_it_is(web):
    late = "Go-live is in the past."
    story = draft(web)
    edit = web.org.url("stories:edit", story.ref)
    with time_machine.travel(dt.datetime(2027, 5, 3, 9, tzinfo=dt.UTC)):
        reader = web.org.client(Role.UNIT_LEAD)
        assert late in reader.get(edit).content.decode()
        with web.org.scope():
            TokenStory.objects.filter(id=story.id).update(went_live_at=clock.now())
        assert late not in reader.get(edit).content.decode()
