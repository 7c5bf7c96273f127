"""Real threads on real transactions: one winner, no lost edit, one number each."""

import threading

import pytest
from django.db import connection

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.budgets.models import Budget
from apps.common.errors import Conflict, DomainError
from apps.stories import services
from apps.stories.models import StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.stories import story_by_id
from apps.tenancy.scope import tenant_scope
from tests.factories.stories import make_plan, make_prices, make_story, make_submitted
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 4


def race(organization_id, jobs):
    """Run every job in its own thread and transaction; results or the refusals, in order."""
    answers = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def work(index, job):
        try:
            gate.wait(20)
            with tenant_scope(organization_id):
                answers[index] = job()
        except DomainError as error:
            answers[index] = error
        except Exception as error:
            answers[index] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.fixture
def org(transactional_db):
    found = World().a
    with found.scope():
        make_prices()
    return found


def test_numbers_are_never_given_twice(org):
    author, unit_id = org.actor(Role.UNIT_LEAD), org.units["platform"].id
    jobs = [lambda: make_story(author, unit_id).number for _ in range(THREADS * 3)]
    answers = race(org.id, jobs)
    assert sorted(answers) == list(range(1, THREADS * 3 + 1))


def test_one_of_many_edits_wins_and_none_is_lost(org):
    author, unit_id = org.actor(Role.UNIT_LEAD), org.units["platform"].id
    with org.scope():
        story = make_story(author, unit_id)

    def edit(title):
        return lambda: (
            services.save_draft(
                actor=author, story_id=story.id, version=1, plan=make_plan(unit_id, title=title)
            ).title
        )

    answers = race(org.id, [edit(f"Edit {n}") for n in range(THREADS)])
    won = [a for a in answers if isinstance(a, str)]
    assert len(won) == 1, answers
    assert sum(isinstance(a, Conflict) for a in answers) == THREADS - 1
    with org.scope():
        assert StoryDraft.objects.get().title == story_by_id(story.id).title == won[0]
        assert story_by_id(story.id).version == 2


def test_one_of_many_submissions_wins(org):
    author, unit_id = org.actor(Role.UNIT_LEAD), org.units["platform"].id
    with org.scope():
        story = make_story(author, unit_id)
    jobs = [
        lambda: services.submit(actor=author, story_id=story.id, version=1).status
        for _ in range(THREADS)
    ]
    answers = race(org.id, jobs)
    assert answers.count("submitted") == 1, answers
    assert sum(isinstance(a, Conflict) for a in answers) == THREADS - 1
    with org.scope():
        assert StoryRevision.objects.count() == ApprovalRequest.objects.count() == 1


def test_a_story_is_replaced_once_while_its_amendment_is_decided(org):
    """The successor's approval against a decision about the replaced story's amendment."""
    author, unit_id = org.actor(Role.UNIT_LEAD), org.units["platform"].id
    cfo, cio = org.actor(Role.CFO), org.actor(Role.CIO)

    def approve(actor, request_id):
        return lambda: (
            approvals.decide(
                actor=actor, request_id=request_id, version=1, decision="approve"
            ).request.status
        )

    for _ in range(4):
        with org.scope():
            old = make_submitted(author, unit_id)
            approve(cfo, old.request_id)()
            old = services.amend(actor=author, story_id=old.id)
            plan = make_plan(unit_id, cap_nanos=8_000_000_000_000, capability_id=old.capability_id)
            old = services.save_draft(actor=author, story_id=old.id, version=old.version, plan=plan)
            old = services.submit(actor=author, story_id=old.id, version=old.version)
            new = services.supersede(actor=author, story_id=old.id)
            new = services.submit(actor=author, story_id=new.id, version=new.version)
        answers = race(org.id, [approve(cfo, new.request_id), approve(cio, old.request_id)])
        assert answers[0] == "approved", answers
        assert answers[1] == "approved" or isinstance(answers[1], Conflict), answers
        with org.scope():
            ended = story_by_id(old.id)
            assert (ended.status, story_by_id(new.id).status) == ("superseded", "approved")
            states = Budget.objects.filter(story_id__in=[old.id, new.id])
            assert dict(states.values_list("story_id", "status")) == {
                old.id: "closed",
                new.id: "active",
            }
            amended = ApprovalRequest.objects.get(id=old.request_id)
            assert amended.status == ("approved" if answers[1] == "approved" else "voided")


def test_racing_approvers_withdrawers_and_editors_leave_one_winner(org):
    author, unit_id = org.actor(Role.UNIT_LEAD), org.units["platform"].id
    approvers = [org.actor(role) for role in (Role.CFO, Role.CIO, Role.CTO)]
    rounds = 10
    with org.scope():
        stories = [make_submitted(author, unit_id) for _ in range(rounds)]
    for story in stories:

        def decide(actor, story=story):
            return lambda: (
                approvals.decide(
                    actor=actor, request_id=story.request_id, version=1, decision="approve"
                ).request.status
            )

        def withdraw(story=story):
            return services.withdraw(actor=author, story_id=story.id, version=2).status

        answers = race(org.id, [*(decide(a) for a in approvers), withdraw])
        won = [a for a in answers if isinstance(a, str)]
        assert len(won) == 1, answers
        assert all(isinstance(a, Conflict) for a in answers if not isinstance(a, str)), answers
        with org.scope():
            after = story_by_id(story.id)
            assert after.status == won[0]
            assert Budget.objects.filter(story_id=story.id).count() == (won[0] == "approved")
    with org.scope():
        assert TokenStory.objects.filter(version=3).count() == rounds
