"""Talking about a story: who hears of it, what is kept, what is refused."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.discussions.models import Attachment, AttachmentContent, Comment, WorkItem
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.factories.stories import make_story

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a plan"


@pytest.fixture
def story(web):
    actor = web.org.actor(Role.UNIT_LEAD)
    web.org.person(Role.CFO)
    with web.org.scope():
        return make_story(actor, web.unit_id, title="Claims triage")


def url(web, name, story, *args):
    return web.org.url(f"stories:{name}", story.ref, *args)


def say(web, story, role, **data):
    return web.org.client(role).post(url(web, "discussion", story), {"do": "comment", **data})


def told(web):
    with web.org.scope():
        return {(n.kind, n.membership_id): n.title for n in Notification.objects.order_by("id")}


def test_a_mention_tells_who_may_see_the_story_and_the_author_hears_of_it(web, story):
    cfo = web.org.person(Role.CFO)
    outsider = web.org.person(Role.MEMBER, "claims")
    author = web.org.person(Role.UNIT_LEAD)
    text = f"@{cfo.user.name} is this right? @{outsider.user.email}"
    assert say(web, story, Role.EA, text=text).status_code == 302
    ea = web.org.person(Role.EA).user.name
    assert told(web) == {
        ("story.mentioned", cfo.membership.id): f"{ea} mentioned you at {story.ref} Claims triage",
        ("story.commented", author.membership.id): f"{ea} commented on {story.ref} Claims triage",
    }
    page = web.org.client(Role.CFO).get(url(web, "discussion", story)).content.decode()
    assert "is this right?" in page


def test_markup_is_shown_as_text(web, story):
    say(web, story, Role.EA, text="<script>alert(1)</script>")
    page = web.org.client(Role.EA).get(url(web, "discussion", story)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("text", ["", "   ", "x" * 8_001])
def test_a_comment_that_cannot_be_is_refused(web, story, text):
    assert say(web, story, Role.EA, text=text).status_code == 422
    with web.org.scope():
        assert Comment.objects.count() == 0


def test_only_its_author_takes_a_comment_back(web, story):
    say(web, story, Role.EA, text="A slip")
    with web.org.scope():
        row = Comment.objects.get()
    remove = url(web, "discussion_remove", story)
    assert web.org.client(Role.CFO).post(remove, {"comment": row.id}).status_code == 403
    ea = web.org.client(Role.EA)
    assert ea.post(remove, {"comment": row.id}).status_code == 302
    assert ea.post(remove, {"comment": row.id}).status_code == 404
    page = ea.get(url(web, "discussion", story)).content.decode()
    assert "A slip" not in page
    assert "Taken back." in page
    with web.org.scope():
        assert Comment.objects.get().text == ""


def attach(web, story, name, data, role=Role.EA):
    file = SimpleUploadedFile(name, data, content_type="text/html")
    return web.org.client(role).post(url(web, "discussion", story), {"do": "file", "file": file})


def test_a_file_comes_back_as_a_download_that_runs_nothing(web, story):
    for _ in range(2):
        assert attach(web, story, "plan.pdf", PDF).status_code == 302
    with web.org.scope():
        kept = Attachment.objects.get()
        assert TrailEvent.objects.filter(action="discussion.file_attached").count() == 1
    assert kept.sha256 == hashlib.sha256(PDF).hexdigest()
    answer = web.org.client(Role.CFO).get(url(web, "file", story, kept.id))
    assert answer.content == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("name", "data"), [("plan.pdf", b"<html>"), ("x.svg", b"<svg/>")])
def test_a_file_that_is_not_what_it_says_is_refused(web, story, name, data):
    answer = attach(web, story, name, data)
    assert answer.status_code == 422
    with web.org.scope():
        assert (Attachment.objects.count(), AttachmentContent.objects.count()) == (0, 0)


def test_removing_a_file_erases_its_bytes(web, story):
    attach(web, story, "plan.pdf", PDF)
    with web.org.scope():
        kept = Attachment.objects.get()
    remove = url(web, "discussion_remove", story)
    assert web.org.client(Role.CFO).post(remove, {"file": kept.id}).status_code == 403
    assert web.author.post(remove, {"file": kept.id}).status_code == 302
    assert web.org.client(Role.EA).get(url(web, "file", story, kept.id)).status_code == 404
    with web.org.scope():
        assert AttachmentContent.objects.count() == 0
        assert Attachment.objects.get().removed_at is not None


def test_a_work_item_is_linked_once(web, story):
    link = {"do": "item", "url": "https://github.com/acme/claims/issues/12"}
    client = web.org.client(Role.EA)
    for _ in range(2):
        assert client.post(url(web, "discussion", story), link).status_code == 302
    page = client.get(url(web, "discussion", story)).content.decode()
    assert "acme/claims#12" in page
    assert 'rel="noopener noreferrer nofollow"' in page
    bad = client.post(url(web, "discussion", story), {**link, "url": "javascript:alert(1)"})
    assert bad.status_code == 422
    with web.org.scope():
        item = WorkItem.objects.get()
    client.post(url(web, "discussion_remove", story), {"item": item.id})
    assert client.post(url(web, "discussion", story), link).status_code == 302
    with web.org.scope():
        assert WorkItem.objects.filter(removed_at__isnull=True).count() == 1


def test_a_viewer_reads_and_says_nothing(web, story):
    say(web, story, Role.EA, text="Hello")
    viewer = web.org.client(Role.VIEWER)
    page = viewer.get(url(web, "discussion", story)).content.decode()
    assert "Hello" in page
    assert "Write a comment" not in page
    assert say(web, story, Role.VIEWER, text="Me too").status_code == 403
    with web.org.scope():
        assert Comment.objects.count() == 1
