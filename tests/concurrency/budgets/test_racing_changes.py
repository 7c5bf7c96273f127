"""Changes of one budget from many threads: one winner per version, no amount lost or doubled."""

import threading
from datetime import date

import pytest
from django.db import connection

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.budgets import services
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.periods import period_on
from apps.budgets.selectors import limit_for
from apps.common.errors import Conflict
from apps.common.ids import uuid7
from apps.tenancy.scope import tenant_scope
from tests.factories.budgets import make_approved_request, make_budget
from tests.world import World

THREADS = 4
DAY = date(2026, 11, 5)


@pytest.fixture
def side(transactional_db):
    world = World()
    world.a.person(Role.CFO)
    return world.a


def race(work):
    barrier = threading.Barrier(THREADS)
    results, problems = [None] * THREADS, []

    def run(index):
        barrier.wait()
        try:
            results[index] = work(index)
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return results


def test_grants_that_insist_all_count_exactly_once(side):
    with side.scope():
        budget = make_budget(amount_nanos=1_000)

    def insist(index):
        conflicts = 0
        for _ in range(10):
            while True:
                try:
                    with tenant_scope(side.id):
                        version = Budget.objects.get(id=budget.id).version
                        services.grant_budget(
                            actor=system_actor("tests"),
                            budget_id=budget.id,
                            version=version,
                            on=DAY,
                            amount_nanos=7,
                            note="Race.",
                        )
                    break
                except Conflict:
                    conflicts += 1
        return conflicts

    race(insist)
    with side.scope():
        budget.refresh_from_db()
        assert budget.version == 1 + THREADS * 10
        assert limit_for(budget, period_on(budget.plan, DAY), DAY).nanos == 1_000 + 7 * 40


def test_one_revision_wins_per_version(side):
    with side.scope():
        budget = make_budget(amount_nanos=1_000)

    def revise(index):
        try:
            with tenant_scope(side.id):
                services.revise_budget(
                    actor=system_actor("tests"),
                    budget_id=budget.id,
                    version=1,
                    effective_on=DAY,
                    amount_nanos=index,
                    amount_tokens=None,
                    note="Race.",
                )
        except Conflict as error:
            return error.code
        return index

    results = race(revise)
    (winner,) = [r for r in results if isinstance(r, int)]
    assert results.count("stale_version") == THREADS - 1
    with side.scope():
        assert limit_for(budget, period_on(budget.plan, DAY), DAY).nanos == winner
        assert BudgetEntry.objects.count() == 2


def test_an_approved_request_opens_one_budget_however_often_it_is_delivered(side):
    with side.scope():
        request = make_approved_request(side.actor(Role.CFO))
        unit_id = side.units["core"].id
    story_id = uuid7()

    def deliver(index):
        for _ in range(20):
            try:
                with tenant_scope(side.id):
                    return services.open_budget(
                        actor=system_actor("tests"),
                        name="Claims triage",
                        unit_id=unit_id,
                        capability_id=None,
                        story_id=story_id,
                        monthly_cap_nanos=1_000,
                        currency="USD",
                        starts_on=DAY,
                        source_request_id=request.id,
                    ).id
            except Conflict:
                continue
        raise AssertionError("never opened")

    assert len(set(race(deliver))) == 1
    with side.scope():
        assert Budget.objects.count() == 1
        assert BudgetEntry.objects.count() == 1


def test_money_moved_from_many_threads_is_neither_lost_nor_made(side):
    with side.scope():
        source, target = make_budget(amount_nanos=100), make_budget(amount_nanos=0)

    def move(index):
        moved = 0
        for _ in range(15):
            try:
                with tenant_scope(side.id):
                    version = Budget.objects.get(id=source.id).version
                    services.move_budget(
                        actor=system_actor("tests"),
                        from_id=source.id,
                        from_version=version,
                        to_id=target.id,
                        on=DAY,
                        amount_nanos=9,
                        note="Race.",
                    )
                moved += 1
            except Conflict:
                continue
            except Exception as error:
                assert "less than that" in str(error)
                break
        return moved

    moved = sum(race(move))
    with side.scope():
        left, gained = (limit_for(b, period_on(b.plan, DAY), DAY).nanos for b in (source, target))
    assert (left, gained) == (100 - 9 * moved, 9 * moved)
    assert left >= 0
    assert moved <= 11
