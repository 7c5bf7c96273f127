"""Many looks at the same budgets at once: each threshold is told exactly once."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from apps.access.roles import Role
from apps.budgets import services
from apps.budgets.models import BudgetCrossing
from apps.ledger.schema import UsageIn
from apps.ledger.services.ingest import ingest
from apps.notifications.models import Notification
from apps.outbox.models import OutboxMessage
from apps.tenancy.scope import tenant_scope
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import SOURCE, spend
from tests.world import World

NOW = datetime(2026, 11, 6, 9, tzinfo=UTC)
UNIT = 10**9
BUDGETS, THREADS = 3, 4


@pytest.fixture
def side(transactional_db):
    a = World().a
    for role in (Role.CFO, Role.TOKENOPS_LEAD):
        a.person(role)
    a.person(Role.UNIT_LEAD, "core")
    with time_machine.travel(NOW, tick=False):
        with a.scope():
            capability = make_capability("Claims", unit_id=a.units["core"].id)
            for n in range(BUDGETS):
                make_budget(
                    f"Claims {n}",
                    scope="capability",
                    capability_id=capability.id,
                    amount_nanos=1_000 * UNIT,
                    owner_membership_id=a.person(Role.CFO).membership.id,
                )
        yield a


def together(count, work):
    """Run `work(index)` in threads that start at once; their results."""
    barrier = threading.Barrier(count)
    results, problems = [None] * count, []

    def run(index):
        barrier.wait()
        try:
            results[index] = work(index)
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return results


def look(side):
    with tenant_scope(side.id):
        return services.watch().crossed


def counted():
    return (
        BudgetCrossing.objects.count(),
        TrailEvent.objects.filter(action="budget.threshold_crossed").count(),
        OutboxMessage.objects.filter(topic="budget.crossed").count(),
        Notification.objects.filter(kind="budget.threshold").count(),
    )


def test_looks_at_once_tell_each_threshold_once(side):
    with side.scope():
        spend(date(2026, 11, 2), 850 * UNIT, capability="claims")
    told = together(THREADS, lambda index: look(side))
    assert sum(told) == 2 * BUDGETS
    with side.scope():
        assert counted() == (2 * BUDGETS, 2 * BUDGETS, 2 * BUDGETS, 3 * BUDGETS)


def test_a_limit_raised_at_once_arms_once_and_is_told_once_again(side):
    with side.scope():
        spend(date(2026, 11, 2), 850 * UNIT, capability="claims")
        services.watch()
        for budget_id in BudgetCrossing.objects.values_list("budget_id", flat=True).distinct():
            services.grant_budget(
                actor=side.actor(Role.CFO),
                budget_id=budget_id,
                version=1,
                on=NOW.date(),
                amount_nanos=250 * UNIT,
                note="Agreed.",
            )
    assert sum(together(THREADS, lambda index: look(side))) == 0
    with side.scope():
        assert BudgetCrossing.objects.filter(is_armed=True, percent=80).count() == BUDGETS
        spend(date(2026, 11, 3), 200 * UNIT, capability="claims")
    assert sum(together(THREADS, lambda index: look(side))) == BUDGETS
    with side.scope():
        assert set(BudgetCrossing.objects.values_list("percent", "raised")) == {(50, 1), (80, 2)}
        assert counted() == (2 * BUDGETS, 3 * BUDGETS, 3 * BUDGETS, 6 * BUDGETS)


def test_looks_while_use_is_restated_up_and_down_tell_nobody_twice(side):
    def work(index):
        if index:
            return [look(side) for _ in range(4)]
        for n, units in enumerate((850, 100, 850, 100, 850)):
            version = UsageIn(
                occurred_at=datetime(2026, 11, 2, 12, tzinfo=UTC),
                observed_at=NOW.replace(minute=n),
                provider="openai",
                model="gpt-4.1",
                event_id="restated",
                input_uncached=100,
                cost=Decimal(units),
                cost_basis="provider_reported",
                capability="claims",
            )
            with tenant_scope(side.id):
                ingest(organization_id=side.id, source_id=SOURCE, batch=[version])
        return []

    together(THREADS, work)
    look(side)
    with side.scope():
        assert counted()[:3] == (2 * BUDGETS, 2 * BUDGETS, 2 * BUDGETS)
        assert set(BudgetCrossing.objects.values_list("percent", "raised")) == {(50, 1), (80, 1)}
