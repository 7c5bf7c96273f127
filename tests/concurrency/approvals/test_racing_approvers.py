"""Four people press the button on a hundred requests in the same moment: a hundred decisions."""

import threading
from collections import Counter
from time import perf_counter

import pytest
from django.db import connection

from apps.access.roles import Role
from apps.approvals import services
from apps.approvals.models import ApprovalDecision, ApprovalRequest
from apps.common.errors import Conflict
from apps.outbox.models import OutboxMessage
from apps.tenancy.scope import tenant_scope
from apps.trail.models import TrailEvent
from tests.factories.approvals import make_request, probe
from tests.world import World

REQUESTS = 100
RACERS = (Role.CFO, Role.CIO, Role.CTO, Role.TOKENOPS_LEAD)


@pytest.fixture
def side(transactional_db):
    world = World()
    for role in RACERS:
        world.a.person(role)
    probe.calls.clear()
    probe.failing = False
    return world.a


def race(workers):
    """Run the functions in threads that start together; what each returned, in order."""
    barrier = threading.Barrier(len(workers))
    results = [None] * len(workers)
    problems = []

    def run(index, work):
        barrier.wait()
        try:
            results[index] = work()
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(index, work)) for index, work in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return results


def answer(organization_id, actor, request_id, decision="approve"):
    """One answer in a transaction of its own: `done`, or the code of the Conflict."""
    try:
        with tenant_scope(organization_id):
            services.decide(
                actor=actor, request_id=request_id, version=1, decision=decision, note="Race."
            )
    except Conflict as error:
        return error.code
    return "done"


def test_four_approvers_on_a_hundred_requests(side):
    with side.scope():
        ids = [make_request().id for _ in range(REQUESTS)]
    actors = [side.actor(role) for role in RACERS]

    def approver(actor):
        return lambda: Counter(answer(side.id, actor, request_id) for request_id in ids)

    start = perf_counter()
    answers = sum(race([approver(actor) for actor in actors]), Counter())
    elapsed = perf_counter() - start
    with side.scope():
        assert ApprovalDecision.objects.count() == REQUESTS
        assert ApprovalRequest.objects.filter(status="approved", version=2).count() == REQUESTS
        assert TrailEvent.objects.filter(action="approval.decided").count() == REQUESTS
        assert OutboxMessage.objects.filter(topic="approval.decided").count() == REQUESTS
        deciders = Counter(ApprovalDecision.objects.values_list("role", flat=True))
    assert answers.pop("done") == REQUESTS
    assert sum(answers.values()) == REQUESTS * (len(RACERS) - 1)
    assert set(answers) <= {"stale_version", "request_closed"}
    decided = [call for call in probe.calls if call[0] == "decided"]
    assert len({call[1] for call in decided}) == REQUESTS
    print(f"\n{REQUESTS} decisions, {sum(answers.values())} conflicts {dict(answers)}")
    print(f"winners {dict(deciders)}, {elapsed:.1f} s")


def test_approver_against_withdrawal_and_new_revision(side):
    """One winner each time, whatever the acts are."""
    rounds = 20
    with side.scope():
        asked = [
            make_request(requester_id=side.person(Role.OWNER).membership.id) for _ in range(rounds)
        ]
    cfo, owner = side.actor(Role.CFO), side.actor(Role.OWNER)

    def decides():
        return [answer(side.id, cfo, r.id, "reject") for r in asked]

    def withdraws():
        found = []
        for r in asked:
            try:
                with tenant_scope(side.id):
                    services.withdraw(actor=owner, request_id=r.id, version=1)
                found.append("done")
            except Conflict as error:
                found.append(error.code)
        return found

    def resubmits():
        found = []
        for r in asked:
            try:
                with tenant_scope(side.id):
                    make_request(subject_id=r.subject_id, revision_number=2)
                found.append("done")
            except Conflict as error:
                found.append(error.code)
        return found

    first, second, third = race([decides, withdraws, resubmits])
    with side.scope():
        statuses = dict(
            ApprovalRequest.objects.filter(id__in=[r.id for r in asked]).values_list("id", "status")
        )
        versions = set(
            ApprovalRequest.objects.filter(id__in=[r.id for r in asked]).values_list(
                "version", flat=True
            )
        )
        decisions = set(ApprovalDecision.objects.values_list("request_id", flat=True))
    assert versions == {2}
    for r, decided, withdrawn, resubmitted in zip(asked, first, second, third, strict=True):
        expected = {
            "rejected": ("done", False),
            "withdrawn": (False, "done"),
            "voided": (False, False),
        }[statuses[r.id]]
        assert (decided == "done") is (expected[0] == "done")
        assert (withdrawn == "done") is (expected[1] == "done")
        assert (r.id in decisions) is (statuses[r.id] == "rejected")
        if statuses[r.id] == "voided":
            assert resubmitted == "done"


def test_parallel_approvers_of_one_step_count_every_answer_once(side):
    """All four must agree. Each repeats on the version it then sees until its answer counts."""
    from apps.access.actors import system_actor

    with side.scope():
        policy = services.ensure_default_policy()
        services.change_policy(
            actor=system_actor("tests"),
            policy_id=policy.id,
            version=1,
            document={
                "steps": [{"name": "Board", "roles": [r.value for r in RACERS], "mode": "all"}]
            },
            note="Everybody.",
        )
        ids = [make_request().id for _ in range(10)]

    def insists(actor):
        def work():
            conflicts = 0
            for request_id in ids:
                while True:
                    with tenant_scope(side.id):
                        version = ApprovalRequest.objects.get(id=request_id).version
                    try:
                        with tenant_scope(side.id):
                            services.decide(
                                actor=actor,
                                request_id=request_id,
                                version=version,
                                decision="approve",
                            )
                        break
                    except Conflict as error:
                        assert error.code == "stale_version"
                        conflicts += 1
            return conflicts

        return work

    race([insists(side.actor(role)) for role in RACERS])
    with side.scope():
        assert ApprovalDecision.objects.count() == len(ids) * len(RACERS)
        assert ApprovalRequest.objects.filter(status="approved", version=5).count() == len(ids)
