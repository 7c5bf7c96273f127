"""Every (state, act) cell against the database: legal ones move the story, all others are a
Conflict that writes nothing."""

from types import SimpleNamespace

import pytest

from apps.approvals.enums import Decision, RequestStatus
from apps.approvals.subjects import Outcome
from apps.common.errors import Conflict
from apps.outbox.models import OutboxMessage
from apps.stories import rules, services
from apps.stories.enums import Act, StoryStatus
from apps.stories.models import StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.stories import has_draft, story_by_id
from apps.stories.services.subject import StorySubject
from apps.stories.services.supersede import end_replaced
from apps.trail.models import TrailEvent
from tests.factories.stories import make_plan

pytestmark = pytest.mark.django_db

S = StoryStatus
DECISIONS = {
    Act.START_REVIEW: Outcome(RequestStatus.PENDING, final=False, decision=Decision.APPROVE),
    Act.REJECT: Outcome(RequestStatus.REJECTED, final=True, decision=Decision.REJECT, note="No."),
    Act.REQUEST_CHANGES: Outcome(
        RequestStatus.CHANGES_REQUESTED, final=True, decision=Decision.REQUEST_CHANGES, note="Less."
    ),
}
STEPS = (services.start_delivery, services.go_live, services.true_up)


def in_state(desk, status, *, draft):
    """A story brought to a state by the services, with or without an amendment being written."""
    if status is S.DRAFT:
        story = desk.draft()
    elif status in (S.SUBMITTED, S.IN_REVIEW):
        story = desk.submitted()
        if status is S.IN_REVIEW:
            review(desk, story)
    elif status is S.CHANGES_REQUESTED:
        story = desk.decide(desk.submitted(), "request_changes")
    elif status is S.REJECTED:
        story = desk.decide(desk.submitted(), "reject")
    elif status is S.WITHDRAWN:
        story = services.withdraw(actor=desk.author, story_id=desk.submitted().id)
    else:
        story = desk.approved()
        path = [S.IN_DELIVERY, S.LIVE, S.TRUED_UP]
        for step, reached in zip(STEPS, path, strict=True):
            if status in path and path.index(status) >= path.index(reached):
                step(actor=desk.author, story_id=story.id)
        if status is S.CLOSED:
            services.close(actor=desk.author, story_id=story.id)
        if status is S.SUPERSEDED:
            replace(actor=desk.approver, story_id=story.id)
    if draft and not has_draft(story.id) and status not in rules.FINISHED:
        desk.amended(story_by_id(story.id))
    story = story_by_id(story.id)
    assert story.state is status
    return story


def review(desk, story):
    StorySubject().on_decided(
        actor=desk.approver, request=request_of(story), outcome=DECISIONS[Act.START_REVIEW]
    )


def request_of(story):
    return SimpleNamespace(
        id=story.request_id,
        subject_id=story.id,
        revision_id=story.current_revision_id,
        closed_note="",
    )


def do(desk, story, act):
    """The act, by a person or by the approval engine."""
    person = {"actor": desk.author, "story_id": story.id}
    if act is Act.SAVE:
        return services.save_draft(
            **person, version=story.version, plan=make_plan(desk.unit_id, title="Changed")
        )
    if act is Act.SUBMIT:
        return services.submit(**person, version=story.version)
    if act in DECISIONS:
        return StorySubject().on_decided(
            actor=desk.approver, request=request_of(story), outcome=DECISIONS[act]
        )
    if act is Act.APPROVE:
        if story.request_id is not None and story.state in rules.WAITING:
            return desk.decide(story, "approve")
        outcome = Outcome(
            RequestStatus.APPROVED, final=True, decision=Decision.APPROVE, approved_nanos=1
        )
        return StorySubject().on_decided(
            actor=desk.approver, request=request_of(story), outcome=outcome
        )
    function = {
        Act.WITHDRAW: services.withdraw,
        Act.AMEND: services.amend,
        Act.DISCARD: services.discard,
        Act.START_DELIVERY: services.start_delivery,
        Act.GO_LIVE: services.go_live,
        Act.TRUE_UP: services.true_up,
        Act.CLOSE: services.close,
        Act.SUPERSEDE: replace,
    }[act]
    return function(**person)


def replace(*, actor, story_id):
    """What the approval of a successor does to the story it replaces."""
    successor = SimpleNamespace(ref="TS-9999", replaces_id=story_id)
    if end_replaced(actor=actor, successor=successor) is None:
        raise Conflict("It is over already.")


def everything(story):
    """All that an act could have written."""
    return (
        TokenStory.objects.filter(id=story.id).values().get(),
        list(StoryDraft.objects.filter(story_id=story.id).values()),
        StoryRevision.objects.count(),
        TrailEvent.objects.count(),
        OutboxMessage.objects.count(),
    )


@pytest.mark.parametrize("draft", [False, True], ids=["no-draft", "draft"])
@pytest.mark.parametrize("status", list(StoryStatus))
def test_every_act_in_a_state(desk, status, draft):
    from django.db import transaction

    story = in_state(desk, status, draft=draft)
    present = has_draft(story.id)
    for act in Act:
        target = rules.next_status(status, act, resume=story.resume, has_draft=present)
        before = everything(story)
        point = transaction.savepoint()
        if target is None:
            with pytest.raises(Conflict), transaction.atomic():
                do(desk, story, act)
            assert everything(story) == before, f"{act} in {status} wrote something"
        else:
            do(desk, story, act)
            after = story_by_id(story.id)
            assert after.state is target, f"{act} in {status}"
            same = act is Act.START_REVIEW and status is S.IN_REVIEW
            assert after.version == story.version + (0 if same else 1)
        transaction.savepoint_rollback(point)


def test_a_decision_about_an_older_revision_is_refused(desk):
    story = desk.submitted()
    stale = request_of(story)
    services.amend(actor=desk.author, story_id=story.id)
    again = story_by_id(story.id)
    services.submit(actor=desk.author, story_id=story.id, version=again.version)
    before = everything(story)
    with pytest.raises(Conflict):
        StorySubject().on_decided(actor=desk.approver, request=stale, outcome=DECISIONS[Act.REJECT])
    assert everything(story) == before
