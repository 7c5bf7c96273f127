"""Two approvers, an editor and a withdrawer on the same stories in the same moment: one winner
each time, no lost edit, no decision on a revision that nobody asks about any more.
"""

import threading
from collections import Counter
from time import perf_counter

import pytest
from django.db import connection

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalDecision, ApprovalRequest
from apps.budgets.models import Budget
from apps.common.errors import Conflict
from apps.stories import services
from apps.stories.models import StoryDraft, StoryRevision
from apps.stories.selectors.stories import story_by_id
from apps.tenancy.scope import tenant_scope
from tests.factories.stories import make_prices, make_submitted
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

STORIES = 16
NAMES = ("cfo", "cio", "editor", "withdrawer")
"""In a quarter of the stories each acts at once while the others look first: every end is seen."""
LOOKS = 6


def look(story_id):
    """Read the story as somebody does before acting: a head start for who does not."""
    for _ in range(LOOKS):
        story_by_id(story_id)


def check(request_id, story_id, won):
    """How one story ended: one act was done, and only that act left traces."""
    assert len(won) == 1, won
    first = ApprovalRequest.objects.get(id=request_id)
    story = story_by_id(story_id)
    answers = list(ApprovalDecision.objects.filter(request_id=request_id))
    assert first.version == 2
    if first.status == "approved":
        assert won < {"cfo", "cio"}
        assert (story.status, story.revision_number) == ("approved", 1)
        assert [d.revision_id for d in answers] == [story.approved_revision_id]
        assert Budget.objects.filter(story_id=story.id, status="active").count() == 1
        return "approved"
    assert answers == []
    assert not Budget.objects.filter(story_id=story.id).exists()
    if first.status == "voided":
        assert won == {"editor"}
        newest = StoryRevision.objects.get(id=story.current_revision_id)
        assert (newest.number, story.status) == (2, "submitted")
        return "resubmitted"
    assert won == {"withdrawer"}
    assert (story.status, story.revision_number) == ("withdrawn", 1)
    assert not StoryDraft.objects.filter(story_id=story.id).exists()
    return first.status


def test_approvers_editors_and_withdrawers(transactional_db):
    side = World().a
    lead, second = side.person(Role.UNIT_LEAD), side.person(Role.TOKENOPS_LEAD)
    cfo, cio = side.actor(Role.CFO), side.actor(Role.CIO)
    with side.scope():
        make_prices()
        stories = [make_submitted(lead.actor, side.units["platform"].id) for _ in range(STORIES)]
        requests = [ApprovalRequest.objects.get(id=s.request_id) for s in stories]
    gate = threading.Barrier(len(NAMES))
    outcomes = {name: [] for name in NAMES}

    def worker(name, attempt):
        for index in range(STORIES):
            gate.wait(60)
            try:
                with tenant_scope(side.id):
                    if NAMES[index % len(NAMES)] != name:
                        look(stories[index].id)
                    attempt(index)
                outcomes[name].append("done")
            except Conflict as error:
                outcomes[name].append(error.code)
            except Exception as error:
                outcomes[name].append(repr(error))
        connection.close()

    def decide(actor):
        return lambda n: approvals.decide(
            actor=actor, request_id=requests[n].id, version=1, decision="approve"
        )

    def edit(n):
        story = services.amend(actor=lead.actor, story_id=stories[n].id, version=stories[n].version)
        services.submit(actor=second.actor, story_id=story.id, version=story.version)

    def withdraw(n):
        services.withdraw(actor=lead.actor, story_id=stories[n].id, version=stories[n].version)

    start = perf_counter()
    threads = [
        threading.Thread(target=worker, args=args)
        for args in (
            ("cfo", decide(cfo)),
            ("cio", decide(cio)),
            ("editor", edit),
            ("withdrawer", withdraw),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    elapsed = perf_counter() - start
    with side.scope():
        ends = Counter(
            check(requests[n].id, stories[n].id, {w for w in outcomes if outcomes[w][n] == "done"})
            for n in range(STORIES)
        )
    told = Counter(code for codes in outcomes.values() for code in codes)
    assert sum(ends.values()) == STORIES
    assert set(told) <= {
        "done",
        "stale_version",
        "request_closed",
        "illegal_transition",
        "stale_revision",
    }, told
    print(f"\n{STORIES} stories: {dict(ends)}; answers {dict(told)}; {elapsed:.1f} s")
